from __future__ import annotations

import pytest
from msgspec.structs import replace

from sync.records import ClockState, Direction, PassbackArea, PassbackMode
from terminal.core.passback import Move, Passage, is_binding, judge, last_forgiveness, move
from terminal.core.situation import Now, Position
from tests.support.zones import APIA, BERLIN
from tests.terminal.core.scenes import NOW, SHANGHAI, UNKNOWN, utc

OFF = PassbackArea(7, PassbackMode.OFF)
SOFT = PassbackArea(7, PassbackMode.SOFT)
HARD = PassbackArea(7, PassbackMode.HARD)
TIMED = PassbackArea(7, PassbackMode.TIMED, timeout_s=600)
AT_FOUR = PassbackArea(7, PassbackMode.HARD, forgive_at_minute=4 * 60)
ENTERED = Position(inside=True, order=1, utc=utc("2025-06-18T09:55"), monotonic=700.0)
LEFT = replace(ENTERED, inside=False)


def judged(
    area: PassbackArea, *positions: Position, way: Direction = Direction.IN, now: Now = NOW
) -> Passage:
    return judge(area, way, positions, SHANGHAI, now)


@pytest.mark.parametrize(
    ("area", "last", "way", "expected"),
    [
        (OFF, ENTERED, Direction.IN, Passage.CLEAR),
        (OFF, LEFT, Direction.OUT, Passage.CLEAR),
        (SOFT, ENTERED, Direction.IN, Passage.NOTED),
        (SOFT, LEFT, Direction.IN, Passage.CLEAR),
        (SOFT, ENTERED, Direction.OUT, Passage.CLEAR),
        (SOFT, LEFT, Direction.OUT, Passage.NOTED),
        (HARD, ENTERED, Direction.IN, Passage.REFUSED),
        (HARD, LEFT, Direction.IN, Passage.CLEAR),
        (HARD, LEFT, Direction.OUT, Passage.NOTED),
        (TIMED, ENTERED, Direction.IN, Passage.REFUSED),
        (TIMED, LEFT, Direction.IN, Passage.CLEAR),
        (TIMED, LEFT, Direction.OUT, Passage.CLEAR),
        (HARD, ENTERED, Direction.BOTH, Passage.CLEAR),
    ],
)
def test_modes(area: PassbackArea, last: Position, way: Direction, expected: Passage) -> None:
    assert judged(area, last, way=way) is expected


@pytest.mark.parametrize("area", [OFF, SOFT, HARD, TIMED, AT_FOUR])
@pytest.mark.parametrize("way", [Direction.IN, Direction.OUT])
def test_an_unknown_position_is_forgiven(area: PassbackArea, way: Direction) -> None:
    assert judged(area, way=way) is Passage.CLEAR


def test_the_latest_position_counts_whatever_the_clocks_say() -> None:
    late = replace(LEFT, order=2, utc=0, monotonic=None)
    assert judged(HARD, ENTERED, late) is Passage.CLEAR
    assert judged(HARD, late, ENTERED) is Passage.CLEAR
    assert judged(HARD, replace(ENTERED, order=3), late) is Passage.REFUSED


class TestTimed:
    @pytest.mark.parametrize(
        ("monotonic", "moved_utc", "expected"),
        [
            (400.1, None, Passage.REFUSED),
            (400.0, None, Passage.CLEAR),
            # The boot clock wins over a wall clock that stepped.
            (900.0, utc("2020-01-01"), Passage.REFUSED),
            (100.0, utc("2025-06-18T09:59"), Passage.CLEAR),
            # An earlier boot: by wall time.
            (None, utc("2025-06-18T09:50:01"), Passage.REFUSED),
            (None, utc("2025-06-18T09:50:00"), Passage.CLEAR),
            # Nobody can tell.
            (None, None, Passage.CLEAR),
            (None, utc("2025-06-18T10:01"), Passage.CLEAR),
        ],
    )
    def test_age(self, monotonic: float | None, moved_utc: int | None, expected: Passage) -> None:
        entry = replace(ENTERED, monotonic=monotonic, utc=moved_utc)
        assert judged(TIMED, entry) is expected

    def test_an_earlier_boot_without_wall_time_is_forgiven(self) -> None:
        assert judged(TIMED, replace(ENTERED, monotonic=None), now=UNKNOWN) is Passage.CLEAR


class TestForgiveness:
    @pytest.mark.parametrize(
        ("moved", "now", "expected"),
        [
            ("2025-06-18T03:59:59", "2025-06-18T10:00", Passage.CLEAR),
            ("2025-06-18T04:00:00", "2025-06-18T10:00", Passage.REFUSED),
            ("2025-06-17T23:00:00", "2025-06-18T03:59:59", Passage.REFUSED),
            ("2025-06-17T23:00:00", "2025-06-18T04:00:00", Passage.CLEAR),
        ],
    )
    def test_positions_before_the_minute_are_forgotten(self, moved: str, now: str, expected: Passage) -> None:
        entry = Position(inside=True, order=1, utc=utc(moved), monotonic=None)
        later = Now(5.0, utc(now), 0, ClockState.SUSPECT)
        assert judged(AT_FOUR, entry, now=later) is expected

    @pytest.mark.parametrize(
        ("monotonic", "area", "expected"),
        [
            (999.0, AT_FOUR, Passage.REFUSED),
            (1000.0 - 25 * 3600, AT_FOUR, Passage.CLEAR),
            (1000.0 - 25 * 3600, HARD, Passage.REFUSED),
            (None, AT_FOUR, Passage.CLEAR),
            (None, HARD, Passage.REFUSED),
        ],
    )
    def test_without_wall_time(self, monotonic: float | None, area: PassbackArea, expected: Passage) -> None:
        assert judged(area, replace(ENTERED, monotonic=monotonic), now=UNKNOWN) is expected

    def test_the_last_minute_over_daylight_saving_and_the_date_line(self) -> None:
        half_past_two = 150
        skipped = utc("2025-03-30T03:30", BERLIN)
        assert last_forgiveness(half_past_two, skipped, BERLIN) == skipped
        assert last_forgiveness(half_past_two, skipped - 1, BERLIN) == utc("2025-03-29T02:30", BERLIN)
        first_pass = utc("2025-10-26T02:30", BERLIN)
        assert last_forgiveness(half_past_two, first_pass + 3600, BERLIN) == first_pass
        saturday = utc("2011-12-31T02:00", APIA)
        thursday = utc("2011-12-29T02:30", APIA)
        assert last_forgiveness(half_past_two, saturday, APIA) == thursday


@pytest.mark.parametrize(
    ("area", "way", "expected", "binding"),
    [
        (OFF, Direction.IN, None, False),
        (SOFT, Direction.IN, Move(7, inside=True), False),
        (HARD, Direction.IN, Move(7, inside=True), True),
        (HARD, Direction.OUT, Move(7, inside=False), False),
        (TIMED, Direction.IN, Move(7, inside=True), True),
        (HARD, Direction.BOTH, None, False),
    ],
)
def test_moves(area: PassbackArea, way: Direction, expected: Move | None, binding: bool) -> None:
    made = move(area, way)
    assert made == expected
    assert (made is not None and is_binding(area, made)) == binding
