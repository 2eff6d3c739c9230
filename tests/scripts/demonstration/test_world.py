"""People at a gate: what they notice with and without power, and what the keys make them do."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from drivers.ports import DriverUnavailableError
from drivers.virtual_door import WALK_S
from scripts.demonstration.cards import RESIDENT, SLIP, VISITOR
from scripts.demonstration.gate_client import GateRefusedError
from scripts.demonstration.gate_process import GateStartError
from scripts.demonstration.hand import CannotTapError, PcscHand
from scripts.demonstration.keys import HELP, NEXT_READER, Keyboard
from scripts.demonstration.powered_gate import NoPowerError
from scripts.demonstration.stage import Stage
from scripts.demonstration.world import BARRIER_OUT, PRESS_S, READERS, World
from tests.support.waiting import WITHIN_S


def test_without_power_readers_are_dark_and_only_the_fire_contact_frees_the_door(stage: Stage) -> None:
    keyboard = Keyboard(stage.world)
    for key, told in [
        ("1", "The reader is dark."),
        ("p", "The door is locked; it does not move."),
        ("l", "Not possible: the gate has no power."),
        ("f", "The fire panel calls."),
        ("p", "The door stands open."),
        ("m", "The mains fail; the battery carries the gate."),
        ("v", "A car stands under the boom."),
        ("Z", "This key does nothing; see above."),
    ]:
        assert keyboard.press(key) == told
    assert stage.world.gate.status() is None


def test_the_world_is_as_it_was_left_when_the_power_comes(stage: Stage) -> None:
    keyboard = Keyboard(stage.world)
    for key in "bmv":
        keyboard.press(key)
    assert keyboard.press("x") == "The gate has power."
    status = stage.world.gate.status()
    assert status is not None
    assert status["doors"]["pedestrian"]["contact"] == "open"
    assert status["doors"]["barrier"]["loop"] == "occupied"
    assert status["inputs"] == {"fire": False, "mains": True}
    assert keyboard.press("x") == "The power is cut."


def test_what_people_began_ends_by_itself_in_its_time(stage: Stage) -> None:
    now = [100.0]
    world = World(stage.world.gate, lambda: now[0])
    world.fire(pulled=True)
    assert world.walk_through() == "The door stands open."
    world.press_exit_shortly()
    world.fire(pulled=False)
    assert world.next_wait_s == pytest.approx(PRESS_S)
    world.on_time()
    assert world.push_door() == "The door stands open."
    now[0] += WALK_S
    assert world.next_wait_s == 0
    world.on_time()
    assert world.push_door() == "The door is locked; it does not move."
    assert world.next_wait_s is None


def test_tab_goes_round_the_readers(stage: Stage) -> None:
    keyboard = Keyboard(stage.world)
    seen = [keyboard.reader]
    for _ in READERS:
        keyboard.press(NEXT_READER)
        seen.append(keyboard.reader)
    assert seen == [*READERS, READERS[0]]


def test_every_key_of_the_help_does_something(stage: Stage) -> None:
    keyboard = Keyboard(stage.world)
    keys = {words.split(" ")[0] for line in HELP for words in line.split("  ")} - {"q"}
    keyboard.press("x")
    told = {key: keyboard.press(key) for key in sorted(keys - {"x"})}
    assert [key for key, one in told.items() if "does nothing" in one or "Not possible" in one] == []


def told_by(stage: Stage, kind: str) -> dict[str, Any]:
    """The next event of this kind."""
    while True:
        for event in stage.world.gate.take_events(WITHIN_S):
            if event["kind"] == kind:
                return event


def test_the_keys_of_the_keypad_and_of_the_guard(stage: Stage) -> None:
    keyboard = Keyboard(stage.world)
    keyboard.press("x")
    while keyboard.reader != BARRIER_OUT:
        keyboard.press(NEXT_READER)
    for key, reason in (("k", "needs_pin"), ("i", "granted"), ("8", "needs_second_credential")):
        keyboard.press(key)
        assert told_by(stage, "tap")["reason"] == reason
    assert keyboard.press("o").startswith("Nothing to book: no guard")
    assert keyboard.press("g") == "barrier: the guard refuses; nothing is spent."
    assert told_by(stage, "companion_refused")["detail"]["why"] == "goods not on the slip"
    assert keyboard.press("g").startswith("Nobody to refuse: nobody waits")
    keyboard.press("7")
    assert told_by(stage, "tap")["reason"] == "granted"
    assert keyboard.press("o") == "barrier: slip 4711 is booked to the guard's opening."
    assert told_by(stage, "slip_booked")["detail"] == {"slip": "4711"}


def test_a_gate_that_dies_is_off_from_then_on(stage: Stage) -> None:
    gate = stage.world.gate
    stage.world.power_on()
    with pytest.raises(GateRefusedError, match="no such command"):
        gate.ask("dance")
    stage.process.kill()
    while gate.is_on:
        gate.take_events(WITHIN_S)
    with pytest.raises(NoPowerError):
        gate.ask("status")


def test_a_gate_that_cannot_start_says_why(stage: Stage) -> None:
    config = stage.process.config
    config.write_text(config.read_text().replace("[gpio]", "[gipo]"))
    with pytest.raises(GateStartError, match="unknown section 'gipo'"):
        stage.process.start()
    assert not stage.process.is_running


def test_a_hand_at_pcsc_plays_one_card_after_the_other_and_complains_of_the_last() -> None:
    held: list[bytes] = []
    done = threading.Event()

    def hold(number: bytes) -> bool:
        held.append(number)
        if len(held) == 2:
            done.set()
            raise DriverUnavailableError("pcscd has ended")
        return False

    hand = PcscHand(hold)
    assert hand.complaint == ""
    with pytest.raises(CannotTapError, match="a code is read at the barrier"):
        hand.tap(SLIP)
    hand.tap(RESIDENT)
    hand.tap(VISITOR)
    assert done.wait(WITHIN_S)
    hand.close()
    assert held == [RESIDENT.number, VISITOR.number]
    assert hand.complaint == "pcscd has ended"
