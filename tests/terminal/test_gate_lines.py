"""Lines that cannot be read: noticed, told, looked for again, and at last left to a new process."""

from __future__ import annotations

import pytest

from drivers.ports import DriverUnavailableError
from sync.events import Event, EventKind
from terminal.hardware import BEAT_S, LOST_FOR_S
from terminal.stores.usage_reader import UsageReader
from tests.support.gate_estate import EXIT, MAIN_LOCK, RESIDENT
from tests.support.gate_rig import GateRig

GONE = "chip pulled out"


def test_their_heart_beats_although_nothing_happens_at_them(rig: GateRig) -> None:
    rig.advance(3600)
    gpio = rig.order("status")["gpio"]
    assert (gpio["backend"], gpio["ok"], gpio["cause"]) == ("sim", True, "")
    assert gpio["looked_s_ago"] <= BEAT_S
    assert rig.events(EventKind.GPIO_DOWN, EventKind.GPIO_UP) == []


def test_a_passing_loss_is_told_with_its_cause_and_end_and_no_edge_is_lost(rig: GateRig) -> None:
    rig.gpio.fail(GONE)
    rig.turn()
    rig.advance(1.5)
    gpio = rig.order("status")["gpio"]
    assert (gpio["ok"], gpio["cause"]) == (False, GONE)
    assert 1.0 <= gpio["for_s"] <= 2.0
    assert rig.gate.status_line().startswith("lines cannot be read, ")
    rig.gpio.set_level(EXIT, False)
    rig.gpio.fail("")
    rig.advance(2)
    assert rig.order("status")["gpio"]["ok"]
    assert [(one.kind, one.detail) for one in rig.events(EventKind.GPIO_DOWN, EventKind.GPIO_UP)] == [
        (EventKind.GPIO_DOWN, {"cause": GONE}),
        (EventKind.GPIO_UP, {}),
    ]
    assert rig.level(MAIN_LOCK) is True, "the button that was pressed meanwhile"


def test_a_card_still_opens_while_they_cannot_be_read(rig: GateRig) -> None:
    rig.gpio.fail(GONE)
    assert rig.tap("in", RESIDENT).granted


def test_a_lasting_loss_ends_the_process_with_nothing_driven(rig: GateRig) -> None:
    rig.gpio.fail(GONE)
    rig.turn()
    with pytest.raises(DriverUnavailableError, match=GONE):
        rig.advance(LOST_FOR_S + 2)
    rig.close()
    assert rig.level(MAIN_LOCK) is None
    with UsageReader(rig.directory / "terminal") as log:
        kinds = [one.content.kind for one in log.read_after(0, 100) if isinstance(one.content, Event)]
    assert kinds[-2:] == [EventKind.GPIO_DOWN, EventKind.STOPPED]
