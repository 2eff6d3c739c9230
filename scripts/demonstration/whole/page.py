"""The gate page as text: each gate's picture, its last decisions, cards to tap, things to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from msgspec import Struct

from scripts.demonstration.event_text import Names, event_text
from scripts.demonstration.whole.acts import ACTS, CABLE, TAP
from scripts.demonstration.whole.picture import picture, words
from scripts.demonstration.world import READERS

_READERS: Final = {
    "pedestrian_in": "at the door",
    "barrier_in": "at the barrier, coming",
    "barrier_out": "at the barrier, going",
}


class DemoCard(Struct, frozen=True):
    """A card of the estate that a visitor of the page may tap."""

    number: str
    """Hexadecimal."""
    told: str
    """What it is; never whose."""


class GateView(Struct, frozen=True):
    """What is known of one gate now."""

    number: int
    name: str
    link: str
    linked: bool
    car: bool
    status: Mapping[str, Any] | None
    events: Sequence[Mapping[str, Any]]
    names: Names
    noticed: str
    """What the last act came to."""


def whole_page(gates: Sequence[GateView], cards: Sequence[DemoCard], desk: str) -> str:
    """The page; it works without its script, which only keeps it fresh."""
    sections = "".join(_gate(one, cards) for one in gates)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gates</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/page.css"><script src="/page.js" defer></script></head><body>'
        f'<header><h1>Gates</h1><p><a href="{escape(desk)}/">The desk</a></p></header>'
        f"<main>{sections}</main></body></html>"
    )


def live_part(gate: GateView) -> str:
    """What changes by itself: picture, words, decisions."""
    status = gate.status
    said = ["does not answer"] if status is None else words(status, linked=gate.linked)
    rows = "".join(f"<li>{escape(' '.join(event_text(one, gate.names).split()))}</li>" for one in gate.events)
    return (
        picture(status, car=gate.car, linked=gate.linked)
        + f'<p class="words">{escape(" · ".join(said))}</p>'
        + f'<p class="noticed" role="status">{escape(gate.noticed)}</p>'
        + f'<ol class="events" reversed>{rows}</ol>'
    )


def _gate(gate: GateView, cards: Sequence[DemoCard]) -> str:
    address = f"/gates/{gate.number}"
    buttons = "".join(_button(name, text) for name, (text, _) in ACTS.items())
    return (
        f'<section class="gate"><h2>{escape(gate.name)} <small>{escape(gate.link)}</small></h2>'
        f'<div class="live" data-from="{address}">{live_part(gate)}</div>'
        f'<form class="tap" action="{address}" method="post">'
        f"{_choice(cards)}{_typed(gate.number)}{_readers()}"
        f'<button class="main" name="act" value="{TAP}">Tap the card</button></form>'
        f'<form class="acts" action="{address}" method="post">{buttons}'
        f"{_button(CABLE, 'Cable to the office, out or in')}</form></section>"
    )


def _choice(cards: Sequence[DemoCard]) -> str:
    options = "".join(
        f'<option value="{escape(one.number)}">{escape(one.told)}, {escape(one.number)}</option>'
        for one in cards
    )
    return f'<label>Card <select name="card">{options}</select></label>'


def _typed(number: int) -> str:
    return (
        f'<label>or its number <input name="number" id="number-{number}" autocomplete="off"'
        ' spellcheck="false" pattern="[0-9A-Fa-f:\\- ]*" maxlength="96"></label>'
    )


def _readers() -> str:
    options = "".join(f'<option value="{one}">{_READERS[one]}</option>' for one in READERS)
    return f'<label>Held to the reader <select name="reader">{options}</select></label>'


def _button(name: str, text: str) -> str:
    return f'<button name="act" value="{name}">{escape(text)}</button>'
