"""The root lowers a gate's floor over the link: the office's answers from before count no longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.messages import FloorSent, FloorTaken, Message, Pulse, Refused
from sync.records import ClockState
from sync.statements.floor_lowering import FloorLowering, sign_floor_lowering
from terminal.stores.time_anchor import load_time
from tests.support.estate import DAY, ESTATE_ID, NOW, ONLINE, ROOT
from tests.support.hostile_hub import HostileHub
from tests.support.session_pair import PACE
from tests.support.world_gate import GateSide

AHEAD_S = 50 * DAY


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateSide]:
    made = GateSide(tmp_path, 1)
    made.clock.set_utc(0)
    yield made
    made.close()


@pytest.fixture
def hub(gate: GateSide) -> HostileHub:
    """An office whose clock was far ahead, and was believed; its next answer is under way."""
    made = HostileHub(gate, ahead_s=AHEAD_S)
    assert floor(gate) > NOW + AHEAD_S - 1
    made.held = []
    made.ahead_s += 5  # worth writing down
    made.pass_time(PACE.pulse_s)
    assert len(made.held) == 1
    return made


def floor(gate: GateSide) -> int:
    return gate.time.judged().now.floor


def lowering(serial: int = 1) -> FloorSent:
    return FloorSent(sign_floor_lowering(FloorLowering(ESTATE_ID, 1, serial, NOW, NOW + 5), ROOT))


def reach_gate(hub: HostileHub, message: Message) -> None:
    """The message arrives; the worker has not begun."""
    hub.session.send(message)
    hub.gate_session.receive(hub.session.data_to_send(4096), hub.gate.clock.monotonic)
    take_events(hub)


def take_events(hub: HostileHub) -> None:
    while (event := hub.gate_session.next_event()) is not None:
        hub.conversation.on_event(event)


def test_an_answer_under_way_raises_the_floor_no_more(gate: GateSide, hub: HostileHub) -> None:
    assert hub.held is not None
    (old,) = hub.held
    hub.ahead_s = 0
    hub.say(lowering())
    assert floor(gate) == NOW
    hub.say(old)
    assert floor(gate) == NOW
    hub.say(hub.held[-1])
    now = gate.time.judged().now
    assert now.clock is ClockState.TRUSTED, "it has asked anew at once"
    assert now.utc == NOW + gate.clock.read().boottime_ms // 1000
    assert not gate.refusals, "a late answer is no attack"


def test_neither_does_one_that_comes_while_the_lowering_is_being_taken(
    gate: GateSide, hub: HostileHub
) -> None:
    """On disk, too, where the gate process reads what the office answered."""
    assert hub.held is not None
    reach_gate(hub, lowering())
    work, then = gate.work.popleft()
    lowered = work()
    reach_gate(hub, hub.held[0])
    then(lowered)
    assert floor(gate) == NOW
    assert load_time(gate.sync_dir).anchor is None


def test_no_question_is_asked_while_the_lowering_is_being_taken(gate: GateSide, hub: HostileHub) -> None:
    reach_gate(hub, lowering())
    gate.clock.monotonic += PACE.pulse_s
    hub.gate_session.on_time(gate.clock.monotonic)
    take_events(hub)
    asked = len(hub.said(Pulse))
    hub.settle()
    assert len(hub.said(Pulse)) == asked + 1, "one, after it"


def test_the_gate_says_which_lowering_it_has_taken(gate: GateSide, hub: HostileHub) -> None:
    for serial in (4, 3, 4):
        hub.say(lowering(serial))
    assert hub.said(FloorTaken) == [FloorTaken(4)] * 3
    assert [one.attack for one in hub.said(Refused) if isinstance(one, Refused)] == ["replayed"] * 2
    assert gate.refusals == {"replayed": 2}
    gate.end_sync()
    gate.begin_sync()
    assert gate.session(PACE).hello.lowering == 4


def test_a_lowering_that_no_root_signed_lowers_nothing(gate: GateSide, hub: HostileHub) -> None:
    before = floor(gate)
    hub.say(FloorSent(sign_floor_lowering(FloorLowering(ESTATE_ID, 1, 1, NOW, NOW + 5), ONLINE)))
    assert floor(gate) >= before
    assert gate.refusals == {"unknown_key": 1}
    assert hub.said(FloorTaken) == []
