"""The set-up without a bundle: at most twelve questions, each explained, then a whole configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from msgspec import Struct

from provisioning.answers import (
    AnswerError,
    Line,
    hex_of,
    line_of,
    lines_of,
    link_of,
    maybe_line_of,
    meaning_of,
    name_of,
    number_of,
    reader_of,
    taken_by,
    toml_value,
)
from provisioning.board import CHOICES, Board, board_of
from provisioning.errors import ProvisioningError
from provisioning.uarts import header_uart

MOST_QUESTIONS: Final = 12
LOCKS: Final = ("strike", "magnet", "barrier")
Ask = Callable[[str], str]
"""Shows a prompt and returns the answer; raises ``EOFError`` when there is nobody to answer."""
Tell = Callable[[str], None]
Answer = TypeVar("Answer")


class Outcome(Struct, frozen=True):
    """What was asked for."""

    board: Board
    config_text: bytes
    questions: int


class Interview:
    """One technician, asked one thing after the other; a wrong answer is explained and asked again."""

    def __init__(self, ask: Ask, tell: Tell) -> None:
        self._ask = ask
        self._tell = tell
        self.questions = 0
        self._taken: dict[str, str] = {}

    def about(self, question: str, meaning: str, read: Callable[[str], Answer], default: str = "") -> Answer:
        """One question. Raises ``ProvisioningError`` if nobody answers."""
        self.questions += 1
        self._tell(f"\n{self.questions}. {question}\n   {meaning}")
        prompt = f"   [{default}] > " if default else "   > "
        while True:
            try:
                text = self._ask(prompt).strip() or default
            except EOFError as error:
                raise ProvisioningError("the questions were left unanswered; nothing was changed") from error
            try:
                answer = read(text)
                self._take(answer, question)
            except AnswerError as error:
                self._tell(f"   That does not fit: {error}.")
            else:
                self._tell(f"   → {meaning_of(answer)}")
                return answer

    def _take(self, answer: object, question: str) -> None:
        wanted = taken_by(answer)
        for name in wanted:
            if name in self._taken:
                raise AnswerError(f"{name} was the answer to: {self._taken[name]} Give another")
        if len(set(wanted)) < len(wanted):
            raise AnswerError("the same is named twice; each has its own")
        self._taken.update(dict.fromkeys(wanted, question))


def ask_for_config(ask: Ask, tell: Tell, board: Board | None) -> Outcome:
    """Ask for a gate with one passage and one reader; ``board``: None is asked for, too.

    Raises:
        ProvisioningError: nobody answers.
    """
    tell(
        "Set-up of a gate with one passage and one reader. More of them are sections in the file that"
        " comes of it (docs/configuration.md)."
    )
    talk = Interview(ask, tell)
    board = board or talk.about("Which computer is this?", _BOARD, _board)
    gate = _gate(talk)
    door = _door(talk, board)
    fire = talk.about(
        "Pin of the fire panel's contact, or -?", _FIRE, lambda text: maybe_line_of(text, board), "-"
    )
    reader = talk.about(
        "Which reader, and where does it hang?", _READER, lambda text: reader_of(text or "-", board)
    )
    link = talk.about(
        "How does the gate reach the office?", _link(board), lambda text: link_of(text, board), "none"
    )
    sections = [
        ("gate", gate),
        ("gpio", {"backend": "gpiod" if board.is_pi else "sim"}),
        ("link", link),
        *door,
        *([("inputs.fire", {"kind": "fire", **_input(fire)})] if fire else []),
        ("readers.door_in", {"id": 1, "door": "door", "way": "in", **reader}),
    ]
    return Outcome(board, _toml(sections), talk.questions)


_BOARD: Final = (
    f"One of {', '.join(CHOICES)}. It decides how relays and contacts are reached. none: no Raspberry Pi,"
    " with relays and contacts that are simulated."
)
_FIRE: Final = (
    "Normally closed, between the pin and ground: a cut wire is fire, and the door is let go. -: none. In any"
    " case the panel must cut the lock's supply by another contact."
)
_READER: Final = (
    "pcsc: a USB reader behind pcscd. em4100_serial PORT: a 125 kHz module, e.g. em4100_serial /dev/ttyUSB0."
    " wiegand D0 D1: two data wires, e.g. wiegand 5 6. sim: none, for a try. Others: docs/hardware.md."
)
_RELAYS: Final = (
    "The GPIO's number, e.g. 17; with 'low' behind it if the relay board acts on a low level. It is held at"
    " rest from power-up on."
)


def _link(board: Board) -> str:
    return (
        "HOST:PORT of its hub, several with commas: the gate dials out. serial PORT ADDRESS: a pair of wires,"
        f" e.g. serial {header_uart(board)} 3. none: lists come and the log goes by stick."
    )


def _board(text: str) -> Board:
    if text not in CHOICES:
        raise AnswerError(f"one of {', '.join(CHOICES)}")
    return board_of(text)


def _gate(talk: Interview) -> Mapping[str, object]:
    return {
        "name": talk.about("Name of this gate?", "For people, in status and log: 'North gate'.", name_of),
        "id": talk.about(
            "Number of this gate?", "The office's: a list for another gate is refused.", number_of
        ),
        "estate": talk.about(
            "Estate, 16 hex digits?",
            "As the office printed it: lists of another estate are refused.",
            lambda text: hex_of(text, 16),
        ),
        "roots": talk.about(
            "Root key, 64 hex digits?",
            "The anchor of all trust: whoever has its other half commands this gate: compare each digit.",
            lambda text: [hex_of(text, 64)],
        ),
    }


def _door(talk: Interview, board: Board) -> list[tuple[str, Mapping[str, object]]]:
    kind = talk.about(
        "What holds the passage shut: strike, magnet or barrier?",
        "strike: opens with current. magnet: hangs on the relay's normally-closed contact; by this answer you"
        " declare that fire contact and emergency exit cut its supply by wire. barrier: pulses to its box.",
        _lock,
        "strike",
    )
    more: dict[str, object] = {}
    if kind == "magnet":
        more = {"fire_contact_breaks_supply": True, "emergency_exit_breaks_supply": True}
    barrier = kind == "barrier"
    roles = ("open", "close") if barrier else ("lock",)
    what = "Pins of the relays for open and close, with a comma?" if barrier else "Pin of the lock's relay?"
    relays = talk.about(what, _RELAYS, lambda text: lines_of(text, len(roles), board))
    sections: list[tuple[str, Mapping[str, object]]] = [("doors.door", {"id": 1, "kind": kind, **more})]
    sections += [
        (f"doors.door.outputs.{role}", {"line": one.name, "active_low": one.active_low})
        for role, one in zip(roles, relays, strict=True)
    ]
    return [*sections, *_inputs(talk, board, barrier=barrier)]


def _inputs(talk: Interview, board: Board, *, barrier: bool) -> list[tuple[str, Mapping[str, object]]]:
    found: list[tuple[str, Mapping[str, object]]] = []
    if barrier:
        loop = talk.about(
            "Pin of the loop detector?",
            "Keeps the boom up while a vehicle stands there.",
            lambda t: line_of(t, board),
        )
        found.append(("doors.door.inputs.loop", _input(loop)))
    else:
        contact = talk.about(
            "Pin of the door contact, or -?",
            "Closed while the door is shut, between the pin and ground. Without it, no forced door is told.",
            lambda text: maybe_line_of(text, board),
            "-",
        )
        found += [("doors.door.inputs.contact", _input(contact))] if contact else []
    button = talk.about(
        "Pin of the exit button, or -?",
        "Closes while pressed, between the pin and ground. It is a convenience; the emergency exit is wired.",
        lambda text: maybe_line_of(text, board),
        "-",
    )
    # Closing to ground is low: a cut wire opens nothing.
    found += [("doors.door.inputs.exit", {"line": button.name, "active_low": True})] if button else []
    return found


def _input(line: Line) -> Mapping[str, object]:
    return {"line": line.name, "active_low": line.active_low}


def _lock(text: str) -> str:
    if text not in LOCKS:
        raise AnswerError("strike, magnet or barrier")
    return text


def _toml(sections: list[tuple[str, Mapping[str, object]]]) -> bytes:
    lines = ["# Written by gatehouse-provision; docs/configuration.md explains every option."]
    for name, options in sections:
        lines += ["", f"[{name}]", *(f"{key} = {toml_value(value)}" for key, value in options.items())]
    return ("\n".join(lines) + "\n").encode()
