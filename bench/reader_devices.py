"""A device of each reader kind to play cards on, to pull out and to plug in again.

Hardware is played as far out as this machine allows: pcscd by a scripted daemon in a process of its
own behind the real libpcsclite, serial lines by pseudo-terminals, OSDP by libosdp's peripheral in a
process of its own, Wiegand by timestamped edges, a typing reader by recorded event records.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import reduce
from operator import xor
from pathlib import Path
from random import Random
from typing import Final, Protocol, cast

from bench.wiegand import GAP_NS, NS, SETTINGS, h10301, train
from drivers.feed import Feed
from drivers.ports import DriverUnavailableError, Reader
from drivers.readers import hid_keyboard
from drivers.readers.wiegand import Edge, SimEdges, WiegandReader
from drivers.registry import find_reader
from drivers.virtual_osdp import OsdpBus
from tests.support import keystrokes
from tests.support.fake_pcscd import FakePcscd
from tests.support.keystrokes import TypingDevice
from tests.support.paced_line import PacedLine

Clock = Callable[[], float]

PCSC_READER: Final = "ACS ACR122U PICC Interface"
OSDP_KEY: Final = "8f1c3a5be2d4967780aabb1122cc33dd"
LINE_BAUD: Final = 9600
AT_ONCE_BAUD: Final = 10_000_000
"""No real line: bytes follow each other as fast as they are taken, for loads that only count."""
FAST: Final = 1_000
"""So much faster runs the clock of a Wiegand reader whose cards are only counted: its silences are real."""
ENTER: Final = 28
_DIGITS: Final = {"base": "hex", "width_bytes": 4}


class Device(Protocol):
    """What somebody with cards and a grip on the cable can do."""

    def open(self, clock: Clock) -> Reader:
        """The product's driver on this device; raises ``DriverError`` while it is away."""

    def tap(self, number: int) -> bytes:
        """Play a card of 32 random bits; answers the number that the reader must tell."""

    def complete_at(self) -> float:
        """Monotonic second at which the last card was complete on the wire; asked once it was read."""

    def unplug(self) -> None:
        """Take the device away."""

    def plug(self) -> None:
        """Bring it back, with no card on it."""

    def close(self) -> None:
        """Clear up."""


class PcscDevice:
    """A scripted pcscd with one reader. It is pulled out, or its daemon killed, as is drawn."""

    def __init__(self, directory: Path) -> None:
        self._draw = Random("gatehouse pcscd restarts")
        self._daemon = FakePcscd(directory / "pcscd")
        self._died = False
        self._name_number = 0
        self._plug()

    def open(self, clock: Clock) -> Reader:
        return _open("pcsc", {"reader": PCSC_READER}, clock)

    def tap(self, number: int) -> bytes:
        chip = number.to_bytes(4, "big")
        self._daemon.swap(self._reader, chip)
        return chip

    def complete_at(self) -> float:
        return self._daemon.answered_at()

    def unplug(self) -> None:
        self._died = self._draw.random() < 0.5
        if self._died:
            self._daemon.die()
        else:
            self._daemon.unplug(self._reader)

    def plug(self) -> None:
        if self._died:
            self._daemon.start()
        self._plug()

    def close(self) -> None:
        self._daemon.__exit__()

    def _plug(self) -> None:
        self._name_number += 1  # as with real pcscd: another name after each replug
        self._reader = f"{PCSC_READER} {self._name_number % 16:02X} 00"
        self._daemon.plug(self._reader)


class SerialDevice:
    """A reader on a serial line behind a USB adapter, which keeps its path over a replug."""

    def __init__(self, directory: Path, kind: str, *, paced: bool) -> None:
        self._kind = kind
        self._path = directory / "by-id"
        self._baud = LINE_BAUD if paced else AT_ONCE_BAUD
        self._line = PacedLine(self._baud)
        self._path.symlink_to(self._line.port)

    def open(self, clock: Clock) -> Reader:
        table: dict[str, object] = {"port": str(self._path)}
        if self._kind == "serial_text":
            table["number"] = {"technology": "iso14443a", **_DIGITS}
        return _open(self._kind, table, clock)

    def tap(self, number: int) -> bytes:
        chip = number.to_bytes(4, "big")
        if self._kind == "em4100_serial":
            chip = b"\x0a" + chip
            self._line.send(b"\x02%s%02X\x03" % (chip.hex().upper().encode(), reduce(xor, chip)))
        else:
            self._line.send(chip.hex().encode() + b"\r")
        return chip

    def complete_at(self) -> float:
        return self._line.last_byte_at

    def unplug(self) -> None:
        self._path.unlink()
        self._line.unplug()

    def plug(self) -> None:
        self._line = PacedLine(self._baud)
        self._path.symlink_to(self._line.port)

    def close(self) -> None:
        self._line.unplug()


