"""The list a gate decides by: its own or none, and never younger than it can be."""

from __future__ import annotations

from typing import Any

import pytest

from sync.events import EventKind
from sync.records import GrantKind, Reason
from sync.records.settings import DAY_S
from tests.support.estate import ESTATE_ID, GATE_ID, NOW
from tests.support.gate_estate import BASIC, MAIN_LOCK, OTHER, RESIDENT, grant
from tests.terminal.conftest import MakeRig


@pytest.mark.parametrize(("key", "value"), [("id", GATE_ID + 1), ("estate", ESTATE_ID[::-1].hex())])
def test_the_list_of_another_gate_opens_nothing_and_is_told(
    make_rig: MakeRig, key: str, value: int | str
) -> None:
    """A storage card copied from one gate to the next: its door ids are the same, its cards are not."""

    def moved(document: dict[str, Any]) -> None:
        document["gate"][key] = value

    rig = make_rig(change=moved).start()
    assert rig.tap("in", RESIDENT) is Reason.FAULT
    assert rig.tap("in", RESIDENT) is Reason.FAULT
    assert rig.moved(MAIN_LOCK) == [False]
    (fault,) = rig.events(EventKind.LIST_FAULT)
    assert f"gate {GATE_ID}" in str(fault.detail["cause"])
    assert not rig.events(EventKind.LIST_CHANGED)
    assert "no permission list" in rig.gate.status_line()


def test_its_own_list_ends_the_fault(make_rig: MakeRig) -> None:
    other = {"id": GATE_ID + 1}
    rig = make_rig(change=lambda document: document["gate"].update(other)).start()
    assert rig.tap("in", RESIDENT) is Reason.FAULT
    other["id"] = GATE_ID
    rig.restart()
    rig.publish(BASIC.records)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED


def test_without_wall_time_a_list_that_is_certainly_too_old_lets_no_visitor_in(make_rig: MakeRig) -> None:
    """The floor says how old the list is at least: a dead clock battery makes no list young."""
    rig = make_rig(records=[grant(RESIDENT), grant(OTHER, kind=GrantKind.VISITOR)]).start()
    rig.clock.set_utc(0)
    assert rig.tap("in", OTHER) is Reason.GRANTED  # it may be of today
    rig.gate.keeper.raise_floor(NOW + 10 * DAY_S)
    assert rig.tap("in", OTHER) is Reason.LIST_TOO_OLD
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
