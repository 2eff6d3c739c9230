"""The disk: how worn the card says it is, and how long a small durable write takes, as every event is one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from statistics import median
from typing import Final

from provisioning.selftest.gate_process import as_owner
from provisioning.selftest.machine import Machine
from provisioning.selftest.person import SelfTestError
from provisioning.selftest.visit import Visit, failed, passed, skipped
from sync.as_built import Check

WRITES: Final = 16
WRITE_BYTES: Final = 4_096
"""A commit of the usage log is one page of the file system."""
SLOW_MS: Final = 200.0
"""An event is durable within 50 ms; a card that takes four times that for a page is at its end."""
STUCK_MS: Final = 2_000.0
"""One that pauses for so long makes counted cards refuse."""
_LIFE: Final = {0x01: "up to 10 %", 0x0B: "more than its life"}
_SPENT: Final = 0x0A
"""JEDEC eMMC: 0x0A is 90 to 100 % of the expected life."""


def probe(visit: Visit) -> Iterator[Check]:
    """Wear as the card tells it, then writes into the gate's own directory."""
    directory = visit.config.terminal_dir
    yield _wear(visit.machine, directory)
    yield _speed(directory, visit.monotonic)


def _wear(machine: Machine, directory: Path) -> Check:
    card = card_of(machine, directory)
    if card is None:
        return skipped("storage.wear", "the state directory does not lie on a memory card")
    folder = f"sys/block/{card}/device"
    facts = [machine.text(f"{folder}/{name}") for name in ("type", "name", "manfid", "oemid", "date")]
    told = " ".join(one for one in facts if one)
    life = machine.text(f"{folder}/life_time")
    if not life:
        csd = machine.text(f"{folder}/csd")
        known = f"{told}; CSD {csd}" if csd else told
        return passed("storage.wear", f"{known}; this kind of card does not tell its wear")
    try:
        worst = max(int(one, 16) for one in life.split())
    except ValueError:
        return failed("storage.wear", f"{told}: it tells {life[:20]!r}, which is no wear; replace the card")
    used = _LIFE.get(worst, f"{(worst - 1) * 10} to {worst * 10} %")
    if worst >= _SPENT:
        return failed("storage.wear", f"{told}: {used} is used up; replace the card now")
    return passed("storage.wear", f"{told}: {used} of its life is used up")


def card_of(machine: Machine, directory: Path) -> str | None:
    """The memory card that a directory lies on, such as ``mmcblk0``."""
    mounted = machine.mounted_on(directory)
    name = PurePosixPath(mounted[0]).name if mounted else ""
    if mounted and mounted[0] == "/dev/root":
        # The kernel's own name for what it booted from.
        name = next((one for one in machine.names("sys/block") if one.startswith("mmcblk")), "")
    return name.partition("p")[0] if name.startswith("mmcblk") else None


def _speed(directory: Path, monotonic: Callable[[], float]) -> Check:
    try:
        with as_owner(directory):
            took_ms = _write(directory / ".write-test", monotonic)
    except SelfTestError as error:
        return failed("storage.speed", str(error))
    except OSError as error:
        return failed(
            "storage.speed",
            f"{directory} cannot be written ({error.strerror}): look at the card, its files and its mount",
        )
    middle, worst = median(took_ms), max(took_ms)
    told = f"{WRITES} durable writes of {WRITE_BYTES} bytes: {middle:.1f} ms each, {worst:.0f} ms at worst"
    if middle > SLOW_MS or worst > STUCK_MS:
        return failed("storage.speed", f"{told}: too slow; replace the card by an industrial one")
    return passed("storage.speed", told)


def _write(path: Path, monotonic: Callable[[], float]) -> list[float]:
    """How long each write took. A file of our own: what lay there may be a link to anything."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    took_ms = []
    try:
        for number in range(WRITES):
            began = monotonic()
            os.pwrite(handle, number.to_bytes(4, "big") * (WRITE_BYTES // 4), number * WRITE_BYTES)
            os.fsync(handle)
            took_ms.append((monotonic() - began) * 1000)
    finally:
        os.close(handle)
        path.unlink()
    return took_ms
