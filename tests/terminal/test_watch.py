"""What a running gate notices by itself: the office's time, once the sync side has it."""

from __future__ import annotations

from sync.events import EventKind
from sync.records import ClockState
from terminal.clock import JUMP_BOUND_S, Anchor
from terminal.gate import TICK_S
from terminal.stores.time_anchor import FILE_NAME, SavedTime, save_time
from tests.support.gate_rig import GateRig

BOOT = bytes([1]) * 16
"""The rig's first boot."""


def anchor_at(rig: GateRig, utc: int) -> None:
    """The sync side got the office's time, just now."""
    reading = rig.clock.read()
    anchor = Anchor(BOOT, reading.boottime_ms, utc * 1000, 50)
    save_time(rig.gate.config.sync_dir, SavedTime(0, anchor))
    rig.advance(TICK_S)


def clock_states(rig: GateRig) -> list[object]:
    return [one.detail["state"] for one in rig.events(EventKind.CLOCK_CHANGED) if "state" in one.detail]


def test_an_anchor_that_comes_while_the_gate_runs_makes_its_clock_trusted(rig: GateRig) -> None:
    assert rig.gate.judge().now.clock is ClockState.SUSPECT
    anchor_at(rig, rig.clock.utc + 7)
    now = rig.gate.judge().now
    assert (now.clock, now.utc) == (ClockState.TRUSTED, rig.clock.utc + 7)
    assert clock_states(rig) == ["trusted"]


def test_a_far_jump_of_a_trusted_clock_is_not_believed_and_told_once(rig: GateRig) -> None:
    anchor_at(rig, rig.clock.utc)
    before = rig.gate.keeper.floor
    anchor_at(rig, rig.clock.utc + JUMP_BOUND_S + 60)
    rig.advance(3 * TICK_S)
    assert rig.gate.judge().now.utc == rig.clock.utc
    assert rig.gate.keeper.floor < before + 60
    told = [one for one in rig.events(EventKind.CLOCK_CHANGED) if "not_believed" in one.detail]
    assert len(told) == 1


def test_a_damaged_anchor_file_leaves_the_anchor_there_was(rig: GateRig) -> None:
    anchor_at(rig, rig.clock.utc)
    (rig.gate.config.sync_dir / FILE_NAME).write_bytes(b"gatehouse-anchor 1 nonsense\n")
    rig.advance(TICK_S)
    assert rig.gate.judge().now.clock is ClockState.TRUSTED
