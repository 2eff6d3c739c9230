"""What dpkg is told about the package, and the wheels that pip is held to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Final

NAME: Final = "gatehouse-gate"
DESCRIPTION: Final = """\
access control for residential estates: a gate
 Decides at the gate, by its own signed permission list, whether a card opens it.
 Brings everything but Python along and installs without a network. Nothing is
 started before "gatehouse-provision apply" has configured it."""
# What is on every image of Raspberry Pi OS and Debian with systemd: it must install without a network.
ALWAYS_THERE: Final = ("systemd (>= 252)", "tzdata")
# Readers behind pcscd need the first two; each is of use only with a network or a mirror.
RECOMMENDED: Final = ("pcscd", "libccid", "polkitd", "systemd-timesyncd | time-daemon")


class WheelError(ValueError):
    """The wheels do not make a package."""


def control(version: str, architecture: str, minors: Iterable[int], size_kib: int) -> str:
    """The control file. ``minors``: of the Pythons (3.x) there are wheels for."""
    depends = ", ".join([*python_range(minors), *ALWAYS_THERE])
    return f"""\
Package: {NAME}
Version: {version}
Architecture: {architecture}
Maintainer: The Gatehouse authors <gatehouse@localhost>
Section: admin
Priority: optional
Installed-Size: {size_kib}
Depends: {depends}
Recommends: {", ".join(RECOMMENDED)}
Description: {DESCRIPTION}
"""


def python_range(minors: Iterable[int]) -> list[str]:
    """Debian's ``python3`` in exactly these versions, as conditions that must all hold."""
    ordered = sorted(minors)
    if not ordered:
        raise WheelError("there are no wheels for any Python: run scripts/package, it builds them")
    gaps = [
        f"python3 (<< 3.{low + 1}) | python3 (>= 3.{high}~)"
        for low, high in pairwise(ordered)
        if high > low + 1
    ]
    return [f"python3 (>= 3.{ordered[0]}~)", *gaps, f"python3 (<< 3.{ordered[-1] + 1})"]


def minors_of(wheels: Iterable[Path]) -> set[int]:
    """Pythons that have a wheel of their own of anything."""
    found = (re.search(r"-cp3(\d+)-cp3\1-", one.name) for one in wheels)
    return {int(one[1]) for one in found if one is not None}


def wheel_lock(wheels: Iterable[Path]) -> str:
    """A requirements file with the hash of each wheel; pip itself is only run, never installed.

    Raises:
        WheelError: one distribution is there in two versions.
    """
    versions: dict[str, str] = {}
    hashes: defaultdict[str, set[str]] = defaultdict(set)
    for wheel in wheels:
        name, version, *_ = wheel.name.split("-")
        if versions.setdefault(name, version) != version:
            raise WheelError(
                f"{name}: wheels of versions {versions[name]} and {version}; empty build/package"
            )
        hashes[name].add(sha256(wheel.read_bytes()).hexdigest())
    return "".join(
        f"{name}=={version}" + "".join(f" --hash=sha256:{one}" for one in sorted(hashes[name])) + "\n"
        for name, version in sorted(versions.items())
        if name != "pip"
    )
