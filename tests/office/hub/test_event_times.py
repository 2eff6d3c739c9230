"""Event times of an unknown clock: right within what is claimed, whatever the crystal does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.hub.event_times import (
    MAX_DRIFT_PPM,
    CorrectedTime,
    anchor_from_pulse,
    corrected,
    drift,
    event_time,
)
from office.hub.facts import BootAnchor
from sync.events import Event, EventKind
from sync.records import ClockState

BOOT = bytes(16)
BEGAN_MS = 1_800_000_000_000
DAY_MS = 86_400_000


@given(
    ppm=st.integers(-MAX_DRIFT_PPM, MAX_DRIFT_PPM),
    at=st.integers(0, 40 * DAY_MS),
    pulses=st.lists(
        st.tuples(st.integers(0, 40 * DAY_MS), st.integers(0, 5000), st.integers(0, 100)), max_size=6
    ),
)
def test_the_true_time_lies_within_what_is_claimed(
    ppm: int, at: int, pulses: list[tuple[int, int, int]]
) -> None:
    """``pulses``: boot time asked, round trip, and where within it (per cent) the hub answered."""

    def true_utc(boottime_ms: int) -> float:
        return BEGAN_MS + boottime_ms * (1 + ppm / 1e6)

    anchors = []
    for asked, trip, share in pulses:
        utc_ms = int(true_utc(asked + trip * share // 100))
        anchor = anchor_from_pulse(asked, asked + trip, utc_ms)
        assert anchor is not None
        anchors.append(anchor)
    found = corrected(sorted(anchors), at)
    if not pulses:
        assert found is None
        return
    assert found is not None
    assert (
        abs(found.utc_ms - true_utc(at)) <= found.uncertainty_ms + 2
    )  # both clocks count whole milliseconds


def test_a_second_anchor_narrows_the_time_between() -> None:
    first, last = BootAnchor(0, BEGAN_MS, 20), BootAnchor(DAY_MS, BEGAN_MS + DAY_MS, 20)
    alone = corrected([first], DAY_MS * 3 // 4)
    both = corrected([first, last], DAY_MS * 3 // 4)
    assert alone is not None
    assert both is not None
    assert both.uncertainty_ms < alone.uncertainty_ms / 2


def test_anchors_that_contradict_each_other_are_told_by_the_uncertainty() -> None:
    honest, set_back = BootAnchor(0, BEGAN_MS, 5), BootAnchor(1000, BEGAN_MS - 3_600_000, 5)
    found = corrected([honest, set_back], 500)
    assert found is not None
    assert found.uncertainty_ms >= 1_800_000 - 10
    assert abs(found.utc_ms - BEGAN_MS) <= found.uncertainty_ms + 1000


def test_an_answer_before_its_question_is_no_anchor() -> None:
    assert anchor_from_pulse(1000, 999, BEGAN_MS) is None


@pytest.mark.parametrize(
    ("clock", "wall_ms", "anchors", "expected"),
    [
        (ClockState.TRUSTED, BEGAN_MS, [], CorrectedTime(BEGAN_MS, 1000)),
        (ClockState.SUSPECT, BEGAN_MS, [], None),
        (ClockState.UNKNOWN, None, [], None),
        (ClockState.UNKNOWN, None, [BootAnchor(400, BEGAN_MS, 7)], CorrectedTime(BEGAN_MS + 100, 8)),
        (ClockState.SUSPECT, 5, [BootAnchor(400, BEGAN_MS, 7)], CorrectedTime(BEGAN_MS + 100, 8)),
    ],
)
def test_an_event_is_dated_by_the_best_that_is_known(
    clock: ClockState, wall_ms: int | None, anchors: list[BootAnchor], expected: CorrectedTime | None
) -> None:
    assert event_time(Event(EventKind.TAP, BOOT, 500, wall_ms, clock), anchors) == expected


@pytest.mark.parametrize(
    ("gained_ms", "ppm", "suspicious"),
    [(0, 0, False), (4_320, 50, False), (86_400, 1000, True), (-86_400, -1000, True)],
)
def test_drift_is_measured_and_what_no_crystal_does_is_seen(
    gained_ms: int, ppm: int, suspicious: bool
) -> None:
    anchors = [BootAnchor(0, BEGAN_MS, 5), BootAnchor(DAY_MS, BEGAN_MS + DAY_MS + gained_ms, 5)]
    found = drift(anchors)
    assert found is not None
    assert found.ppm == pytest.approx(ppm)
    assert found.suspicious is suspicious
    assert drift(anchors[:1]) is None
