"""Time at a whole gate: unknown, suspect or trusted, stepped back and forward while it runs."""

from __future__ import annotations

import pytest

from sync.events import EventKind
from sync.records import ClockState, Reason
from terminal.clock import RELEASE_FLOOR, Anchor
from terminal.stores.time_anchor import FILE_NAME, SavedTime, save_time
from tests.support.estate import NOW
from tests.support.gate_estate import BASIC, MAIN_LOCK, RESIDENT, grant
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

TENANT = 20
RECORDS = (*BASIC.records, grant(TENANT, valid_until=NOW + 86_400))


@pytest.fixture
def rig(make_rig: MakeRig) -> GateRig:
    """A gate with a card that ends a day after the list was issued."""
    return make_rig(records=RECORDS).start()


def anchor(rig: GateRig, utc: int, *, boot: int | None = None) -> None:
    """The sync side saves what the office answered a moment ago."""
    boot_id = bytes([rig.boot if boot is None else boot]) * 16
    reading = rig.clock.read()
    saved = SavedTime(utc, Anchor(boot_id, reading.boottime_ms, utc * 1000, 500))
    save_time(rig.gate.config.sync_dir, saved)


def state(rig: GateRig) -> str:
    found = rig.order("status")["clock"]["state"]
    assert isinstance(found, str)
    return found


def test_the_systems_clock_alone_is_suspect(rig: GateRig) -> None:
    assert state(rig) == "suspect"
    assert rig.tap("in", TENANT) is Reason.GRANTED
    assert rig.events(EventKind.TAP)[-1].clock is ClockState.SUSPECT


def test_an_anchor_of_this_boot_makes_the_clock_trusted_whatever_the_system_says(rig: GateRig) -> None:
    anchor(rig, rig.clock.utc)
    rig.clock.step(-7200)
    rig.advance(10)
    assert state(rig) == "trusted"
    tap = rig.tap("in", TENANT)
    assert tap is Reason.GRANTED
    told = rig.events(EventKind.TAP)[-1].wall_ms
    assert told is not None
    assert abs(told // 1000 - (rig.clock.utc + 7200)) <= 1


def test_an_anchor_of_an_earlier_boot_is_worth_its_floor_only(rig: GateRig) -> None:
    anchor(rig, rig.clock.utc + 3600, boot=99)
    rig.restart()
    assert state(rig) == "unknown"
    assert rig.gate.keeper.floor == rig.clock.utc + 3600 or rig.gate.keeper.floor > rig.clock.utc


def test_a_damaged_anchor_leaves_the_clock_suspect_and_the_gate_serving(rig: GateRig) -> None:
    (rig.gate.config.sync_dir / FILE_NAME).write_bytes(b"gatehouse-anchor 1 nonsense\n")
    rig.restart()
    assert state(rig) == "suspect"
    assert rig.tap("in", RESIDENT) is Reason.GRANTED


def test_a_clock_stepped_back_below_the_floor_is_unknown_and_residents_still_open(rig: GateRig) -> None:
    rig.clock.set_utc(RELEASE_FLOOR - 1)
    rig.advance(11)
    assert state(rig) == "unknown"
    changes = [one.detail for one in rig.events(EventKind.CLOCK_CHANGED) if "state" in one.detail]
    assert changes[-1]["state"] == "unknown"
    stepped = changes[-1]["stepped_s"]
    assert isinstance(stepped, int)
    assert stepped < -1_000_000
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert rig.tap("in", TENANT) is Reason.GRANTED  # policy of its kind; it is not past its end at the floor
    assert rig.events(EventKind.TAP)[-1].wall_ms is None


def test_a_step_back_and_forward_moves_no_relay_and_shortens_no_opening(rig: GateRig) -> None:
    rig.tap("in", RESIDENT)
    for seconds in (-86_400, 3 * 86_400, -2 * 86_400):
        rig.clock.step(seconds)
        rig.advance(1)
    assert rig.moved(MAIN_LOCK) == [False, True]
    rig.advance(2)
    assert rig.level(MAIN_LOCK) is False


def test_an_ended_grant_stays_ended_when_the_clock_is_set_back(rig: GateRig) -> None:
    anchor(rig, NOW + 86_401)
    rig.advance(10)
    assert rig.tap("in", TENANT) is Reason.EXPIRED
    (rig.gate.config.sync_dir / FILE_NAME).unlink()
    rig.restart(reboot=True)
    rig.clock.set_utc(NOW + 100)
    assert rig.tap("in", TENANT) is Reason.EXPIRED


def test_the_floor_is_kept_over_a_power_cut(rig: GateRig) -> None:
    anchor(rig, NOW + 5 * 86_400)
    rig.advance(20)
    rig.settle()
    (rig.gate.config.sync_dir / FILE_NAME).unlink()
    rig.power_cut()
    assert rig.gate.keeper.floor >= NOW + 5 * 86_400


def test_a_wall_clock_set_forward_without_the_office_never_raises_the_floor(rig: GateRig) -> None:
    before = rig.gate.keeper.floor
    rig.clock.step(400 * 86_400)
    rig.advance(30)
    assert rig.tap("in", TENANT) is Reason.EXPIRED
    rig.clock.step(-400 * 86_400)
    rig.advance(30)
    assert rig.tap("in", TENANT) is Reason.GRANTED
    assert rig.gate.keeper.floor == before


def test_a_clock_beyond_all_belief_is_unknown(rig: GateRig) -> None:
    rig.clock.set_utc(5_000_000_000)
    rig.advance(11)
    assert state(rig) == "unknown"
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
