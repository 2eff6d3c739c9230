"""Which doors a card opens: from its place, and from exceptions that end."""

from __future__ import annotations

import pytest

from office.procedures.rights import ENDS, DoorFact, ExceptionFact, opened_doors
from sync.records import Access, GrantKind, RevocationReason

DOORS = (
    DoorFact(10, 1, "1."),
    DoorFact(11, 1, "1.", for_vehicles=True),
    DoorFact(20, 2, "1.2."),
    DoorFact(21, 2, "1.3."),
    DoorFact(30, 3, None),
)
UNIT = "1.2.5."


@pytest.mark.parametrize(
    ("kind", "place", "doors"),
    [
        (GrantKind.RESIDENT, UNIT, {1: [10], 2: [20]}),
        (GrantKind.VEHICLE, UNIT, {1: [11]}),
        (GrantKind.RESIDENT, None, {}),
        (GrantKind.STAFF, "1.", {1: [10, 11], 2: [20, 21]}),
        (GrantKind.GUARD, "1.2.", {1: [10, 11], 2: [20]}),
        (GrantKind.RESIDENT, "1.22.", {1: [10]}),  # 1.2 is no part of 1.22
    ],
)
def test_doors_follow_from_the_place(kind: GrantKind, place: str | None, doors: dict[int, list[int]]) -> None:
    found = opened_doors(kind, place, DOORS, (), 0)
    assert found == {gate: tuple(Access(one) for one in ids) for gate, ids in doors.items()}


def test_an_exception_adds_or_takes_a_door_until_it_ends() -> None:
    said = (ExceptionFact(30, allows=True, until=100), ExceptionFact(20, allows=False, until=100))
    assert opened_doors(GrantKind.RESIDENT, UNIT, DOORS, said, 99).keys() == {1, 3}
    assert opened_doors(GrantKind.RESIDENT, UNIT, DOORS, said, 100).keys() == {1, 2}


def test_no_reason_for_unpaid_money_exists_and_none_can_be_added() -> None:
    """Civil Code art. 944(3): a gate card is never disabled to collect a fee."""
    assert {one.name for one in RevocationReason} == {
        "LOST",
        "DAMAGED",
        "SUSPENDED",
        "WITHDRAWN",
        "MOVED_OUT",
        "SUPERSEDED",
    }
    assert set(ENDS.values()) <= set(RevocationReason)
    with pytest.raises(TypeError):
        ENDS["arrears"] = RevocationReason.WITHDRAWN  # type: ignore[index]
