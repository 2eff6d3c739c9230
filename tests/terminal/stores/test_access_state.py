from __future__ import annotations

import pytest

from terminal.core.situation import Position
from terminal.stores.access_state import (
    AccessState,
    Rows,
    SavedPosition,
    Spend,
    SpendRefusedError,
    Staging,
    StateChange,
    all_void,
    view,
)
from tests.terminal.stores.usage_support import BOOT


def after(rows: Rows, *changes: StateChange) -> AccessState:
    staging = Staging(rows)
    for change in changes:
        staging.add(change)
    result = dict(rows)
    staging.apply_to(result)
    return view(result)


def test_uses_add_up_over_entries_of_one_transaction() -> None:
    spend = StateChange(spends=(Spend(5, limit=3),))
    assert after({}, spend, spend, spend).used == {5: 3}
    with pytest.raises(SpendRefusedError, match="3 of 3 uses are spent"):
        after({}, spend, spend, spend, spend)


@pytest.mark.parametrize(
    "spends",
    [
        (Spend(5, limit=1), Spend(5, limit=1)),
        (Spend(5, limit=1, uses=2),),
        (Spend(6, limit=9), Spend(5, limit=0)),
        (Spend(5, limit=9, uses=0),),
        (Spend(5, limit=9, uses=-1),),
    ],
)
def test_a_refused_spend_stages_nothing(spends: tuple[Spend, ...]) -> None:
    staging = Staging({})
    with pytest.raises(SpendRefusedError):
        staging.add(StateChange(spends=spends, latches={"lockdown": b"1"}))
    assert staging.changes == {}


def test_a_void_grant_refuses_whatever_its_limit() -> None:
    with pytest.raises(SpendRefusedError, match="re-issue"):
        after({}, StateChange(void=frozenset({5})), StateChange(spends=(Spend(5, limit=100),)))


def test_after_a_loss_every_grant_is_void_until_it_is_known_which_there_are() -> None:
    spend = StateChange(spends=(Spend(6, limit=1),))
    with pytest.raises(SpendRefusedError, match="re-issue"):
        after(all_void(), spend)
    known = after(all_void(), StateChange(void=frozenset({5})), spend)
    assert not known.all_void
    assert known.void == {5}
    assert known.used == {6: 1}
    assert after(all_void(), StateChange(void=frozenset()), spend).used == {6: 1}


def test_what_could_not_be_stored_in_time_is_stored_as_one_change() -> None:
    first = StateChange(void=frozenset({5}), latches={"lockdown": b"1"})
    for second in (StateChange(), StateChange(latches={"lockdown": None})):
        assert after(all_void(), first.then(second)) == after(all_void(), first, second)
    assert after(all_void(), StateChange().then(first)).void == {5}
    assert StateChange(void=frozenset())


def test_positions_and_latches_come_back_as_they_were_and_can_be_cleared() -> None:
    here = SavedPosition(inside=True, order=9, utc=None, boot_id=BOOT, monotonic_ms=1500)
    there = SavedPosition(inside=False, order=10, utc=1_800_000_000, boot_id=BOOT, monotonic_ms=0)
    kept = StateChange(positions={(1, 7): here, (2, 7): there}, latches={"fire": b"\x01", "floor": b""})
    assert after({}, kept).positions == {(1, 7): here, (2, 7): there}
    assert after({}, kept).latches == {"fire": b"\x01", "floor": b""}
    cleared = after({}, kept, StateChange(positions={(1, 7): None}, latches={"fire": None}))
    assert cleared.positions == {(2, 7): there}
    assert cleared.latches == {"floor": b""}


def test_the_monotonic_clock_of_another_boot_says_nothing() -> None:
    saved = SavedPosition(inside=True, order=9, utc=5, boot_id=BOOT, monotonic_ms=1500)
    assert saved.seen_in(BOOT) == Position(inside=True, order=9, utc=5, monotonic=1.5)
    assert saved.seen_in(bytes(16)) == Position(inside=True, order=9, utc=5, monotonic=None)
