"""Reads and plays the stories under scenarios/: what happens when, and what the gate does.

    door: contact closed, fire none, mode normal          (or barrier: … loop clear)
    timing: open_s 5, held_s 20

    0     start              lock
    10    granted by 7       unlock
    15    time               lock

Columns stand apart by two spaces or more; effects by a semicolon; ``-`` is none. Between
two lines nothing may happen: an effect at a deadline needs its own line ``time``.
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct
from msgspec.structs import fields

from sync.records import DoorMode
from terminal.core import passage
from terminal.core.passage import (
    BARRIER_TIMING,
    DOOR_TIMING,
    Contact,
    ContactChanged,
    Drive,
    Effect,
    Event,
    ExitPressed,
    ExitReleased,
    Fire,
    FireChanged,
    FireRecalled,
    FireReset,
    Granted,
    Inputs,
    Lock,
    Loop,
    LoopChanged,
    ModeChanged,
    OnFire,
    Passage,
    PassageKind,
    RemoteOpened,
    Report,
    ShowAlarm,
    TimePassed,
    Timing,
)


class Line(Struct, frozen=True):
    number: int
    at: float
    what: str
    effects: str


class Scenario(Struct, frozen=True):
    kind: PassageKind
    inputs: Inputs
    mode: DoorMode
    timing: Timing
    lines: tuple[Line, ...]


def read(path: Path) -> Scenario:
    kind, options, timing, lines = PassageKind.DOOR, "", "", list[Line]()
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        head, _, rest = text.partition(":")
        if head in ("door", "barrier"):
            kind, options = PassageKind(head), rest
        elif head == "timing":
            timing = rest
        elif re.match(r"\d", text):
            at, what, effects = re.split(r"\s{2,}", text.strip())
            lines.append(Line(number, float(at), what, effects))
    words = _pairs(options)
    inputs = Inputs(
        Contact(words["contact"]), Fire(words.get("fire", "none")), Loop(words.get("loop", "fault"))
    )
    mode = DoorMode[words.get("mode", "normal").upper()]
    return Scenario(kind, inputs, mode, _timing(kind, _pairs(timing)), tuple(lines))


def play(scenario: Scenario) -> None:
    first, *rest = scenario.lines
    assert first.what == "start"
    state, effects = passage.initial(scenario.kind, scenario.inputs, scenario.mode, first.at, scenario.timing)
    _compare(first, effects)
    for line in rest:
        state = _silence(state, line, scenario.timing)
        state, effects = passage.step(state, _event(line.what), line.at, scenario.timing)
        _compare(line, effects)


def _silence(state: Passage, line: Line, timing: Timing) -> Passage:
    while (due := passage.next_deadline(state)) is not None and due < line.at:
        state, effects = passage.step(state, TimePassed(), due, timing)
        said = "; ".join(_word(one) for one in effects)
        assert not effects, f"before line {line.number}, at {due:g}: {said}"
    return state


def _compare(line: Line, effects: tuple[Effect, ...]) -> None:
    said = "; ".join(_word(one) for one in effects) or "-"
    assert said == line.effects, f"line {line.number}, at {line.at:g}: {line.what}"


def _pairs(text: str) -> dict[str, str]:
    return dict(part.split() for part in text.split(",") if part.strip())


def _timing(kind: PassageKind, words: dict[str, str]) -> Timing:
    base = DOOR_TIMING if kind is PassageKind.DOOR else BARRIER_TIMING
    values = {one.name: getattr(base, one.name) for one in fields(Timing)}
    for name, word in words.items():
        kept = values[name]
        if isinstance(kept, bool):
            values[name] = {"yes": True, "no": False}[word]
        else:
            values[name] = OnFire(word) if isinstance(kept, OnFire) else float(word)
    return Timing(**values)


PLAIN: dict[str, Event] = {
    "time": TimePassed(),
    "remote": RemoteOpened(),
    "exit pressed": ExitPressed(),
    "exit released": ExitReleased(),
    "fire active": FireChanged(True),
    "fire clear": FireChanged(False),
    "fire recalled": FireRecalled(),
    "fire reset": FireReset(),
}


def _event(what: str) -> Event:
    if what in PLAIN:
        return PLAIN[what]
    match what.split():
        case ["granted", *more]:
            by = int(more[more.index("by") + 1]) if "by" in more else None
            return Granted(long="long" in more, by=by)
        case ["contact", word]:
            return ContactChanged(Contact(word))
        case ["loop", word]:
            return LoopChanged(Loop(word))
        case ["mode", word]:
            return ModeChanged(DoorMode[word.upper()])
        case _:
            raise AssertionError(f"no such event: {what}")


def _word(effect: Effect) -> str:
    match effect:
        case Lock(unlocked=unlocked):
            return "unlock" if unlocked else "lock"
        case Drive(output=output, on=on):
            return f"{output.value} {'on' if on else 'off'}"
        case ShowAlarm(alarm=alarm):
            return f"buzzer {alarm.value}"
        case Report(kind=kind, by=by, input=source):
            who = "" if by is None else f" by {by}"
            return kind.value + who + ("" if source is None else f" ({source.value})")
