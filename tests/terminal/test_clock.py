"""What a clock reading is worth: anchors, floors, steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.records import ClockState
from terminal import clock
from terminal.clock import (
    JUMP_BOUND_S,
    LATEST_BELIEVABLE,
    RELEASE_FLOOR,
    SET_BACK_MS,
    TRUSTED_UNCERTAINTY_MS,
    Anchor,
    Reading,
    TimeKeeper,
)

BOOT = bytes(range(16))
OTHER_BOOT = bytes(16)
NOW = RELEASE_FLOOR + 1_000_000
DAY_MS = 86_400_000


def reading(boottime_ms: int, system: int) -> Reading:
    return Reading(boottime_ms / 1000, boottime_ms, system * 1000)


def test_a_system_clock_after_the_floor_is_suspect() -> None:
    judged = TimeKeeper(BOOT, floor=NOW, anchor=None).judge(reading(5_000, NOW + 60))
    assert (judged.now.clock, judged.now.utc) == (ClockState.SUSPECT, NOW + 60)


@pytest.mark.parametrize("system", [0, RELEASE_FLOOR - 1, NOW - 1, LATEST_BELIEVABLE])
def test_an_impossible_system_clock_is_unknown(system: int) -> None:
    judged = TimeKeeper(BOOT, floor=NOW, anchor=None).judge(reading(5_000, system))
    assert (judged.now.clock, judged.now.utc, judged.wall_ms) == (ClockState.UNKNOWN, None, None)


def test_the_floor_is_never_before_the_release() -> None:
    assert TimeKeeper(BOOT, floor=0, anchor=None).floor == RELEASE_FLOOR


def test_an_anchor_of_this_boot_is_trusted_whatever_the_system_clock_says() -> None:
    keeper = TimeKeeper(BOOT, floor=NOW, anchor=Anchor(BOOT, 10_000, NOW * 1000, 50))
    judged = keeper.judge(reading(70_000, 0))
    assert (judged.now.clock, judged.now.utc) == (ClockState.TRUSTED, NOW + 60)


@pytest.mark.parametrize(
    "anchor",
    [
        Anchor(OTHER_BOOT, 10_000, NOW * 1000, 50),
        Anchor(BOOT, 99_000, NOW * 1000, 50),
        Anchor(BOOT, 10_000, (NOW - 10_000) * 1000, 50),
        Anchor(BOOT, 10_000, LATEST_BELIEVABLE * 1000, 50),
    ],
    ids=["another boot", "from the future of this boot", "before the floor", "past belief"],
)
def test_an_anchor_that_cannot_be_right_is_not_used(anchor: Anchor) -> None:
    keeper = TimeKeeper(BOOT, floor=NOW, anchor=anchor)
    assert keeper.judge(reading(70_000, NOW + 5)).now.clock is ClockState.SUSPECT


def test_an_anchor_grows_doubtful_with_drift() -> None:
    keeper = TimeKeeper(BOOT, floor=NOW, anchor=Anchor(BOOT, 0, NOW * 1000, TRUSTED_UNCERTAINTY_MS))
    assert keeper.judge(reading(1_000, NOW)).now.clock is ClockState.TRUSTED
    assert keeper.judge(reading(DAY_MS, NOW)).now.clock is ClockState.SUSPECT


def test_an_anchor_a_little_before_the_floor_is_right_within_its_doubt() -> None:
    """The office corrects a clock that ran a second ahead, and with it the floor."""
    keeper = TimeKeeper(BOOT, floor=NOW, anchor=Anchor(BOOT, 0, (NOW - 1) * 1000, 1_000))
    judged = keeper.judge(reading(0, 0))
    assert (judged.now.clock, judged.now.utc) == (ClockState.TRUSTED, NOW)


@pytest.mark.parametrize("back_ms", [1_500, SET_BACK_MS - 1_000])
def test_an_office_whose_clock_was_set_back_a_little_is_believed_and_time_waits_for_it(back_ms: int) -> None:
    keeper = TimeKeeper(BOOT, floor=NOW, anchor=Anchor(BOOT, 0, NOW * 1000, 0))
    assert keeper.judge(reading(60_000, 0)).now.utc == NOW + 60
    corrected = Anchor(BOOT, 60_000, (NOW + 60) * 1000 - back_ms, 10)
    assert keeper.take_anchor(corrected, reading(60_000, 0))
    assert keeper.judge(reading(61_000, 0)).now.utc == NOW + 60, "it never goes back"
    later = keeper.judge(reading(60_000 + back_ms + 5_000, 0)).now
    assert (later.clock, later.utc) == (ClockState.TRUSTED, NOW + 65)


def test_only_trusted_time_raises_the_floor() -> None:
    keeper = TimeKeeper(BOOT, floor=NOW, anchor=None)
    keeper.judge(reading(5_000, NOW + 999_999))
    assert keeper.floor == NOW
    assert keeper.take_anchor(Anchor(BOOT, 5_000, (NOW + 100) * 1000, 0), reading(5_000, NOW))
    keeper.judge(reading(5_000, NOW))
    assert keeper.floor == NOW + 100


def test_a_clock_stepped_back_below_the_floor_becomes_unknown_and_is_reported() -> None:
    keeper = TimeKeeper(BOOT, floor=NOW, anchor=None)
    assert keeper.step_ms(reading(1_000, NOW + 100)) == 0
    assert keeper.step_ms(reading(2_000, NOW + 101)) == 0
    stepped_back = reading(3_000, NOW - 10)
    assert keeper.judge(stepped_back).now.clock is ClockState.UNKNOWN
    assert keeper.step_ms(stepped_back) == -112_000


def test_a_signed_time_far_ahead_is_not_believed_while_the_clock_is_trusted() -> None:
    trusted = TimeKeeper(BOOT, floor=NOW, anchor=Anchor(BOOT, 0, NOW * 1000, 0))
    assert trusted.learn(NOW + JUMP_BOUND_S, reading(0, 0))
    assert not trusted.learn(NOW + JUMP_BOUND_S + 10, reading(0, 0))
    assert trusted.floor == NOW
    assert trusted.judge(reading(1_000, 0)).now.clock is ClockState.TRUSTED


def test_without_a_trusted_clock_a_signed_time_raises_the_floor_within_reason() -> None:
    unsure = TimeKeeper(BOOT, floor=NOW, anchor=None)
    assert unsure.learn(NOW + 100 * JUMP_BOUND_S, reading(0, 0))
    assert not unsure.learn(LATEST_BELIEVABLE, reading(0, 0))
    assert unsure.floor == NOW + 100 * JUMP_BOUND_S


@given(
    floor=st.integers(0, LATEST_BELIEVABLE),
    readings=st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 2**33)), max_size=8),
    anchored=st.booleans(),
)
def test_time_is_never_before_the_floor_and_the_floor_never_falls(
    floor: int, readings: list[tuple[int, int]], anchored: bool
) -> None:
    keeper = TimeKeeper(BOOT, floor=floor, anchor=Anchor(BOOT, 0, NOW * 1000, 0) if anchored else None)
    for boottime_ms, system in readings:
        before = keeper.floor
        judged = keeper.judge(reading(boottime_ms, system))
        assert keeper.floor >= before
        assert judged.now.floor == keeper.floor
        assert judged.now.utc is None or judged.now.utc >= before


def test_the_kernel_answers() -> None:
    first, second = clock.read(), clock.read()
    assert second.monotonic >= first.monotonic
    assert second.boottime_ms >= first.boottime_ms
    assert len(clock.boot_id()) == 16
    assert clock.monotonic() >= second.monotonic


def test_only_the_roots_word_lowers_the_floor_and_it_never_raises_it() -> None:
    wrong = Anchor(BOOT, 0, (NOW + 900 * JUMP_BOUND_S) * 1000, 0)
    keeper = TimeKeeper(BOOT, floor=NOW, anchor=wrong)
    keeper.judge(reading(5_000, NOW))
    assert keeper.floor == NOW + 900 * JUMP_BOUND_S + 5
    keeper.lower_floor(NOW, None)
    judged = keeper.judge(reading(6_000, NOW + 1))
    assert (keeper.floor, judged.now.utc, judged.now.clock) == (NOW, NOW + 1, ClockState.SUSPECT)
    keeper.lower_floor(NOW + 5, None)
    assert keeper.floor == NOW
    keeper.lower_floor(0, None)
    assert keeper.floor == RELEASE_FLOOR
