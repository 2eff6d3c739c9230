"""Anti-passback areas and interlocks at a whole gate: who may not enter twice, which doors not together."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sync.events import EventKind
from sync.records import (
    DoorPolicy,
    GrantKind,
    ListSettings,
    PassbackArea,
    PassbackMode,
    Reason,
)
from terminal.control import CommandError
from tests.support.gate_estate import (
    BASIC,
    DOORS,
    MAIN,
    MAIN_LOCK,
    ONE_USE,
    OTHER,
    RESIDENT,
    SIDE,
    SIDE_CONTACT,
    SIDE_LOCK,
    grant,
)
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig


def with_area(mode: PassbackMode, **extras: int) -> ListSettings:
    area = PassbackArea(1, mode, **extras)
    doors = (DoorPolicy(MAIN, area_in=1), DoorPolicy(SIDE, area_in=1))
    return replace(BASIC.settings, doors=doors, areas=(area,))


HARD = with_area(PassbackMode.HARD)
SOFT = with_area(PassbackMode.SOFT)
TIMED = with_area(PassbackMode.TIMED, timeout_s=600)
AIRLOCK = replace(BASIC.settings, doors=DOORS, interlocks=((MAIN, SIDE),))


def gate(make_rig: MakeRig, settings: ListSettings) -> GateRig:
    return make_rig(settings=settings).start()


def test_hard_nobody_enters_twice_without_leaving(make_rig: MakeRig) -> None:
    rig = gate(make_rig, HARD)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert rig.tap("in", RESIDENT) is Reason.PASSBACK
    assert rig.tap("side", RESIDENT) is Reason.PASSBACK
    assert rig.moved(SIDE_LOCK) == [False]
    assert rig.tap("out", RESIDENT) is Reason.GRANTED
    assert rig.tap("in", RESIDENT) is Reason.GRANTED


@pytest.mark.parametrize("end", [GateRig.restart, GateRig.power_cut])
def test_hard_a_recorded_entry_counts_after_a_new_start(make_rig: MakeRig, end: object) -> None:
    rig = gate(make_rig, HARD)
    rig.tap("in", RESIDENT)
    assert callable(end)
    end(rig)
    assert rig.tap("in", RESIDENT) is Reason.PASSBACK
    assert rig.tap("in", OTHER) is Reason.GRANTED


def test_hard_an_entry_is_on_disk_before_the_relay_moves_but_leaving_never_waits(make_rig: MakeRig) -> None:
    rig = gate(make_rig, HARD)
    rig.disk.hold()
    rig.present("in", RESIDENT)
    rig.turn()
    assert rig.disk.held.wait(10)
    rig.turn()
    assert rig.moved(MAIN_LOCK) == [False]
    rig.present("out", OTHER)
    rig.turn()
    assert rig.level(MAIN_LOCK) is True


def test_hard_an_entry_that_cannot_be_stored_is_a_fault_and_leaves_no_trace(make_rig: MakeRig) -> None:
    rig = gate(make_rig, HARD)
    rig.disk.broken = True
    rig.present("in", RESIDENT)
    rig.until("the fault is shown", lambda: rig.level("red1") is True)
    assert rig.moved(MAIN_LOCK) == [False]
    rig.disk.broken = False
    rig.advance(30)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED


def test_soft_a_breach_opens_and_is_told(make_rig: MakeRig) -> None:
    rig = gate(make_rig, SOFT)
    rig.tap("in", RESIDENT)
    assert not rig.events(EventKind.PASSBACK_BREACH)
    rig.restart()
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    (breach,) = rig.events(EventKind.PASSBACK_BREACH)
    assert breach.grant_id == 1000 + RESIDENT


def test_timed_a_second_entry_is_refused_for_a_while_over_a_restart(make_rig: MakeRig) -> None:
    rig = gate(make_rig, TIMED)
    rig.tap("in", RESIDENT)
    rig.advance(300)
    rig.restart(reboot=True)
    assert rig.tap("in", RESIDENT) is Reason.PASSBACK
    rig.advance(300)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED


def test_timed_a_step_of_the_wall_clock_changes_nothing(make_rig: MakeRig) -> None:
    rig = gate(make_rig, TIMED)
    rig.tap("in", RESIDENT)
    rig.clock.step(3600)
    assert rig.tap("in", RESIDENT) is Reason.PASSBACK


def test_forgiving_by_command_lets_everybody_in_and_stays_forgiven(make_rig: MakeRig) -> None:
    rig = gate(make_rig, HARD)
    rig.tap("in", RESIDENT)
    assert rig.order("forgive", operator="clerk 3") == {"forgiven": 1}
    rig.restart()
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    (event,) = rig.events(EventKind.PASSBACK_FORGIVEN)
    assert event.detail == {"operator": "clerk 3", "count": 1}


def test_an_exempt_holder_is_never_refused(make_rig: MakeRig) -> None:
    rig = make_rig(records=[grant(RESIDENT, passback_exempt=True)], settings=HARD).start()
    assert [rig.tap("in", RESIDENT) for _ in range(2)] == [Reason.GRANTED] * 2


def test_the_doors_of_an_airlock_never_open_together(make_rig: MakeRig) -> None:
    rig = gate(make_rig, AIRLOCK)
    rig.tap("side", OTHER)
    assert rig.tap("in", RESIDENT) is Reason.INTERLOCK
    rig.set_low(SIDE_CONTACT)
    rig.advance(10)
    assert rig.level(SIDE_LOCK) is False
    assert rig.tap("in", RESIDENT) is Reason.INTERLOCK  # it stands open
    rig.set_low(SIDE_CONTACT, False)
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert rig.tap("side", OTHER) is Reason.INTERLOCK


def test_an_opening_that_waits_for_the_disk_keeps_the_other_door_shut(make_rig: MakeRig) -> None:
    rig = gate(make_rig, AIRLOCK)
    rig.disk.hold()
    rig.present("side", ONE_USE)
    rig.turn()
    assert rig.disk.held.wait(10)
    rig.present("in", RESIDENT)
    rig.turn()
    assert rig.moved(MAIN_LOCK) == [False]
    rig.disk.let_go()
    rig.settle()
    assert rig.level(SIDE_LOCK) is True
    assert rig.moved(MAIN_LOCK) == [False]


def test_of_two_openings_that_wait_at_one_door_the_second_still_keeps_the_other_shut(
    make_rig: MakeRig,
) -> None:
    first, second = (grant(one, kind=GrantKind.VISITOR, uses=1) for one in (20, 21))
    rig = make_rig(records=[first, second, grant(RESIDENT)], settings=AIRLOCK).start()
    rig.disk.hold()
    rig.present("side", 20)
    rig.turn()
    assert rig.disk.held.wait(10)
    rig.advance(1.5)
    rig.present("side", 21)
    rig.turn()
    rig.advance(1.0)  # the first has waited too long by now, the second has not
    rig.present("in", RESIDENT)
    rig.turn()
    assert rig.moved(MAIN_LOCK) == [False]
    rig.disk.let_go()
    rig.settle()
    assert rig.level(SIDE_LOCK) is True


def test_two_doors_in_the_same_instant_open_one(make_rig: MakeRig) -> None:
    rig = gate(make_rig, AIRLOCK)
    rig.present("in", RESIDENT)
    rig.present("side", OTHER)
    rig.settle()
    assert sorted(str(one.reason) for one in rig.events(EventKind.TAP)) == sorted(
        [str(Reason.GRANTED), str(Reason.INTERLOCK)]
    )


def test_an_operator_opens_no_airlock_through(make_rig: MakeRig) -> None:
    rig = gate(make_rig, AIRLOCK)
    rig.tap("in", RESIDENT)
    with pytest.raises(CommandError, match="airlock"):
        rig.order("open", door="side", operator="desk 2", reason="parcel")
    assert rig.moved(SIDE_LOCK) == [False]
    assert not rig.events(EventKind.REMOTE_OPENED)
    rig.advance(60)
    rig.order("open", door="side", operator="desk 2", reason="parcel")
    assert rig.level(SIDE_LOCK) is True
