"""What stands between OSDP's words and ours. Pure: bytes, dictionaries, patterns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, Final

from drivers.indicator import Output, Pattern, Rhythm
from drivers.ports import MAX_NUMBER_BYTES, CardRead, ReadFailed, Technology
from drivers.readers._wiegand_formats import Format, fitting, payload

START: Final = 0x53
REPLY: Final = 0x80
"""This bit of the address marks what a reader sends."""
HEADER_BYTES: Final = 4
LONGEST_PACKET: Final = 1440
"""IEC 60839-11-5; what claims to be longer is noise."""
RAW_FORMATS: Final = (0, 1)
"""osdp_RAW: not specified, and Wiegand; most readers send Wiegand frames as either."""
KEYS: Final = {
    **{0x30 + digit: str(digit) for digit in range(10)},
    0x7F: "*",
    0x2A: "*",
    0x0D: "#",
    0x23: "#",
}
"""osdp_KEYPAD: digits as ASCII, ``*`` as DEL, ``#`` as CR; some send the signs themselves."""
TENTH_S: Final = 0.1
"""Unit of every time in LED and buzzer commands."""
MAX_COUNT: Final = 255

CMD_LED: Final = 2
CMD_BUZZER: Final = 3
CMD_STATUS: Final = 9
LOCAL_STATUS: Final = 2
EVENT_CARD: Final = 1
EVENT_KEYS: Final = 2
EVENT_STATUS: Final = 4
EVENT_NOTIFICATION: Final = 5
NOTIFY_SECURE_CHANNEL: Final = 1
"""libosdp 3.2's numbers; a test compares them with the library's own."""

Command = dict[str, Any]
_COLOURS: Final = {frozenset({Output.RED}): 1, frozenset({Output.GREEN}): 2}
_AMBER: Final = 3


class ReplyWatch:
    """Tells when a reader's reply is whole, so that the bus is free the moment it is."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.is_whole = False

    def take(self, data: bytes) -> None:
        """Bytes from the wire; our own packet, echoed by some adapters, is passed over."""
        self._bytes += data
        while not self.is_whole:
            start = self._bytes.find(START)
            del self._bytes[: len(self._bytes) if start < 0 else start]
            if len(self._bytes) < HEADER_BYTES:
                return
            length = int.from_bytes(self._bytes[2:4], "little")
            if not HEADER_BYTES < length <= LONGEST_PACKET:
                del self._bytes[:1]
            elif len(self._bytes) < length:
                return
            elif self._bytes[1] & REPLY:
                self.is_whole = True
            else:
                del self._bytes[:length]


def card(event: Mapping[str, Any], formats: Iterable[Format], at: float) -> CardRead | ReadFailed:
    """What a reader sent for a card: a Wiegand frame of a known length without its parity, or as it is."""
    bits, data = event.get("length", 0), event["data"]
    if (
        event["format"] not in RAW_FORMATS
        or not 0 < bits <= 8 * MAX_NUMBER_BYTES
        or len(data) != (bits + 7) // 8
    ):
        return ReadFailed("the reader sent a card in a form that cannot be read; set it to raw data", at)
    value = int.from_bytes(data, "big") >> (8 * len(data) - bits)
    if any(one.bits == bits for one in formats):
        found = fitting(formats, value, bits)
        if found is None:
            return ReadFailed(f"a card of {bits} bits with wrong parity; see 'formats'", at)
        value, bits = payload(found, value)
    return CardRead(Technology.WIEGAND, value.to_bytes((bits + 7) // 8, "big"), bits, at)


def keys(data: bytes) -> list[str]:
    """The keys pressed; what is no key of ours is passed over."""
    return [KEYS[one] for one in data if one in KEYS]


def is_tampered(event: Mapping[str, Any]) -> bool | None:
    """Whether the reader's housing is open; None if the report is about something else."""
    report = event["report"]
    return bool(report[0]) if event["type"] == LOCAL_STATUS and report else None


def ask_status() -> Command:
    """Ask for tamper and power."""
    return {"command": CMD_STATUS, "type": LOCAL_STATUS}


def commands(pattern: Pattern, *, led: bool, buzzer: bool) -> list[Command]:
    """A pattern as the reader plays it itself; a repeating one stands until ``dark``."""
    on, off, count = _rhythm(pattern.rhythm)
    colour = _COLOURS.get(pattern.outputs - {Output.BUZZER}, _AMBER)
    found: list[Command] = []
    if led and pattern.outputs - {Output.BUZZER}:
        found.append(_led(colour, on, off, None if pattern.repeats else min(MAX_COUNT, count * (on + off))))
    if buzzer and Output.BUZZER in pattern.outputs:
        found.append(_buzzer(on, off, 0 if pattern.repeats else count))
    return found


def dark(*, led: bool, buzzer: bool) -> list[Command]:
    """End whatever stands."""
    # Both times zero would be refused: black for a while, then black.
    found: list[Command] = [_led(0, 1, 0, None)] if led else []
    return [*found, {**_buzzer(0, 0, 0), "control_code": 1}] if buzzer else found


def _rhythm(rhythm: Rhythm) -> tuple[int, int, int]:
    return _tenths(rhythm.on_s), _tenths(rhythm.off_s), min(MAX_COUNT, rhythm.pulses)


def _tenths(seconds: float) -> int:
    # Up, so that short and very short stay apart; less a hair, for 0.3 is a little more than three times 0.1.
    return min(MAX_COUNT, ceil(seconds / TENTH_S - 1e-9))


def _led(colour: int, on: int, off: int, for_tenths: int | None) -> Command:
    command: Command = {
        "command": CMD_LED, "reader": 0, "led_number": 0, "temporary": for_tenths is not None,
        "on_color": colour, "off_color": 0, "on_count": on, "off_count": off,
    }  # fmt: skip
    # Control codes: 2 starts a temporary pattern, 1 sets the lasting one.
    return {**command, "control_code": 1} if for_tenths is None else {
        **command, "control_code": 2, "timer_count": for_tenths
    }  # fmt: skip


def _buzzer(on: int, off: int, count: int) -> Command:
    return {
        "command": CMD_BUZZER, "reader": 0, "control_code": 2,
        "on_count": on, "off_count": off, "rep_count": count,
    }  # fmt: skip
