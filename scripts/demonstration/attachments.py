"""Real drivers on virtual devices: for each reader kind the device, the gate's settings, and a hand at it.

The gate's process knows nothing of this: it opens a port, a bus, a wire, an input device or pcscd
as it would on a wall. What cannot be had on this machine is refused with its cause.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from drivers.readers.pcsc import SOCKET_VARIABLE
from drivers.virtual_keyboard import VirtualKeyboard
from drivers.virtual_osdp import OsdpBus
from drivers.virtual_pair import PtyBus
from drivers.virtual_pcsc import READER_NAME, VirtualPcsc
from drivers.virtual_wiegand import VirtualWiegand
from scripts.demonstration.cards import SHORT_BITS
from scripts.demonstration.hand import DeviceHand, Hand, PcscHand
from terminal import clock

SIMULATED: Final = "sim"
LINE_BAUD: Final = 9600
_EM4100_VERSION: Final = b"\x0a"
"""First of an EM4100 chip's five bytes; the other four are the card's."""
_HEX: Final = 'number = { technology = "iso14443a", base = "hex" }'


class Attachment(Struct, frozen=True):
    """One reader as gate, office and hand know it."""

    kind: str
    settings: str
    """Options of the gate's section, ``kind`` among them."""
    told: str
    """For a person: how it is attached."""
    hand: Hand | None = None
    """``None``: the gate's command socket plays the card."""
    low_bits: int | None = None
    """For the list's mapping rule; ``None``: whole numbers."""
    environment: Mapping[str, str] = field(default_factory=dict)


def simulated(told: str) -> Attachment:
    """A reader without any device."""
    return Attachment(SIMULATED, f'kind = "{SIMULATED}"', told)


def attach(kind: str, directory: Path) -> AbstractContextManager[Attachment]:
    """A reader of this kind on a device of its own, its files in ``directory``; gone at the end.

    Entering it raises ``DriverUnavailableError`` if it cannot be had on this machine.
    """
    return _MAKERS[kind](directory)


@contextmanager
def _pcsc(_: Path) -> Iterator[Attachment]:
    with VirtualPcsc() as virtual, closing(PcscHand(virtual.tap)) as hand:
        yield Attachment(
            "pcsc",
            f'kind = "pcsc"\nreader = "{READER_NAME}"',
            "real PC/SC: the gate reads cards from pcscd, which has a virtual reader",
            hand,
            environment={SOCKET_VARIABLE: str(virtual.socket_path)},
        )


@contextmanager
def _em4100(_: Path) -> Iterator[Attachment]:
    with _line(_em4100_frame) as (port, hand):
        yield Attachment(
            "em4100_serial",
            f'kind = "em4100_serial"\nport = "{port}"',
            f"EM4100 module on a serial line of {LINE_BAUD} baud (a pseudo-terminal)",
            hand,
            SHORT_BITS,
        )


@contextmanager
def _text(_: Path) -> Iterator[Attachment]:
    with _line(lambda number: number.hex().upper().encode() + b"\r\n") as (port, hand):
        yield Attachment(
            "serial_text",
            f'kind = "serial_text"\nport = "{port}"\n{_HEX}',
            f"reader of text on a serial line of {LINE_BAUD} baud (a pseudo-terminal)",
            hand,
        )


@contextmanager
def _osdp(directory: Path) -> Iterator[Attachment]:
    key, path = secrets.token_hex(16), directory / "osdp.key"
    path.touch(mode=0o600)
    path.write_text(key, encoding="ascii")
    with OsdpBus({1: key}) as bus:

        def play(number: bytes) -> None:
            bus.drop_reports()
            bus.tell("card", 1, data=number.hex())

        yield Attachment(
            "osdp",
            f'kind = "osdp"\nport = "{bus.path}"\nkey = {json.dumps(str(path))}\naddress = 1',
            "OSDP reader by Secure Channel (libosdp's peripheral on a pseudo-terminal)",
            DeviceHand(play),
            SHORT_BITS,
        )


@contextmanager
def _wiegand(directory: Path) -> Iterator[Attachment]:
    with closing(VirtualWiegand(directory / "wire", clock.monotonic)) as wire:
        yield Attachment(
            "wiegand",
            f'kind = "wiegand"\nchip = {json.dumps(wire.chip)}\ndata0 = "0"\ndata1 = "1"',
            "Wiegand reader of 34 bits (timestamped edges through a fifo, as the kernel would tell them)",
            DeviceHand(lambda number: wire.tap(int.from_bytes(number, "big"))),
            SHORT_BITS,
        )


@contextmanager
def _keyboard(_: Path) -> Iterator[Attachment]:
    name = f"gatehouse demonstration {os.getpid()}"
    with closing(VirtualKeyboard(name)) as keyboard:
        yield Attachment(
            "hid_keyboard",
            f'kind = "hid_keyboard"\nname = "{name}"\n{_HEX}',
            "reader that types (the kernel's uinput)",
            DeviceHand(lambda number: keyboard.type_line(number.hex())),
        )


_MAKERS: Final = {
    "pcsc": _pcsc,
    "em4100_serial": _em4100,
    "serial_text": _text,
    "wiegand": _wiegand,
    "osdp": _osdp,
    "hid_keyboard": _keyboard,
}
KINDS: Final = tuple(_MAKERS)


@contextmanager
def _line(frame: Callable[[bytes], bytes]) -> Iterator[tuple[str, DeviceHand]]:
    """A paced line: the gate has one end, a reader that sends ``frame`` of a number the other."""
    with PtyBus(2, LINE_BAUD, clock.monotonic) as pair:
        reader = os.open(pair.paths[0], os.O_RDWR | os.O_NOCTTY)
        try:
            yield pair.paths[1], DeviceHand(lambda number: os.write(reader, frame(number)))
        finally:
            os.close(reader)


def _em4100_frame(number: bytes) -> bytes:
    chip = _EM4100_VERSION + number[-4:]
    return b"\x02%s%02X\x03" % (chip.hex().upper().encode(), reduce(xor, chip))
