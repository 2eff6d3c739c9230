"""Maintenance mode at a whole gate: who opens it, how it ends, what it marks and what it never changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync.events import Event, EventKind
from sync.records import DoorMode, GrantKind, Reason
from sync.statements.order_kinds import MAX_MAINTENANCE_S
from terminal.control import CommandError
from terminal.maintenance import BY_CARD_S
from tests.support.gate_estate import BASIC, CONTACT, FIRE, LOST, MAIN_LOCK, RESIDENT, SIDE, grant
from tests.support.gate_rig import GateRig

TECHNICIAN, ENDED = 20, 21
BEGUN, OVER = EventKind.MAINTENANCE_BEGUN, EventKind.MAINTENANCE_ENDED


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[GateRig]:
    cards = (
        grant(TECHNICIAN, kind=GrantKind.TECHNICIAN),
        grant(ENDED, kind=GrantKind.TECHNICIAN, valid_until=1_000),
    )
    made = GateRig(tmp_path / "gate", records=(*BASIC.records, *cards)).start()
    yield made
    made.close()


def visits(rig: GateRig) -> list[Event]:
    return rig.events(BEGUN, OVER)


def is_open(rig: GateRig) -> bool:
    return rig.gate.maintenance.is_open


def test_a_technicians_card_opens_the_door_and_the_mode_for_an_hour(rig: GateRig) -> None:
    assert rig.tap("in", TECHNICIAN) is Reason.GRANTED
    assert rig.level(MAIN_LOCK) is True
    (begun,) = visits(rig)
    assert (begun.kind, begun.door, begun.reader, begun.issue_id) == (BEGUN, 1, 1, 2000 + TECHNICIAN)
    assert begun.detail == {"by": "card", "seconds": BY_CARD_S}
    assert "maintenance" in rig.gate.status_line()
    rig.advance(BY_CARD_S - 1)
    assert is_open(rig)
    rig.advance(2)
    assert not is_open(rig)
    assert [one.kind for one in visits(rig)] == [BEGUN, OVER]
    assert visits(rig)[-1].detail == {"cause": "time"}
    assert "maintenance" not in rig.gate.status_line()


def test_another_tap_gives_an_hour_from_then_and_never_takes_time_away(rig: GateRig) -> None:
    rig.order("maintenance", seconds=MAX_MAINTENANCE_S, operator="17")
    rig.tap("in", TECHNICIAN)
    assert visits(rig)[-1].detail["seconds"] == pytest.approx(MAX_MAINTENANCE_S, abs=2)
    rig.advance(MAX_MAINTENANCE_S - 60)
    rig.tap("in", TECHNICIAN)
    assert visits(rig)[-1].detail == {"by": "card", "seconds": BY_CARD_S, "renewed": 1}
    rig.advance(BY_CARD_S - 1)
    assert is_open(rig)
    rig.advance(2)
    assert not is_open(rig)


@pytest.mark.parametrize("card", [RESIDENT, LOST, ENDED, 99])
def test_no_other_card_opens_it(rig: GateRig, card: int) -> None:
    rig.tap("in", card)
    assert visits(rig) == []


def test_a_technicians_card_that_is_refused_opens_nothing(rig: GateRig) -> None:
    rig.order("mode", mode="lockdown", operator="17")
    assert rig.tap("in", TECHNICIAN) is Reason.LOCKED_DOWN
    assert visits(rig) == []


def test_where_nobody_judges_the_grant_it_opens_nothing(rig: GateRig) -> None:
    """In free access an ended card passes like everybody; it must not pass for a technician's."""
    rig.order("mode", door="main", mode="free", operator="17")
    for card in (ENDED, TECHNICIAN):
        assert rig.tap("in", card) is Reason.GRANTED_FREE
    assert visits(rig) == []
    assert rig.tap("side", TECHNICIAN) is Reason.GRANTED
    assert visits(rig)[-1].door == SIDE