class KeyboardDevice:
    """A reader that types; its records come over a fifo, evdev's few calls are played."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "event0"
        self._device = TypingDevice(self._path)
        self._complete_at = 0.0
        number = {"technology": "em4100", **_DIGITS}
        table = {"device": str(self._path), "number": number}
        found = find_reader("hid_keyboard").settings(table, where="bench")
        self._settings = cast("hid_keyboard.Settings", found)

    def open(self, clock: Clock) -> Reader:
        if not self._path.exists():
            raise DriverUnavailableError(f"{self._path}: no such device; the bench has pulled it out")
        return self._device.open(self._settings, clock)

    def tap(self, number: int) -> bytes:
        self._device.type(keystrokes.typed(f"{number:08x}"))
        enter = keystrokes.press(ENTER)
        self._complete_at = time.monotonic()
        self._device.type(enter)
        return number.to_bytes(4, "big")

    def complete_at(self) -> float:
        return self._complete_at

    def unplug(self) -> None:
        self._device.unplug()

    def plug(self) -> None:
        self._device = TypingDevice(self._path)

    def close(self) -> None:
        self._device.unplug()


class WiegandDevice:
    """A wire with 26-bit cards. It cannot be pulled out: it would only be silent."""

    def __init__(self, *, fast: bool) -> None:
        self._speed = FAST if fast else 1
        self._source: SimEdges | _Bursts | None = None
        self._ends_ns = 0

    def open(self, clock: Clock) -> Reader:
        self._source = SimEdges(clock) if self._speed == 1 else _Bursts()
        return WiegandReader(SETTINGS, self._clock, self._source)

    def tap(self, number: int) -> bytes:
        number &= 0xFFFFFF
        match self._source:
            case SimEdges() as wire:
                self._ends_ns = wire.send(h10301(number), 26, interval_ns=200_000)
            case _Bursts() as wire:
                now_ns = round(self._clock() * NS)
                first_ns = max(now_ns - 2 * GAP_NS, self._ends_ns + 2 * GAP_NS)
                edges = train(h10301(number), 26, first_ns, 200_000)
                self._ends_ns = edges[-1].at_ns
                wire.bursts.put(tuple(edges))
        return number.to_bytes(3, "big")

    def complete_at(self) -> float:
        """When the silence that ends the frame was over."""
        return (self._ends_ns + GAP_NS) / NS

    def unplug(self) -> None:
        raise DriverUnavailableError("a Wiegand wire cannot be pulled out so that anybody notices")

    def plug(self) -> None:
        """The wire is always there."""

    def close(self) -> None:
        """Nothing is held."""

    def _clock(self) -> float:
        return self._speed * time.monotonic()


class _Bursts:
    """Whole frames at a time: under a fast clock, the first edges of a torn one would look finished."""

    def __init__(self) -> None:
        self.bursts: Feed[tuple[Edge, ...]] = Feed()

    def fileno(self) -> int:
        return self.bursts.fileno()

    def read(self) -> list[Edge]:
        return [edge for burst in self.bursts.take() for edge in burst]

    def close(self) -> None:
        self.bursts.close()


class OsdpDevice:
    """One reader on a bus, by libosdp's own peripheral; pulled out is the bus's adapter."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "by-path"
        self._key = directory / "osdp.key"
        self._key.write_text(OSDP_KEY, encoding="ascii")
        self._key.chmod(0o600)
        self.plug()

    def open(self, clock: Clock) -> Reader:
        return _open("osdp", {"port": str(self._path), "key": str(self._key), "address": 1}, clock)

    def tap(self, number: int) -> bytes:
        self._bus.drop_reports()
        self._bus.tell("card", 1, data=f"{number:08x}")
        return number.to_bytes(4, "big")

    def complete_at(self) -> float:
        return float(self._bus.next("card_sent_at")["card_sent_at"])

    def unplug(self) -> None:
        self._path.unlink()
        self._bus.end()

    def plug(self) -> None:
        self._bus = OsdpBus({1: OSDP_KEY})
        self._path.symlink_to(self._bus.path)

    def close(self) -> None:
        self._bus.end()


def make_device(kind: str, directory: Path, *, timed: bool) -> Device:
    """A device of this kind, there and idle. ``timed``: at its honest speed; else as fast as it goes."""
    match kind:
        case "pcsc":
            # Before anything speaks to libpcsclite, which looks once.
            os.environ["PCSCLITE_CSOCK_NAME"] = str(directory / "pcscd")
            return PcscDevice(directory)
        case "em4100_serial" | "serial_text":
            return SerialDevice(directory, kind, paced=timed)
        case "hid_keyboard":
            return KeyboardDevice(directory)
        case "wiegand":
            return WiegandDevice(fast=not timed)
        case "osdp":
            return OsdpDevice(directory)
    raise ValueError(f"no device of kind {kind!r} can be played")


def _open(kind: str, table: Mapping[str, object], clock: Clock) -> Reader:
    driver = find_reader(kind)
    return driver.open(driver.settings(table, where=f"bench.{kind}"), clock)
