"""A Raspberry Pi 4 for the real RPi.GPIO: its registers are a file, in a mount namespace of our own.

Whoever is in the namespace (this thread, and the processes it starts) sees the Pi's
``/proc/cpuinfo`` and a ``/dev`` whose ``gpiomem`` is the register file; nobody else does.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from drivers.ports import Pull

CPUINFO: Final = """\
processor\t: 0

Hardware\t: BCM2835
Revision\t: c03111
Serial\t\t: 10000000abcdef01
Model\t\t: Raspberry Pi 4 Model B Rev 1.1
"""
PAGE_BYTES: Final = 4096
_CLONE_NEWNS: Final = 0x00020000  # linux/sched.h
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18  # linux/mount.h
_NODES: Final = ("null", "zero", "full", "random", "urandom", "tty")

# Words of the register page (BCM2711 ARM peripherals, chapter 5).
_FUNCTION, _SET, _CLEAR, _LEVEL, _PULL = 0, 7, 10, 13, 57
_OUTPUT: Final = 1
_PULLS: Final = {0: Pull.NONE, 1: Pull.UP, 2: Pull.DOWN}


class Registers:
    """The register page, and what the silicon behind it would do. Pins are BCM numbers."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()
        os.truncate(file, PAGE_BYTES)
        with file.open("r+b") as opened:
            self._page = mmap.mmap(opened.fileno(), PAGE_BYTES)
        self._latched: dict[int, bool] = {}

    def clear(self) -> None:
        """As after a reset: every pin an input."""
        self._page[:] = bytes(PAGE_BYTES)
        self._latched.clear()

    def close(self) -> None:
        """Let go of the page."""
        self._page.close()

    def output(self, pin: int) -> bool | None:
        """The level the pin drives; None while it is no output."""
        self._latch()
        return self._latched.get(pin) if self.drives(pin) else None

    def drives(self, pin: int) -> bool:
        """Whether the pin is an output, at whichever level."""
        return self._word(_FUNCTION + pin // 10) >> pin % 10 * 3 & 7 == _OUTPUT

    def pull(self, pin: int) -> Pull:
        """The pin's bias."""
        return _PULLS[self._word(_PULL + pin // 16) >> pin % 16 * 2 & 3]

    def put(self, pin: int, level: bool) -> None:
        """Something outside holds the pin high or low."""
        bit = 1 << pin
        word = self._word(_LEVEL)
        self._write(_LEVEL, word | bit if level else word & ~bit)

    def _latch(self) -> None:
        """Take over what was written to the set and clear registers."""
        high, low = self._word(_SET), self._word(_CLEAR)
        assert not high & low, "a pin was set and cleared since the last look: which came last is unknown"
        for pin in range(28):
            if (high | low) >> pin & 1:
                self._latched[pin] = bool(high >> pin & 1)
        self._write(_SET, 0)
        self._write(_CLEAR, 0)

    def _word(self, number: int) -> int:
        return int(struct.unpack_from("<I", self._page, 4 * number)[0])

    def _write(self, number: int, value: int) -> None:
        struct.pack_into("<I", self._page, 4 * number, value)


@contextmanager
def inside_a_pi(registers: Registers, folder: Path) -> Iterator[None]:
    """Be in the namespace; skips where that takes rights this user has not. ``folder`` is for files."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a mount namespace")
    cpuinfo = folder / "cpuinfo"
    cpuinfo.write_text(CPUINFO)
    here, outside = Path.cwd(), os.open("/proc/thread-self/ns/mnt", os.O_RDONLY)
    try:
        _call("unshare", _CLONE_NEWNS)
    except OSError as error:
        os.close(outside)
        pytest.skip(f"no mount namespace to be had here: {error.strerror}")
    try:
        _furnish(registers.file, cpuinfo)
        yield
    finally:
        _call("setns", outside, _CLONE_NEWNS)
        os.close(outside)
        os.chdir(here)  # entering a namespace leaves one at its root


def _furnish(registers: Path, cpuinfo: Path) -> None:
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    _mount(str(cpuinfo), "/proc/cpuinfo", None, _MS_BIND)
    devices = os.open("/dev", os.O_PATH)
    try:
        _mount("tmpfs", "/dev", "tmpfs", 0)
        for name in _NODES:
            Path("/dev", name).touch()
            _mount(f"/proc/self/fd/{devices}/{name}", f"/dev/{name}", None, _MS_BIND)
    finally:
        os.close(devices)
    Path("/dev/gpiomem").touch()
    _mount(str(registers), "/dev/gpiomem", None, _MS_BIND)


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    _call("mount", source.encode(), target.encode(), None if kind is None else kind.encode(), flags, None)


def _call(name: str, *arguments: object) -> None:
    """A call of the C library; Python 3.11 has neither of these."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
