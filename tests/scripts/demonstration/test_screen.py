"""The screen: always exactly as large as asked for, whatever stands on it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.demonstration.keys import HELP
from scripts.demonstration.screen import Style, View, cells, draw

DOOR = {"contact": "closed", "mode": "normal", "alarm": "none", "fire": False, "waits_for_companion": False}


def status(**changes: Any) -> dict[str, Any]:
    """A gate at rest, but for ``changes`` of the pedestrian door."""
    return {
        "list": {"version": "1.1"},
        "clock": {"state": "trusted", "utc": 1_800_000_000},
        "doors": {
            "pedestrian": DOOR | {"unlocked": False, "state": "closed"} | changes,
            "barrier": DOOR | {"contact": None, "state": "closed", "loop": "clear"},
        },
        "inputs": {"fire": False, "mains": False},
        "outputs": {"relay1": False, "green1": True},
        "readers": {
            name: {"ok": True, "cause": ""} for name in ("pedestrian_in", "barrier_in", "barrier_out")
        },
    }


def view(**changes: Any) -> View:
    """A view of a gate at rest, but for ``changes``."""
    plain: dict[str, Any] = {
        "gate": "East gate",
        "zone": ZoneInfo("Asia/Shanghai"),
        "status": status(),
        "reader_kind": "PC/SC",
        "at": "pedestrian_in",
        "events": [f"event {number}" for number in range(1, 31)],
        "keys": HELP,
        "message": "The door stands open.",
    }
    return View(**plain | changes)


def test_a_usual_terminal_shows_all_of_it() -> None:
    lines = draw(view(), 80, 24)
    text = [one.text.strip() for one in lines]
    assert [cells(one.text) for one in lines] == [80] * 24
    assert text[0] == "East gate   list 1.1   clock trusted   16:00:00   pedestrian reader: PC/SC"
    assert text[1] == "Pedestrian door  locked   leaf closed   mode normal"
    assert text[2] == "lock[ ]   in: green[*] red[ ] buzzer[ ]"
    assert text[8:16] == [f"event {number}" for number in range(23, 31)]
    assert text[-6:-1] == list(HELP)
    assert text[-1] == "The door stands open."


def test_no_key_of_the_help_is_cut_off_at_80_cells() -> None:
    assert max(map(cells, HELP)) <= 79


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"unlocked": True}, "unlocked"),
        ({"contact": "open", "alarm": "forced"}, "ALARM forced"),
        ({"fire": True}, "released by FIRE"),
        ({"waits_for_companion": True}, "waits for a second card"),
    ],
)
def test_the_state_of_a_door_is_told_in_words(changes: dict[str, Any], told: str) -> None:
    line = draw(view(status=status(**changes)), 80, 24)[1]
    assert told in line.text
    assert (line.style is Style.ALARM) == (told.startswith(("ALARM", "released")))


def test_a_reader_that_is_away_says_why() -> None:
    away = status()
    away["readers"]["pedestrian_in"] = {"ok": False, "cause": "pcscd is not there"}
    assert "in: AWAY, pcscd is not there" in draw(view(status=away), 80, 24)[2].text


def test_a_gate_without_power_or_clock_or_list_is_drawn_all_the_same() -> None:
    assert "NO POWER" in draw(view(status=None), 80, 24)[0].text
    blank = status() | {"list": None, "clock": {"state": "unknown", "utc": None}, "outputs": None}
    assert (
        draw(view(status=blank), 80, 24)[0]
        .text.strip()
        .startswith("East gate   no list   clock unknown   ped")
    )


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.lists(
        st.sampled_from(["东门开了", "\uff46\uff55", "e\u0301", "\x1b[2J", "tab\there", "plain"]), max_size=30
    ),
    st.integers(1, 200),
    st.integers(1, 60),
)
def test_every_size_is_kept_with_wide_combining_and_hostile_characters(
    gate: str, events: list[str], width: int, height: int
) -> None:
    lines = draw(view(gate=gate, events=events, message="访客 " * 30), width, height)
    assert len(lines) == height
    assert [cells(one.text) for one in lines] == [width] * height
    assert all(one.text.isprintable() for one in lines)
    assert lines[-1].style is Style.BAR


def test_a_wide_character_that_would_stick_out_is_left_out_whole() -> None:
    assert draw(view(message="东门"), 4, 24)[-1].text == " 东 "
