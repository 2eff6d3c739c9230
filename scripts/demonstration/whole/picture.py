"""A gate as a picture (SVG), drawn from what it says of itself. Pure; every state is also a word."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import cos, radians, sin
from typing import Any, Final

from scripts.demonstration.whole.words import Say
from scripts.demonstration.world import BARRIER, PEDESTRIAN

Fields = Mapping[str, Any]

WIDTH: Final = 400
HEIGHT: Final = 210
_BOOM_DEGREES: Final = {"closed": 0.0, "opening": 40.0, "open": 80.0, "closing": 40.0, "stopped": 20.0}
_BOOM: Final = (200, 150, 150)
"""Where it turns, and its length."""


def picture(status: Fields | None, *, car: bool, linked: bool, say: Say = str) -> str:
    """The gate now; ``None``: it does not answer. ``car`` stands on the loop, ``linked``: its cable is in."""
    if status is None:
        return _svg(say("The gate does not answer"), _text(WIDTH // 2, HEIGHT // 2, say("no answer"), "off"))
    door, boom = status["doors"][PEDESTRIAN], status["doors"][BARRIER]
    outputs = status["outputs"] or {}
    parts = [
        _door(door, say),
        _barrier(boom, say, car=car),
        _lamps(outputs, 20, "1", say, buzzer=True),
        _lamps(outputs, 200, "2", say, buzzer=False),
        _badges(status, say, linked=linked),
    ]
    return _svg(" · ".join(words(status, linked=linked, say=say)), *parts)


def words(status: Fields, *, linked: bool, say: Say = str) -> list[str]:
    """The same in words: for people who do not see the picture, and for everybody who doubts it."""
    door, boom = status["doors"][PEDESTRIAN], status["doors"][BARRIER]
    said = [
        f"{say('door')} {say('unlocked' if door['unlocked'] else 'locked')}",
        f"{say('leaf')} {say(door['contact'] or 'unknown')}",
        f"{say('barrier')} {say(boom['state'])}",
        f"{say('loop')} {say(boom['loop'])}",
    ]
    alarms = [one["alarm"].replace("_", " ") for one in (door, boom) if one["alarm"] != "none"]
    said += [f"{say('alarm')}: {say(one)}" for one in alarms]
    said += [f"{say(name)} {say('mode')}: {say(one['mode'])}" for name, one in _unusual(door, boom)]
    if status["inputs"]["fire"]:
        said.append(say("FIRE: released"))
    said.append(say("mains failed" if status["inputs"]["mains"] else "mains ok"))
    said.append(say("cable in" if linked else "cable pulled out"))
    said.append(say("no list") if status["list"] is None else f"{say('list')} {status['list']['version']}")
    return said


def _unusual(door: Fields, boom: Fields) -> list[tuple[str, Fields]]:
    return [(name, one) for name, one in (("door", door), ("barrier", boom)) if one["mode"] != "normal"]


def _door(door: Fields, say: Say) -> str:
    unlocked, is_open = bool(door["unlocked"]), door["contact"] == "open"
    leaf = "30,60 62,74 62,186 30,170" if is_open else "30,60 100,60 100,170 30,170"
    lock = "unlocked" if unlocked else "locked"
    return (
        '<rect class="frame" x="26" y="56" width="78" height="118"/>'
        f'<polygon class="leaf {lock}" points="{leaf}"/>'
        + _text(65, 195, f"{say(lock)}, {say(door['contact'] or '?')}", lock)
    )


def _barrier(boom: Fields, say: Say, *, car: bool) -> str:
    x, y, length = _BOOM
    angle = radians(_BOOM_DEGREES.get(boom["state"], 20.0))
    tip = f'x2="{x + length * cos(angle):.0f}" y2="{y - length * sin(angle):.0f}"'
    shown = [
        f'<rect class="post" x="{x - 12}" y="{y - 10}" width="20" height="40"/>',
        f'<line class="boom {escape(boom["state"])}" x1="{x}" y1="{y}" {tip}/>',
        _text(x + 80, 195, f"{say('barrier')} {say(boom['state'])}", str(boom["state"])),
    ]
    if car:
        shown.append('<rect class="car" x="250" y="158" width="80" height="22" rx="8"/>')
        shown.append(_text(290, 174, say("car"), "car"))
    return "".join(shown)


def _lamps(outputs: Fields, x: int, number: str, say: Say, *, buzzer: bool) -> str:
    names = ["green", "red", *(["buzzer"] if buzzer else [])]
    shown = []
    for place, name in enumerate(names):
        lit = bool(outputs.get(f"{name}{number}"))
        at = x + 10 + 48 * place
        shown.append(f'<circle class="lamp {name} {"lit" if lit else "dark"}" cx="{at}" cy="18" r="9"/>')
        shown.append(_text(at, 42, f"{say(name)}{' ●' if lit else ''}", "lit" if lit else "dark"))
    return "".join(shown)


def _badges(status: Fields, say: Say, *, linked: bool) -> str:
    told = []
    if status["inputs"]["fire"]:
        told.append("FIRE")
    if status["inputs"]["mains"]:
        told.append("battery")
    if not linked:
        told.append("no cable")
    return "".join(_text(350, 20 + 20 * row, say(one), "alarm") for row, one in enumerate(told))


def _text(x: int, y: int, words: str, kind: str) -> str:
    return f'<text class="{escape(kind)}" x="{x}" y="{y}" text-anchor="middle">{escape(words)}</text>'


def _svg(title: str, *parts: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
