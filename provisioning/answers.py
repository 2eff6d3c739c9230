"""What a technician's answers mean: each is read, or refused with the reason; nothing is asked here."""

from __future__ import annotations

import json
import re
from typing import Final

from msgspec import Struct

from provisioning.board import Board
from provisioning.uarts import HEADER_PINS, OWN_UART, wrong_uart
from terminal.config import LARGEST_ID

PIN: Final = re.compile(r"(?:gpio)?\s*(\d{1,2})(\s+low)?", re.IGNORECASE)
LAST_PIN: Final = 27
RESERVED: Final = {0: "a HAT's memory", 1: "a HAT's memory", 2: "the I2C bus", 3: "the I2C bus"}
SIMULATED: Final = re.compile(r"([A-Za-z0-9_-]{1,40})(\s+low)?")
HUB: Final = re.compile(r"[^\s:,]{1,253}:(\d{1,5})", re.ASCII)
LAST_PORT: Final = 65_535
MAX_NAME: Final = 64
MAX_ADDRESS: Final = 127


class AnswerError(ValueError):
    """The answer does not fit; the text says what would."""


class Line(Struct, frozen=True):
    """A pin, and whether the board on it acts on a low level."""

    name: str
    active_low: bool


def name_of(text: str) -> str:
    """The gate's name."""
    if not 1 <= len(text) <= MAX_NAME or not text.isprintable():
        raise AnswerError(f"a name has 1 to {MAX_NAME} characters")
    return text


def number_of(text: str) -> int:
    """The gate's number in the estate."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LARGEST_ID:
        raise AnswerError("a whole number from 1 on, as the office has it for this gate")
    return int(text)


def hex_of(text: str, digits: int) -> str:
    """Hex digits as the office printed them, spaces between them or not."""
    joined = "".join(text.split()).lower()
    if not re.fullmatch(f"[0-9a-f]{{{digits}}}", joined):
        raise AnswerError(f"{digits} hexadecimal digits (0-9, a-f), as the office printed them")
    return joined


def line_of(text: str, board: Board) -> Line:
    """One pin: ``17``, or ``17 low`` where the board on it acts on a low level."""
    match = (PIN if board.is_pi else SIMULATED).fullmatch(text)
    if match is None:
        raise AnswerError("one pin, such as 17, or '17 low' where the board on it acts on a low level")
    if not board.is_pi:
        return Line(match.group(1), bool(match.group(2)))
    pin = int(match.group(1))
    if pin > LAST_PIN:
        raise AnswerError(
            f"the pin header has GPIO 4 to {LAST_PIN}; the number is the GPIO's, not the pin's place"
        )
    if pin in RESERVED:
        raise AnswerError(f"GPIO {pin} is for {RESERVED[pin]}; take another")
    return Line(f"GPIO{pin}", bool(match.group(2)))


def maybe_line_of(text: str, board: Board) -> Line | None:
    """A pin, or ``-`` for none."""
    return None if text == "-" else line_of(text, board)


def lines_of(text: str, count: int, board: Board) -> tuple[Line, ...]:
    """So many pins, with commas between them."""
    parts = [one.strip() for one in text.split(",")]
    if len(parts) != count:
        raise AnswerError(
            f"{count} pins with a comma between them, such as 17, 27" if count > 1 else "one pin"
        )
    return tuple(line_of(one, board) for one in parts)


def reader_of(text: str, board: Board) -> dict[str, str]:
    """Options of a reader: its kind, and where it hangs."""
    kind, *rest = text.split()
    match kind, rest:
        case "sim" | "pcsc", []:
            return {"kind": kind}
        case "em4100_serial", [port] if port.startswith("/dev/"):
            return {"kind": kind, "port": _port_of(port, board)}
        case "wiegand", [data0, data1]:
            if not board.is_pi:
                return {"kind": kind, "chip": "sim", "data0": data0, "data1": data1}
            zero, one = line_of(data0, board), line_of(data1, board)
            return {"kind": kind, "chip": board.chip, "data0": zero.name, "data1": one.name}
    raise AnswerError("one of: pcsc, em4100_serial PORT, wiegand D0 D1, sim")


def link_of(text: str, board: Board) -> dict[str, object]:
    """The way to the office."""
    words = text.split()
    match words:
        case ["none"]:
            return {"kind": "none"}
        case ["serial", port, address] if port.startswith("/dev/"):
            if not address.isascii() or not address.isdigit() or not 1 <= int(address) <= MAX_ADDRESS:
                raise AnswerError(f"the address on the pair is a number from 1 to {MAX_ADDRESS}")
            return {"kind": "serial", "port": _port_of(port, board), "address": int(address)}
    hubs = [one.strip() for one in text.split(",")]
    matches = [HUB.fullmatch(one) for one in hubs]
    if not all(one and 1 <= int(one.group(1)) <= LAST_PORT for one in matches):
        raise AnswerError("answer 'none', HOST:PORT of the office's hub, or 'serial PORT ADDRESS'")
    return {"kind": "network", "hubs": hubs}


def taken_by(answer: object) -> tuple[str, ...]:
    """Lines and ports that an answer uses; nothing else may have them."""
    match answer:
        case Line(name):
            return (name,)
        case {"data0": str(data0), "data1": str(data1)}:
            return (data0, data1)
        case {"port": str(port)} if OWN_UART.fullmatch(port):
            return (port, *(f"GPIO{pin}" for pin in sorted(HEADER_PINS)))
        case {"port": str(port)}:
            return (port,)
        case tuple():
            return tuple(name for one in answer for name in taken_by(one))
        case _:
            return ()


def meaning_of(answer: object) -> str:
    """What an answer was taken for, told back to whoever gave it."""
    match answer:
        case Line(name, active_low):
            level, rest = ("low", "high") if active_low else ("high", "low")
            return f"{name}: active while it is {level}, at rest {rest}"
        case None:
            return "none: the gate does without"
        case Board():
            chip = f", pin header {answer.chip}" if answer.chip else ""
            return f"{answer.name}{chip}"
        case dict():
            return " ".join(f"{key} {_plain(value)}" for key, value in answer.items())
        case tuple() | list():
            return "; ".join(meaning_of(one) for one in answer)
        case _:
            return str(answer)


def _port_of(port: str, board: Board) -> str:
    if board.is_pi and (reason := wrong_uart(board, port)):
        raise AnswerError(reason)
    return port


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def toml_value(value: object) -> str:
    """One value as TOML writes it; the strings of JSON are strings of TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list():
            return f"[{', '.join(map(toml_value, value))}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False)
