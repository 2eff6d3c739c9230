"""The screen as a pure function: what the gate says and what people did, as lines of a fixed size."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from enum import Enum, unique
from typing import Any, Final

from msgspec import Struct

from scripts.demonstration.world import BARRIER, BARRIER_IN, BARRIER_OUT, PEDESTRIAN, PEDESTRIAN_IN

Fields = Mapping[str, Any]

_RULE: Final = "─"


@unique
class Style(Enum):
    """How a line stands out; nothing is told by style alone."""

    PLAIN = "plain"
    BAR = "bar"
    ALARM = "alarm"


class Line(Struct, frozen=True):
    """One line of the screen, exactly as wide as was asked for."""

    text: str
    style: Style = Style.PLAIN


class View(Struct, frozen=True):
    """Everything that can be seen."""

    gate: str
    zone: tzinfo
    status: Fields | None
    """The gate's own account; ``None`` while it has no power."""
    reader_kind: str
    """What the pedestrian reader is, in a word or two."""
    at: str
    """The reader at which cards are tapped now."""
    events: Sequence[str]
    """Oldest first."""
    keys: Sequence[str]
    message: str


def draw(view: View, width: int, height: int) -> list[Line]:
    """``height`` lines of ``width`` cells each; events take what room the rest leaves."""
    top = [_title(view), *_gate(view.status), Line(_RULE * width)]
    keys = [Line(f"cards are tapped at: {view.at}   (Tab: another reader)"), *map(Line, view.keys)]
    bottom = [Line(_RULE * width), *keys, Line(view.message, Style.BAR)]
    room = max(0, height - len(top) - len(bottom))
    shown = [Line(text) for text in view.events[-room:]] if room else []
    lines = [*top, *shown, *[Line("")] * (room - len(shown)), *bottom]
    # In a window that is too low the message stays: it is the answer to the last key.
    return [Line(_fitted(one.text, width), one.style) for one in [*lines[: height - 1], lines[-1]]]


def cells(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    return sum(map(_cells, text))


def _title(view: View) -> Line:
    if view.status is None:
        return Line(f"{view.gate}   NO POWER", Style.BAR)
    status = view.status
    listed = "no list" if status["list"] is None else f"list {status['list']['version']}"
    told = [view.gate, listed, f"clock {status['clock']['state']}"]
    if status["clock"]["utc"] is not None:
        told.append(f"{datetime.fromtimestamp(status['clock']['utc'], view.zone):%H:%M:%S}")
    return Line("   ".join([*told, f"pedestrian reader: {view.reader_kind}"]), Style.BAR)


def _gate(status: Fields | None) -> list[Line]:
    if status is None:
        return [
            _row(
                "Pedestrian door",
                "locked",
                "its relay rests; the fire contact still cuts the magnet's supply",
            ),
            _row("Barrier", "as it was", "nothing drives it"),
            _row("Inputs", "not read", "until the power is back"),
            *[Line("")] * 3,
        ]
    door, boom = status["doors"][PEDESTRIAN], status["doors"][BARRIER]
    lock = "unlocked" if door["unlocked"] else "locked"
    fire, mains = status["inputs"]["fire"], status["inputs"]["mains"]
    return [
        _row("Pedestrian door", lock, f"leaf {door['contact']}", *_about(door), alarm=_alarms(door)),
        _row("", _lamps(status, lock="relay1"), _reader(status, PEDESTRIAN_IN, 1)),
        _row("Barrier", f"boom {boom['state']}", f"loop {boom['loop']}", *_about(boom), alarm=_alarms(boom)),
        _row("", _lamps(status, open="relay2", close="relay3", stop="relay4")),
        _row("", _reader(status, BARRIER_IN, 2), _reader(status, BARRIER_OUT, 3)),
        _row("Inputs", "FIRE" if fire else "no fire", "MAINS FAILED" if mains else "mains ok", alarm=fire),
    ]


def _about(door: Fields) -> list[str]:
    words = [f"mode {door['mode']}"]
    if door["alarm"] != "none":
        words.append(f"ALARM {door['alarm']}")
    if door["fire"]:
        words.append("released by FIRE")
    if door["waits_for_companion"]:
        words.append("waits for a second card")
    return words


def _alarms(door: Fields) -> bool:
    return bool(door["alarm"] != "none" or door["fire"])


def _reader(status: Fields, name: str, number: int) -> str:
    way = name.rpartition("_")[2]
    if not status["readers"][name]["ok"]:
        return f"{way}: AWAY, {status['readers'][name]['cause']}"
    buzzer = {"buzzer": "buzzer1"} if number == 1 else {}
    return f"{way}: " + _lamps(status, green=f"green{number}", red=f"red{number}", **buzzer)


def _lamps(status: Fields, **lines: str) -> str:
    outputs = status["outputs"] or {}
    return " ".join(f"{name}[{'*' if outputs.get(line) else ' '}]" for name, line in lines.items())


def _row(name: str, *words: str, alarm: bool = False) -> Line:
    return Line(f"{name:<17}" + "   ".join(words), Style.ALARM if alarm else Style.PLAIN)


def _fitted(text: str, width: int) -> str:
    """``text`` cut or padded to ``width`` cells; what a terminal would obey is shown as a question mark."""
    kept, used = "", 0
    for raw in text if text.startswith(_RULE) else f" {text}":
        character = raw if raw.isprintable() else "?"
        if used + _cells(character) > width:
            break
        kept, used = kept + character, used + _cells(character)
    return kept + " " * (width - used)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
