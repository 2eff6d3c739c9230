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
    view,
    void_rows,
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
        after(void_rows([5]), StateChange(spends=(Spend(5, limit=100),)))
    assert after(void_rows([5]), StateChange(spends=(Spend(6, limit=1),))).used == {6: 1}


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
