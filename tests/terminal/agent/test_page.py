"""What page and console show: everything that matters, nothing of a person, nothing that could act."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace

from sync.events import EventKind
from sync.records import ClockState
from terminal.agent.facts import EVENTS_SHOWN, SAFE_DETAILS, facts, shown
from terminal.agent.page import REFRESH_S, page_html, page_text
from terminal.clock import Judged
from terminal.core.situation import Now
from tests.support.estate import NOW
from tests.support.page_sources import SOURCES, TAP


class Page(HTMLParser):
    """Tags, and the text in between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def test_the_page_shows_what_matters() -> None:
    html = page_html(facts(SOURCES))
    text = Page(html).text
    for said in (
        "list 1.4",
        "confirmed 2.0 h ago",
        "for another 30 min",
        "trusted: 2027-01-15 08:00:00 UTC",
        "open, mode normal, contact open, FIRE, ALARM forced",
        "the cable <b>is</b> cut",
        "connected",
        "garbled",
        "refused: rollback",
        "provisional",
        "tap, door 1, reader 2, reason wrong_door",
        "gatehouse 0.1.0",
    ):
        assert said in text, said
    assert f'content="{REFRESH_S}"' in html
    assert 'name="viewport"' in html


def test_nothing_on_it_acts_or_comes_from_elsewhere() -> None:
    html = page_html(facts(SOURCES))
    allowed = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "table", "tr", "th", "td"}
    assert set(Page(html).tags) == allowed
    assert "North &lt;gate&gt;" in html
    assert "url(" not in html


def test_console_and_page_say_the_same() -> None:
    found = facts(SOURCES)
    words = re.findall(r"\w+", page_text(found).lower())
    on_page = re.findall(r"\w+", Page(page_html(found)).text.lower())
    assert set(words) - set(on_page) == set()
    assert "\N{REPLACEMENT CHARACTER}" in page_text({**found, "name": "a\x1b[2J"})


@pytest.mark.parametrize("show", [page_html, page_text, repr])
def test_no_card_no_holder_and_no_word_of_a_person(show: Any) -> None:
    page = show(facts(SOURCES)).lower()
    for secret in ("04a1b2c3", "2042", "1042", "somebody", "companion", "operator"):
        assert secret not in page, secret


def test_a_silent_alarm_stays_silent() -> None:
    forced = replace(SOURCES, events=lambda _count: [(1, replace(TAP, kind=EventKind.DURESS)), (2, TAP)])
    assert [one["kind"] for one in facts(forced)["events"]] == ["tap"]


def test_details_are_shown_by_name_only() -> None:
    event = replace(TAP, detail={"input": "mains", "active": 1, "note": "secret", "cause": b"\x01\x02"})
    assert shown(1, event)["detail"] == {"input": "mains", "active": 1, "cause": "0102"}
    assert not SAFE_DETAILS & {"operator", "by", "reason", "why", "slip", "companion", "unreadable"}


def test_a_gate_that_is_away_or_knows_no_time_is_shown_as_such() -> None:
    away = replace(
        SOURCES,
        gate=dict,
        line=lambda: None,
        judged=lambda: Judged(Now(1.0, None, NOW, ClockState.UNKNOWN), 1_000, None),
        events=lambda _count: [(1, replace(TAP, wall_ms=None)), (2, replace(TAP, wall_ms=1 << 62))],
    )
    text = page_text(facts(away))
    for said in ("does not run", "unknown: no time", "none: every card is refused", "boot + 5 s"):
        assert said in text, said


def test_no_more_events_are_asked_for_than_are_shown() -> None:
    assert len(facts(SOURCES)["events"]) == EVENTS_SHOWN
