"""Fire at a whole gate: before everything, above everything, over restarts, until it is over."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from sync.events import EventKind
from sync.records import Reason
from terminal.control import CommandError
from tests.support.gate_estate import FIRE, MAIN_LOCK, RESIDENT, SIDE_LOCK, UNKNOWN
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig


def side_waits_for_reset(document: dict[str, Any]) -> None:
    document["doors"]["side"]["timing"] = {"fire_needs_reset": True}


def locks(rig: GateRig) -> tuple[bool | None, bool | None]:
    return rig.level(MAIN_LOCK), rig.level(SIDE_LOCK)


def test_fire_releases_every_door_and_they_lock_when_it_clears(rig: GateRig) -> None:
    rig.set_low(FIRE)
    assert locks(rig) == (True, True)
    rig.advance(3600)
    assert locks(rig) == (True, True)
    rig.set_low(FIRE, False)
    assert locks(rig) == (False, False)
    kinds = [one.kind for one in rig.events(EventKind.FIRE, EventKind.FIRE_CLEARED)]
    assert kinds == [EventKind.FIRE] * 2 + [EventKind.FIRE_CLEARED] * 2


def test_doors_are_released_before_the_gate_says_ready(make_rig: MakeRig, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        rig = make_rig(low=[FIRE], environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        seen: list[tuple[bool | None, bool | None]] = []
        say_ready = rig.gate.service.ready

        def ready(status: str) -> None:
            seen.append(locks(rig))
            say_ready(status)

        rig.gate.service.ready = ready  # type: ignore[method-assign] # the moment is what is tested
        rig.start()
        assert manager.recv(1000).startswith(b"READY=1")
    assert seen == [(True, True)]


def test_fire_at_the_start_releases_even_without_list_and_log(make_rig: MakeRig) -> None:
    rig = make_rig(low=[FIRE], listed=False)
    rig.close()
    rig.gate.config.terminal_dir.rename(rig.directory / "away")
    rig.make()
    rig.start()
    assert locks(rig) == (True, True)


def test_fire_that_is_still_there_after_a_power_cut_releases_again(rig: GateRig) -> None:
    rig.set_low(FIRE)
    rig.settle()
    rig.power_cut()
    assert locks(rig) == (True, True)


def test_fire_that_ended_while_the_gate_was_down_is_over_and_the_log_says_so(rig: GateRig) -> None:
    rig.set_low(FIRE)
    rig.settle()
    rig.low.discard(FIRE)
    rig.power_cut()
    assert locks(rig) == (False, False)
    assert len(rig.events(EventKind.FIRE_CLEARED)) == 2
    rig.restart()
    assert len(rig.events(EventKind.FIRE_CLEARED)) == 2


def test_fire_outranks_lockdown_which_is_still_there_afterwards(rig: GateRig) -> None:
    rig.order("mode", door="main", mode="lockdown", operator="guard 7")
    rig.set_low(FIRE)
    assert locks(rig) == (True, True)
    rig.set_low(FIRE, False)
    assert locks(rig) == (False, False)
    assert rig.tap("in", RESIDENT) is Reason.LOCKED_DOWN


def test_taps_are_still_decided_while_fire_holds_the_doors_open(rig: GateRig) -> None:
    rig.set_low(FIRE)
    assert rig.tap("in", UNKNOWN) is Reason.UNKNOWN_CREDENTIAL
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    rig.advance(60)
    assert rig.level(MAIN_LOCK) is True


def test_a_release_that_waits_for_its_reset_outlasts_fire_and_restart(make_rig: MakeRig) -> None:
    rig = make_rig(change=side_waits_for_reset).start()
    rig.set_low(FIRE)
    rig.set_low(FIRE, False)
    assert locks(rig) == (False, True)
    rig.restart()
    assert locks(rig) == (False, True)
    rig.power_cut()
    assert locks(rig) == (False, True)
    rig.order("fire_reset", operator="guard 7")
    assert locks(rig) == (False, False)
    assert rig.events(EventKind.FIRE_RESET)[0].detail == {"operator": "guard 7"}
    rig.restart()
    assert locks(rig) == (False, False)


def test_a_reset_while_it_burns_is_refused(make_rig: MakeRig) -> None:
    rig = make_rig(change=side_waits_for_reset).start()
    rig.set_low(FIRE)
    with pytest.raises(CommandError, match="still active"):
        rig.order("fire_reset", operator="guard 7")
    assert locks(rig) == (True, True)


def test_an_open_circuit_is_fire_unless_configured_otherwise(make_rig: MakeRig) -> None:
    def plain_line(document: dict[str, Any]) -> None:
        document["inputs"]["fire"] = {"kind": "fire", "line": FIRE}

    rig = make_rig(change=plain_line, low=[FIRE]).start()
    assert locks(rig) == (False, False)
    rig.set_low(FIRE, False)
    assert locks(rig) == (True, True)


def test_a_door_that_ignores_fire_stays_locked_and_the_event_is_there(make_rig: MakeRig) -> None:
    def ignores(document: dict[str, Any]) -> None:
        document["doors"]["side"]["timing"] = {"on_fire": "ignore"}

    rig = make_rig(change=ignores).start()
    rig.set_low(FIRE)
    assert locks(rig) == (True, False)
    assert {one.door for one in rig.events(EventKind.FIRE)} == {1, 2}


def test_two_fire_inputs_release_as_long_as_one_is_active(make_rig: MakeRig) -> None:
    def two(document: dict[str, Any]) -> None:
        document["inputs"]["panel"] = {"kind": "fire", "line": "panel", "active_low": True}

    rig = make_rig(change=two).start()
    rig.set_low(FIRE)
    rig.set_low("panel")
    rig.set_low(FIRE, False)
    assert locks(rig) == (True, True)
    rig.set_low("panel", False)
    assert locks(rig) == (False, False)
