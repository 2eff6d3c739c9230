"""Codes of the records are shown in words of both languages, and every code has its words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from office.desk.gate_words import fact_words, value_words, why_word
from office.desk.trail_words import ACTIONS, action_word, subject_page, subject_word
from office.hub.planner import Why
from sync.records import ClockState, DoorMode
from terminal.core.boom import Phase
from terminal.core.door import Condition
from terminal.core.signals import Alarm

OFFICE = Path(__file__).resolve().parents[3] / "office"
WRITERS = {"record": 3, "_noted": 2, "_saved": 2, "saved": 3, "_record": 0, "_note": 1}
"""Functions that write into the trail, and which of their arguments says what was done."""
FAMILIES = {"issue ", "payment ", "reported ", "slip ", "ordered ", "no answer to "}
"""Beginnings of actions whose ends are members of an enumeration."""


def written() -> Iterator[tuple[str, str]]:
    """Every action that the code writes as a plain text, and the beginnings of the composed ones."""
    for path in [*OFFICE.glob("casework/*.py"), *OFFICE.glob("exchange/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            place = WRITERS.get(getattr(node.func, "id", getattr(node.func, "attr", "")))
            if place is None or len(node.args) <= place:
                continue
            for part in ast.walk(node.args[place]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value, path.name


def test_every_action_of_the_trail_has_its_words() -> None:
    found = list(written())
    assert len(found) > 60
    assert {one for one in found if one[0] not in ACTIONS and one[0] not in FAMILIES} == set()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_word_is_translated(language: str) -> None:
    with translation.override(language):
        chinese = {code: bool(re.search(r"[\u4e00-\u9fff]", str(said))) for code, said in ACTIONS.items()}
        assert set(chinese.values()) == {language != "en"}, chinese


def test_what_was_done_to_what_is_said_and_linked() -> None:
    with translation.override("zh-hans"):
        assert action_word("issue activate") == "卡生效"
        assert action_word("ordered open") == "门岗指令： open"
        assert action_word("of a later version") == "of a later version"
        assert subject_word("losscase:7") == "挂失/报损 #7"
        assert subject_word("martian:7") == "martian:7"
    assert subject_page("losscase:7") == "/cases/7/"
    assert subject_page("statistics:2026@2026-11-26") == "/statistics/?year=2026"
    assert subject_page("person:x") == subject_page("banner:1") == ""


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (("clock", "suspect"), ("时钟", "不可信")),
        ("gate: away", ("控制程序", "离线")),
        (("door north", "closed, normal, alarm none"), ("门 north", "关、正常模式、无报警")),
        (("reader front", "away: unplugged"), ("读卡器 front", "离线: unplugged")),
        (("of a later version", "xyz"), ("of a later version", "xyz")),
    ],
)
def test_what_a_gate_tells_is_said_in_words(fact: tuple[str, str] | str, said: tuple[str, str]) -> None:
    with translation.override("zh-hans"):
        assert fact_words(fact) == said


def test_every_state_that_a_gate_knows_has_its_words() -> None:
    states = [one.value for one in (*Condition, *Phase)] + [
        one.name.lower() for one in (*ClockState, *DoorMode)
    ]
    states += [f"alarm {one.value}" for one in Alarm]
    with translation.override("zh-hans"):
        assert [one for one in states if value_words(one) == one] == []


def test_every_reason_to_wait_has_its_words() -> None:
    with translation.override("zh-hans"):
        assert [one for one in Why if why_word(one.value) == one.value] == []
