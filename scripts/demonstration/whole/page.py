"""The gate page as text: each gate's picture, its last decisions, cards to tap, things to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

from msgspec import Struct

from scripts.demonstration.event_text import Names
from scripts.demonstration.whole.acts import ACTS, CABLE, TAP
from scripts.demonstration.whole.picture import picture, words
from scripts.demonstration.whole.words import Language, Say, kind_word, reason_word
from scripts.demonstration.world import READERS
from sync.records import Reason

_READERS: Final = {
    "pedestrian_in": "at the door",
    "barrier_in": "at the barrier, coming",
    "barrier_out": "at the barrier, going",
}
_OTHER: Final = {
    Language.CHINESE: '<a href="/en" lang="en" hreflang="en">English</a>',
    Language.ENGLISH: '<a href="/" lang="zh-Hans" hreflang="zh-Hans">中文</a>',
}
"""The way to the other language."""


class DemoCard(Struct, frozen=True):
    """A card of the estate that a visitor of the page may tap; never whose."""

    number: str
    """Hexadecimal."""
    kind: str
    state: str = ""
    place: str = ""


class GateView(Struct, frozen=True):
    """What is known of one gate now."""

    number: int
    name: str
    """In both languages, Chinese first."""
    link: str
    linked: bool
    car: bool
    status: Mapping[str, Any] | None
    events: Sequence[Mapping[str, Any]]
    names: Names
    noticed: str
    """What the last act came to."""


def whole_page(gates: Sequence[GateView], cards: Sequence[DemoCard], desk: str, language: Language) -> str:
    """The page; it works without its script, which only keeps it fresh."""
    say = language.say
    sections = "".join(_gate(one, cards, language) for one in gates)
    return (
        f'<!doctype html><html lang="{language.value}"><head><meta charset="utf-8">'
        f"<title>{escape(say('Gates'))} · Gatehouse</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/icon.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/page.css"><script src="/page.js" defer></script></head><body>'
        f'<header><h1>{escape(say("Gates"))}</h1><nav><a href="{escape(desk)}/">{escape(say("The desk"))}</a>'
        f"{_OTHER[language]}</nav></header>"
        f"<main>{sections}</main></body></html>"
    )


def live_part(gate: GateView, language: Language) -> str:
    """What changes by itself: picture, words, decisions."""
    status, say = gate.status, language.say
    said = [say("does not answer")] if status is None else words(status, linked=gate.linked, say=say)
    rows = "".join(_event(one, gate.names, say) for one in gate.events)
    return (
        picture(status, car=gate.car, linked=gate.linked, say=say)
        + f'<p class="words">{escape(" · ".join(said))}</p>'
        + f'<p class="noticed" role="status">{escape(say(gate.noticed))}</p>'
        + f"<h3>{escape(say('Last events'))}</h3>"
        + (f'<ol class="events" reversed>{rows}</ol>' if rows else f"<p>{escape(say('Nothing yet.'))}</p>")
    )


def name_of(name: str, language: Language) -> str:
    """A gate's name in one language."""
    chinese, _, english = name.partition(" ")
    return english if english and language is Language.ENGLISH else chinese


def _event(fields: Mapping[str, Any], names: Names, say: Say) -> str:
    """Local time, what, where, why; a decision also has its sign."""
    kind, reason = str(fields["kind"]), str(fields.get("reason", ""))
    sign, shown = "", [kind_word(kind, say)]
    if kind == "tap":
        granted = reason.upper() in Reason.__members__ and Reason[reason.upper()].granted
        sign = "granted" if granted else "refused"
        shown = [("✓ " if granted else "✕ ") + say(sign)]
    shown += [say(names.doors.get(fields.get("door", 0), ""))]
    if reason and reason != Reason.GRANTED.word:
        shown.append(reason_word(reason, say))
    if "credential" in fields:
        shown.append(str(fields["credential"]))
    text = " · ".join(one for one in shown if one)
    time = f"<time>{escape(_time(fields, names))}</time>"
    return f'<li value="{int(fields["number"])}" class="{sign}">{time} {escape(text)}</li>'


def _time(fields: Mapping[str, Any], names: Names) -> str:
    if "time" not in fields:
        return f"+{fields['boottime_ms'] / 1000:.1f} s"
    return datetime.fromisoformat(fields["time"]).astimezone(names.zone).strftime("%H:%M:%S")


def _gate(gate: GateView, cards: Sequence[DemoCard], language: Language) -> str:
    say = language.say
    address = f"{'/en' if language is Language.ENGLISH else ''}/gates/{gate.number}"
    buttons = "".join(_button(name, say(text)) for name, (text, _) in ACTS.items())
    title = f"{escape(name_of(gate.name, language))} <small>{escape(say(gate.link))}</small>"
    return (
        f'<section class="gate"><h2>{title}</h2>'
        f'<div class="live" data-from="{address}">{live_part(gate, language)}</div>'
        f'<form class="tap" action="{address}" method="post">'
        f"{_choice(cards, say)}{_typed(gate.number, say)}{_readers(say)}"
        f'<button class="main" name="act" value="{TAP}">{escape(say("Tap the card"))}</button></form>'
        f'<form class="acts" action="{address}" method="post">{buttons}'
        f"{_button(CABLE, say('Cable to the office, out or in'))}</form></section>"
    )


def _choice(cards: Sequence[DemoCard], say: Say) -> str:
    options = "".join(
        f'<option value="{escape(one.number)}">{escape(_told(one, say))}</option>' for one in cards
    )
    return f'<label>{escape(say("Card"))} <select name="card">{options}</select></label>'


def _told(card: DemoCard, say: Say) -> str:
    words_of = [card.place, say(card.kind), say(card.state) if card.state else ""]
    return f"{' '.join(one for one in words_of if one)} · {card.number}"


def _typed(number: int, say: Say) -> str:
    return (
        f'<label>{escape(say("or its number"))} <input name="number" id="number-{number}" autocomplete="off"'
        ' spellcheck="false" pattern="[0-9A-Fa-f:\\- ]*" maxlength="96"></label>'
    )


def _readers(say: Say) -> str:
    options = "".join(f'<option value="{one}">{escape(say(_READERS[one]))}</option>' for one in READERS)
    return f'<label>{escape(say("Held to the reader"))} <select name="reader">{options}</select></label>'


def _button(name: str, text: str) -> str:
    return f'<button name="act" value="{name}">{escape(text)}</button>'
