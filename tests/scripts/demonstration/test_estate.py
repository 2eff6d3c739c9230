"""The demonstration's estate is the documented example, and tells the same story at any time of day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from office.cards_file import load_cards
from office.estate_file import load_estate
from scripts.demonstration.attachments import simulated
from scripts.demonstration.cards import CARDS, OFF_HOURS, UNKNOWN, WITH_PIN, role_of
from scripts.demonstration.estate import EXAMPLE, FOR_A_PERSON, FOR_THE_STORY, prepare
from sync.records import ClockState
from terminal import clock
from terminal.core.rules import compile_rules
from terminal.core.schedule import Hours, inside
from terminal.stores.time_anchor import load_time

BOOTTIME_MS = 5_000
HOUR_S = 3600


def reading(system_ms: int) -> clock.Reading:
    """The clocks of a machine that has just started."""
    return clock.Reading(5.0, BOOTTIME_MS, system_ms)


def test_every_card_but_three_stands_in_the_documented_example() -> None:
    listed = {one.credential for one in load_cards(load_estate(EXAMPLE))}
    assert {card for card in CARDS if card.text not in {str(one) for one in listed}} == {
        OFF_HOURS,
        UNKNOWN,
        WITH_PIN,
    }
    assert len({card.key for card in CARDS}) == len(CARDS)
    assert [role_of(card.text) for card in CARDS] == [card.role for card in CARDS]
    assert role_of("iso14443a:ff") == "iso14443a:ff"


@pytest.mark.parametrize("hour", [0, 9, 11, 13, 22, 23])
def test_the_off_hours_card_is_off_whatever_the_time_of_day(hour: int, tmp_path: Path) -> None:
    now = int(datetime(2027, 3, 1, hour, 30, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp())
    prepare(tmp_path, reading(now * 1000), reader=simulated(""), pace=FOR_THE_STORY)
    estate = load_estate(tmp_path / "estate.toml")
    rules = compile_rules(estate.gates["east"].settings, estate.zone)
    (card,) = (one for one in load_cards(estate) if str(one.credential) == OFF_HOURS.text)
    assert card.schedule is not None
    plan = rules.plans[card.schedule]
    assert {inside(plan, {}, now + hours * HOUR_S, estate.zone) for hours in range(11)} == {Hours.OUTSIDE}
    assert inside(plan, {}, now + 12 * HOUR_S, estate.zone) is Hours.INSIDE


@pytest.mark.parametrize("system_ms", [0, clock.RELEASE_FLOOR * 1000 + 123, 1_900_000_000_000])
def test_the_gate_trusts_the_clock_on_any_machine(system_ms: int, tmp_path: Path) -> None:
    prepare(tmp_path, reading(system_ms), reader=simulated(""), pace=FOR_A_PERSON)
    saved = load_time(tmp_path / "state" / "sync")
    keeper = clock.TimeKeeper(clock.boot_id(), floor=saved.floor, anchor=saved.anchor)
    now = keeper.judge(reading(system_ms)).now
    assert now.clock is ClockState.TRUSTED
    assert now.utc == max(system_ms // 1000, clock.RELEASE_FLOOR)
