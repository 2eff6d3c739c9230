"""The brake's numbers, and that its memory equals counting the whole list."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.brake import (
    CANNOT,
    DAY_S,
    FOREVER,
    HORIZON_DAYS,
    HOUR_S,
    BrakeState,
    Conditions,
    Opening,
    Openings,
    baseline,
    judge,
    opens_until,
    rebase,
)
from sync.memory import TrustMemory
from sync.records import Access, Record, RevocationReason, Schedule, Tombstone, Window
from tests.support.estate import NOW, SETTINGS, card, resident


def tombstone(number: int, reason: RevocationReason, *, issue_id: int | None = None) -> Tombstone:
    return Tombstone(1000 + number, issue_id or 2000 + number, card(number), reason, NOW)


@pytest.mark.parametrize(
    ("records", "until"),
    [
        ([], CANNOT),
        ([resident(1)], FOREVER),
        ([resident(1, until=NOW)], NOW),
        ([resident(1, until=NOW), replace(resident(1), grant_id=9)], FOREVER),
        ([resident(1, schedule=1)], FOREVER),
        ([resident(1, schedule=3)], CANNOT),
        ([resident(1, schedule=4)], CANNOT),
        ([resident(1, schedule=5)], FOREVER),
        ([resident(1, door=9)], CANNOT),
        ([replace(resident(1), access=(Access(2), Access(9)))], FOREVER),
        ([replace(resident(1), valid_from=NOW * 2)], FOREVER),
        ([tombstone(1, RevocationReason.LOST)], CANNOT),
        ([tombstone(2, RevocationReason.LOST, issue_id=2001), resident(1)], CANNOT),
        ([tombstone(2, RevocationReason.LOST), resident(1)], FOREVER),
        ([tombstone(2, RevocationReason.WITHDRAWN, issue_id=2001), resident(1)], FOREVER),
    ],
)
def test_until_when_a_credential_opens(records: list[Record], until: int) -> None:
    night = ((1, (Window(0x7F, 0, 60),)),)
    schedules = (*SETTINGS.schedules, Schedule(4, ()), Schedule(5, (), holiday_windows=night))
    assert opens_until(records, Conditions.of(replace(SETTINGS, schedules=schedules))) == until


def residents(count: int) -> list[Opening]:
    return [Opening(bytes((1, number >> 8, number & 0xFF)), CANNOT, FOREVER) for number in range(count)]


def lose(state: BrakeState, everyone: list[Opening], names: range, at: int) -> tuple[BrakeState, bool]:
    gone = [replace(everyone[number], before=FOREVER, after=CANNOT) for number in names]
    verdict = judge(state, gone, at, whole_list=False)
    return verdict.state, verdict.tripped


@pytest.mark.parametrize(
    ("count", "lost", "tripped"),
    [
        (3, 3, False),
        (4, 3, False),
        (4, 4, True),
        (10, 9, False),
        (10, 10, True),
        (11, 10, False),
        (40, 10, False),
        (40, 11, True),
        (100, 20, False),
        (100, 21, True),
        (1000, 200, False),
        (1000, 201, True),
    ],
)
def test_more_than_ten_and_a_fifth_or_everybody(count: int, lost: int, tripped: bool) -> None:
    everyone = residents(count)
    state = baseline(everyone, NOW)
    assert lose(state, everyone, range(lost), NOW + 1)[1] is tripped


def test_slices_within_a_day_add_up_and_the_next_day_counts_anew() -> None:
    everyone = residents(100)
    state = baseline(everyone, NOW)
    for step in range(4):
        state, tripped = lose(state, everyone, range(5 * step, 5 * step + 5), NOW + step * HOUR_S)
        assert not tripped
    assert lose(state, everyone, range(20, 21), NOW + 4 * HOUR_S)[1]
    # A day after the first slice 15 still count, of the 95 who could open then.
    state, tripped = lose(state, everyone, range(20, 24), NOW + DAY_S)
    assert not tripped
    assert lose(state, everyone, range(24, 25), NOW + DAY_S)[1]


def test_issue_times_that_step_back_do_not_shorten_the_day() -> None:
    everyone = residents(100)
    state, _ = lose(baseline(everyone, NOW), everyone, range(20), NOW + HOUR_S)
    assert lose(state, everyone, range(20, 21), NOW - 30 * DAY_S)[1]


def test_everybody_replaced_by_others_is_everybody_lost() -> None:
    everyone = residents(8)
    state = baseline(everyone[:4], NOW)
    swap = [replace(one, before=FOREVER, after=CANNOT) for one in everyone[:4]] + everyone[4:]
    assert judge(state, swap, NOW + 1, whole_list=True).tripped


def test_a_credential_that_opens_again_is_no_loss() -> None:
    everyone = residents(100)
    state, _ = lose(baseline(everyone, NOW), everyone, range(20), NOW + 1)
    state = judge(state, everyone[:5], NOW + 2, whole_list=False).state
    assert not lose(state, everyone, range(20, 25), NOW + 3)[1]


def test_who_merely_expires_is_no_loss() -> None:
    everyone = [replace(one, after=NOW + HOUR_S) for one in residents(50)] + residents(60)[50:]
    state = baseline(everyone, NOW)
    expired = [replace(one, before=NOW + HOUR_S, after=CANNOT) for one in everyone[:50]]
    verdict = judge(state, expired, NOW + 2 * DAY_S, whole_list=False)
    assert (verdict.lost, verdict.openers_then, verdict.tripped) == (0, 10, False)


def test_a_loss_ends_when_the_credential_would_have_expired() -> None:
    everyone = [replace(one, after=NOW + HOUR_S) for one in residents(20)]
    state = baseline([*everyone, *residents(40)[20:]], NOW)
    early = [replace(one, before=NOW + HOUR_S, after=CANNOT) for one in everyone[:10]]
    state = judge(state, early, NOW + 1, whole_list=False).state
    assert judge(state, [], NOW + 2, whole_list=False).lost == 10
    assert judge(state, [], NOW + HOUR_S, whole_list=False).lost == 0


def test_the_manager_starts_a_new_baseline() -> None:
    everyone = residents(100)
    state, tripped = lose(baseline(everyone, NOW), everyone, range(50), NOW + 1)
    assert tripped
    state = rebase(state)
    state, tripped = lose(state, everyone, range(50, 60), NOW + 2)
    assert not tripped
    assert lose(state, everyone, range(60, 61), NOW + 3)[1]


CARDS = st.integers(0, 30)
ENDS = st.sampled_from([CANNOT, FOREVER, *(NOW + days * DAY_S for days in (1, 2, 5, HORIZON_DAYS + 9))])
STEPS = st.lists(st.tuples(st.dictionaries(CARDS, ENDS, max_size=6), st.integers(0, 3 * DAY_S)), max_size=25)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_small_steps_count_like_a_look_at_the_whole_list(steps: list[tuple[dict[int, int], int]]) -> None:
    ends: dict[int, int] = {}
    at = NOW
    state = baseline([], at)
    for changes, later in steps:
        at += later
        openings = [Opening(bytes((1, card)), ends.get(card, CANNOT), end) for card, end in changes.items()]
        ends.update(changes)
        state = judge(state, openings, at, whole_list=False).state
        today = at // DAY_S
        far = state.census.horizon
        exact = sum((end - 1) // DAY_S >= today or (end - 1) // DAY_S > far for end in ends.values())
        assert state.census.openers(at) == exact
        assert all(until > at for until in state.lost.values())
        assert len(state.history) <= 27
        memory = TrustMemory(state, 3, frozenset((b"12345678",)), (b"signed",))
        assert TrustMemory.decode(memory.encode()) == memory


@given(
    st.lists(
        st.tuples(
            st.binary(min_size=1, max_size=65), st.integers(CANNOT, FOREVER), st.integers(CANNOT, FOREVER)
        )
    )
)
def test_openings_come_out_of_their_columns_as_they_went_in(rows: list[tuple[bytes, int, int]]) -> None:
    openings = Openings()
    for row in rows:
        openings.add(*row)
    for _ in range(2):  # the brake goes through them more than once
        assert [(one.key, one.before, one.after) for one in openings] == rows
