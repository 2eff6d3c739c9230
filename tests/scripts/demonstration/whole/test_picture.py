"""The picture: every state is drawn, and told in words as well."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.demonstration.whole.picture import picture, words
from terminal.core.boom import Phase
from tests.support.gate_status import status


@pytest.mark.parametrize(
    ("changes", "word", "drawn"),
    [
        ({}, "door locked", 'class="leaf locked" points="30,60 100,60'),
        ({"unlocked": True}, "door unlocked", 'class="leaf unlocked"'),
        ({"contact": "open"}, "leaf open", 'points="30,60 62,74'),
        ({"fire": True}, "FIRE: released", ">FIRE<"),
        ({"mains": True}, "mains failed", ">battery<"),
        ({"boom": "open"}, "barrier open", 'class="boom open"'),
        ({"alarm": "forced"}, "alarm: forced", "alarm: forced"),
        ({"mode": "lockdown"}, "door mode: lockdown", "door mode: lockdown"),
        ({"outputs": {"green1": True}}, "door locked", 'lamp green lit" cx="30"'),
        ({"outputs": {"buzzer1": True}}, "door locked", ">buzzer ●<"),
        ({"outputs": {"red2": True}}, "door locked", 'lamp red lit" cx="258"'),
    ],
)
def test_a_state_is_a_word_and_a_shape(changes: dict[str, Any], word: str, drawn: str) -> None:
    told = status(**changes)
    assert word in words(told, linked=True)
    svg = picture(told, car=False, linked=True)
    assert drawn in svg
    assert (drawn in picture(status(), car=False, linked=True)) == (not changes or drawn.startswith("door l"))


def test_a_pulled_cable_and_a_car_are_seen() -> None:
    assert "no cable" in picture(status(), car=False, linked=False)
    assert "cable pulled out" in words(status(), linked=False)
    assert 'class="car"' in picture(status(), car=True, linked=True)
    assert 'class="car"' not in picture(status(), car=False, linked=True)


def test_a_gate_that_does_not_answer_or_has_no_list_is_drawn_all_the_same() -> None:
    assert "no answer" in picture(None, car=True, linked=True)
    assert "no list" in words(status() | {"list": None}, linked=True)


def test_the_boom_rises_step_by_step() -> None:
    tops = {}
    for phase in Phase:
        root = ET.fromstring(picture(status(boom=phase.value), car=False, linked=True))
        (boom,) = (one for one in root.iter("line") if "boom" in one.attrib["class"])
        tops[phase] = int(boom.attrib["y1"]) - int(boom.attrib["y2"])
    assert tops[Phase.CLOSED] == 0 < tops[Phase.STOPPED] < tops[Phase.OPENING] < tops[Phase.OPEN]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_nothing_that_a_gate_says_becomes_markup(text: str) -> None:
    said = status(boom=f"<script>{text}", alarm=f'"><b>{text}', contact=f"<i>{text}")
    svg = picture(said, car=True, linked=True)
    assert "<script" not in svg
    assert "<b>" not in svg
    assert "<i>" not in svg
