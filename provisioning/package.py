"""The Debian package that an upgrade is given: what it says it is, and its installation by apt."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from provisioning.errors import ProvisioningError
from provisioning.host import Host

NAME: Final = "gatehouse-gate"


class Package(Struct, frozen=True):
    """A package of ours for this machine."""

    path: Path
    version: str


def read_package(path: Path) -> Package:
    """What the file says it is. Apt would install any, with whatever that does as root.

    Raises:
        ProvisioningError: it is no package, another one, or for another kind of processor.
    """
    host = Host()
    told = host.run("dpkg-deb", "--field", str(path), "Package", "Version", "Architecture")
    if not told.ok:
        raise ProvisioningError(f"{path.name}: is no Debian package that can be read: {told.output[-200:]}")
    fields = dict(line.split(": ", 1) for line in told.output.splitlines() if ": " in line)
    name, version = fields.get("Package", "?"), fields.get("Version", "?")
    if name != NAME:
        raise ProvisioningError(
            f"{path.name}: is the package {name}, and a gate's releases come as {NAME}; install others by apt"
        )
    here, made_for = host.must("dpkg", "--print-architecture"), fields.get("Architecture", "?")
    if made_for != here:
        raise ProvisioningError(f"{path.name}: is made for {made_for}, and this machine is {here}")
    return Package(path, version)


def install(package: Package, *, simulate: bool, quiet: bool) -> str:
    """Install it without network; what went wrong, or nothing.

    Also where this version is installed already: its release may have been gone back from, or be gone.
    """
    options = ["--simulate"] if simulate else ["--yes"]
    try:
        done = subprocess.run(  # noqa: S603 - Debian's own program, a path that is there
            ["apt-get", "--quiet", "install", "--reinstall", *options, str(package.path)],  # noqa: S607
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else sys.stderr,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    except OSError as error:
        return f"apt-get: {error.strerror}"
    return "" if done.returncode == 0 else " ".join(done.stderr.split())[-500:]
