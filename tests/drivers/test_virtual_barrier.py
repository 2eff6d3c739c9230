"""The barrier that tests and the demonstration share, alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.virtual_barrier import DRIVE_S, LOW, Order, VirtualBarrier

TRAVEL_S = 4.0


def raised() -> VirtualBarrier:
    barrier = VirtualBarrier(travel_s=TRAVEL_S)
    barrier.order(Order.OPEN, 0.0)
    barrier.on_time(TRAVEL_S)
    return barrier


def test_boom_takes_its_time_both_ways_and_rests_at_the_ends() -> None:
    barrier = raised()
    assert (barrier.lets_through, barrier.next_deadline()) == (True, None)
    barrier.order(Order.CLOSE, 10.0)
    assert barrier.next_deadline() == 10.0 + TRAVEL_S
    barrier.on_time(12.0)
    assert (barrier.position, barrier.is_down) == (0.5, False)
    barrier.on_time(100.0)
    assert (barrier.is_down, barrier.next_deadline()) == (True, None)


def test_stop_holds_it_where_it_is_and_open_turns_it_round() -> None:
    barrier = raised()
    barrier.order(Order.CLOSE, 10.0)
    barrier.order(Order.STOP, 11.0)
    barrier.on_time(60.0)
    assert barrier.position == 0.75
    barrier.order(Order.CLOSE, 60.0)
    barrier.order(Order.OPEN, 61.0)
    assert barrier.next_deadline() == 63.0


@pytest.mark.parametrize("position", [0.9, LOW, 0.1])
def test_boom_that_meets_a_vehicle_counts_it_and_turns_round(position: float) -> None:
    barrier = VirtualBarrier(travel_s=TRAVEL_S, position=position)
    barrier.order(Order.CLOSE, 0.0)
    barrier.arrive()
    barrier.on_time(30.0)
    assert (barrier.hits, barrier.lets_through) == (1, True)


def test_nothing_is_hit_by_a_boom_that_lies_down_already() -> None:
    barrier = VirtualBarrier(travel_s=TRAVEL_S)
    barrier.arrive()
    barrier.order(Order.CLOSE, 0.0)
    barrier.on_time(30.0)
    assert (barrier.hits, barrier.is_down) == (0, True)


def test_vehicle_drives_only_under_a_raised_boom_and_leaves_the_loop_behind_it() -> None:
    barrier = VirtualBarrier(travel_s=TRAVEL_S)
    barrier.arrive()
    assert not barrier.drive_through(1.0)
    barrier.order(Order.OPEN, 1.0)
    assert not barrier.drive_through(2.0)
    assert barrier.drive_through(1.0 + TRAVEL_S)
    barrier.on_time(1.0 + TRAVEL_S + DRIVE_S)
    assert not barrier.vehicle_is_there


def test_jammed_boom_stays_whatever_it_is_told() -> None:
    barrier = VirtualBarrier(travel_s=TRAVEL_S, is_jammed=True)
    barrier.order(Order.OPEN, 0.0)
    barrier.on_time(60.0)
    assert (barrier.position, barrier.next_deadline()) == (0.0, None)


ACTS = st.sampled_from([*Order, "arrive", "drive off", "drive through"])


@given(st.lists(st.tuples(st.floats(0, 9), ACTS), max_size=20), st.floats(0, 20))
def test_however_finely_time_is_cut_the_same_happens(steps: list[tuple[float, object]], rest: float) -> None:
    coarse, fine = VirtualBarrier(travel_s=TRAVEL_S), VirtualBarrier(travel_s=TRAVEL_S)
    now = 0.0
    for after, act in [*steps, (rest, "arrive")]:
        for part in range(1, 4):
            fine.on_time(now + after * part / 4)
        now += after
        for one in (coarse, fine):
            one.on_time(now)
            match act:
                case Order():
                    one.order(act, now)
                case "arrive":
                    one.arrive()
                case "drive off":
                    one.drive_off()
                case _:
                    one.drive_through(now)
    assert coarse.hits == fine.hits
    assert coarse.position == pytest.approx(fine.position, abs=1e-6)
    assert coarse.vehicle_is_there is fine.vehicle_is_there