def test_the_office_opens_and_ends_it(rig: GateRig) -> None:
    assert rig.order("maintenance", seconds=600, operator="17") == {"left_s": 600}
    assert rig.order("status")["maintenance"] == {"open": True, "left_s": 600}
    assert rig.order("maintenance", seconds=0, operator="18") == {"left_s": 0}
    assert [(one.kind, dict(one.detail)) for one in visits(rig)] == [
        (BEGUN, {"by": "17", "seconds": 600}),
        (OVER, {"cause": "order", "by": "18"}),
    ]
    rig.order("maintenance", seconds=0, operator="18")
    assert len(visits(rig)) == 2, "what is over is not ended again"


@pytest.mark.parametrize("seconds", [-1, MAX_MAINTENANCE_S + 1, True, "60", None, 1.5])
def test_odd_times_are_refused(rig: GateRig, seconds: object) -> None:
    with pytest.raises(CommandError, match="seconds"):
        rig.order("maintenance", seconds=seconds, operator="17")
    assert visits(rig) == []


def test_what_a_technician_trips_is_marked_and_what_must_alarm_is_not(rig: GateRig) -> None:
    rig.set_low(CONTACT)
    rig.set_low(CONTACT, False)
    rig.order("maintenance", seconds=600, operator="17")
    rig.set_low(CONTACT)
    rig.set_low(FIRE)
    rig.set_low(FIRE, False)
    rig.tap("in", LOST)
    forced = [one.detail for one in rig.events(EventKind.DOOR_FORCED)]
    assert forced == [{}, {"maintenance": 1}]
    for kind in (EventKind.FIRE, EventKind.INPUT_CHANGED, EventKind.REVOKED_CARD_TAPPED, EventKind.TAP):
        assert all("maintenance" not in one.detail for one in rig.events(kind)), kind
        assert rig.events(kind), kind


def test_residents_pass_as_ever(rig: GateRig) -> None:
    rig.order("maintenance", seconds=600, operator="17")
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert rig.tap("in", LOST) is Reason.LOST
    assert rig.order("status")["doors"]["main"]["mode"] == DoorMode.NORMAL.name.lower()


def test_it_outlives_a_restart_of_the_process_and_ends_with_its_time(rig: GateRig) -> None:
    rig.tap("in", TECHNICIAN)
    rig.restart()
    assert rig.gate.maintenance.is_open
    assert [one.detail.get("maintenance") for one in rig.events(EventKind.STARTED)] == [None, 1]
    rig.advance(BY_CARD_S + 1)
    assert [one.kind for one in visits(rig)] == [BEGUN, OVER]


def test_it_runs_out_while_the_process_is_down(rig: GateRig) -> None:
    rig.tap("in", TECHNICIAN)
    rig.close()
    rig.clock.monotonic += BY_CARD_S + 5
    rig._begin_anew(reboot=False)
    assert not rig.gate.maintenance.is_open
    assert [one.kind for one in visits(rig)] == [BEGUN, OVER]
    assert visits(rig)[-1].detail == {"cause": "time"}


@pytest.mark.parametrize("cut", [False, True])
def test_a_reboot_ends_it_and_says_so(rig: GateRig, cut: bool) -> None:
    rig.tap("in", TECHNICIAN)
    if cut:
        rig.power_cut()
    else:
        rig.restart(reboot=True)
    assert not rig.gate.maintenance.is_open
    assert [one.kind for one in visits(rig)] == [BEGUN, OVER]
    assert visits(rig)[-1].detail == {"cause": "reboot"}
    rig.restart()
    assert len(visits(rig)) == 2


def test_a_counted_technicians_card_opens_it_once_its_use_is_stored(tmp_path: Path) -> None:
    counted = replace(grant(TECHNICIAN, kind=GrantKind.TECHNICIAN), uses=1)
    rig = GateRig(tmp_path / "gate", records=(counted,)).start()
    assert rig.tap("in", TECHNICIAN) is Reason.GRANTED
    assert [one.kind for one in visits(rig)] == [BEGUN]
    rig.gate.maintenance.order(0, "17")
    assert rig.tap("in", TECHNICIAN) is Reason.NO_USES_LEFT
    assert not rig.gate.maintenance.is_open
    rig.close()
