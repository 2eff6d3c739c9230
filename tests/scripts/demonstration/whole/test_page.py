"""The gate page in both languages: all it says has a Chinese word, and English is the sources' own."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

import pytest

from scripts.demonstration.event_text import Names
from scripts.demonstration.whole.acts import ACTS
from scripts.demonstration.whole.page import DemoCard, GateView, live_part, name_of, whole_page
from scripts.demonstration.whole.words import KINDS, REASONS, Language
from sync.events import EventKind
from sync.records import Reason
from tests.support.gate_status import status

NAMES = Names("north", {11: "pedestrian"}, UTC)
CARDS = [DemoCard("04A10001", "resident", "active", "1栋 101"), DemoCard("0BADCA4D", "on no list")]
LATIN = re.compile(r"[A-Za-z]{2,}")
NOT_WORDS = {"TLS", "English", "iso", "BADCA", "Gatehouse"}


def view(events: list[dict[str, Any]], noticed: str = "", **changes: Any) -> GateView:
    return GateView(
        number=1,
        name="北门 North gate",
        link="TLS over the network",
        linked=True,
        car=False,
        status=status(**changes),
        events=events,
        names=NAMES,
        noticed=noticed,
    )


def event(kind: str, reason: str = "", number: int = 7) -> dict[str, Any]:
    told: dict[str, Any] = {"number": number, "kind": kind, "time": "2026-11-26T06:00:00Z", "door": 11}
    return told | ({"reason": reason, "credential": "iso14443a:04A10001"} if reason else {})


def read(html: str) -> str:
    """What a person reads, attributes that are read out included."""
    said = " ".join(re.findall(r'(?:aria-label|title)="([^"]*)"', html))
    return re.sub(r"<[^>]*>", " ", html) + " " + said


def test_every_kind_and_reason_has_a_chinese_word() -> None:
    assert set(KINDS) == set(EventKind)
    assert set(REASONS) == set(Reason)


@pytest.mark.parametrize(
    "changes",
    [{}, {"unlocked": True, "contact": "open"}, {"fire": True, "mains": True}, {"alarm": "held_soon"}]
    + [{"boom": one} for one in ("open", "opening", "closing", "stopped")]
    + [{"mode": one} for one in ("free", "lockdown")],
)
def test_no_english_is_left_on_the_chinese_page(changes: dict[str, Any]) -> None:
    events = [event(one.name.lower()) for one in EventKind] + [event("tap", one.word) for one in Reason]
    page = whole_page([view(events, "The door is shut.", **changes)], CARDS, "http://desk", Language.CHINESE)
    assert '<html lang="zh-Hans">' in page
    assert set(LATIN.findall(read(page))) - NOT_WORDS == set()


@pytest.mark.parametrize("name", ACTS)
def test_every_act_has_its_button_in_both_languages(name: str) -> None:
    words = ACTS[name][0]
    chinese, english = (whole_page([view([])], CARDS, "http://desk", one) for one in Language)
    assert f'value="{name}">{words}<' in english
    assert f'value="{name}"' in chinese
    assert words not in chinese


def test_a_decision_is_a_sign_a_word_and_a_colour() -> None:
    shown = live_part(view([event("tap", "granted", 9), event("tap", "lost", 8)]), Language.CHINESE)
    assert '<li value="9" class="granted"><time>06:00:00</time> ✓ 放行 · 人行门' in shown
    assert '<li value="8" class="refused"><time>06:00:00</time> ✕ 拒绝 · 人行门 · 已挂失' in shown


def test_each_page_leads_to_the_other_and_stays_in_its_language() -> None:
    chinese, english = (whole_page([view([])], CARDS, "http://desk", one) for one in Language)
    assert 'href="/en"' in chinese
    assert 'action="/gates/1"' in chinese
    assert 'href="/"' in english
    assert english.count("/en/gates/1") == 3
    assert name_of("北门 North gate", Language.ENGLISH) == "North gate"
    assert name_of("北门 North gate", Language.CHINESE) == "北门"


def test_nothing_that_is_told_becomes_markup() -> None:
    hostile = "<script>x</script>"
    shown = live_part(view([event("tap", hostile)], hostile), Language.CHINESE)
    shown += whole_page([view([])], [DemoCard("04", hostile, hostile, hostile)], hostile, Language.ENGLISH)
    assert "<script>x" not in shown
