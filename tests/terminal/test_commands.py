"""Commands at a whole gate: each does its work, and wrong input changes nothing and says what is wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from sync.events import EventKind
from sync.records import Access, Credential, Grant, GrantKind, Reason, Technology
from terminal.cli.gate import serve_commands
from terminal.control import CommandError
from terminal.stores.access_state import SavedPosition, StateChange
from tests.support.gate_estate import MAIN_LOCK, ONE_USE, RESIDENT, WITH_PIN
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

OPEN = {"door": "main", "operator": "clerk 3", "reason": "delivery"}


def test_tap_plays_a_card_at_a_simulated_reader(rig: GateRig) -> None:
    assert rig.order("tap", reader="in", card="04A10001") == {}
    assert rig.events(EventKind.TAP)[-1].reason is Reason.GRANTED
    rig.order("tap", reader="in", card="04 a1 00 01", technology="iso15693")
    assert rig.events(EventKind.TAP)[-1].reason is Reason.UNKNOWN_CREDENTIAL


@pytest.mark.parametrize("length", [60, 61, 64])
def test_the_longest_code_that_a_list_can_hold_can_be_tapped(make_rig: MakeRig, length: int) -> None:
    code = Credential(Technology.CODE, bytes(range(length)))
    holder = Grant(1, 1, code, GrantKind.VISITOR, (Access(1),))
    rig = make_rig(records=[holder]).start()
    for text in (code.number.hex(), code.number.hex(" ")):
        rig.order("tap", reader="in", card=text, technology="code")
        event = rig.events(EventKind.TAP)[-1]
        assert (event.reason, event.credential) == (Reason.GRANTED, code)


def test_type_plays_the_keypad(rig: GateRig) -> None:
    rig.tap("in", WITH_PIN)
    rig.order("type", reader="in", digits="2580")
    assert rig.events(EventKind.TAP)[-1].reason is Reason.GRANTED


def test_open_unlocks_and_names_operator_and_reason(rig: GateRig) -> None:
    rig.order("open", **OPEN)
    assert rig.level(MAIN_LOCK) is True
    (event,) = rig.events(EventKind.REMOTE_OPENED)
    assert (event.door, event.detail) == (1, {"operator": "clerk 3", "reason": "delivery"})
    rig.advance(5)
    assert rig.level(MAIN_LOCK) is False


@pytest.mark.parametrize("letter", ["x", "é", "门", "🚪"])
def test_whatever_text_is_accepted_leaves_its_event(rig: GateRig, letter: str) -> None:
    texts = {"operator": letter * 120, "reason": letter * 120}
    try:
        rig.order("open", door="main", **texts)
    except CommandError:
        assert rig.moved(MAIN_LOCK) == [False]
        assert not rig.events(EventKind.REMOTE_OPENED)
    else:
        assert rig.events(EventKind.REMOTE_OPENED)[0].detail == texts


def test_eighty_chinese_characters_are_accepted_everywhere(rig: GateRig) -> None:
    text = "门" * 80
    rig.order("open", door="main", operator=text, reason=text)
    rig.order("mode", door="main", mode="normal", operator=text)
    rig.order("forgive", operator=text)
    kinds = [EventKind.REMOTE_OPENED, EventKind.MODE_CHANGED, EventKind.PASSBACK_FORGIVEN]
    assert [one.kind for one in rig.events(*kinds)] == kinds


@pytest.mark.parametrize(
    ("command", "fields", "says"),
    [
        ("dance", {}, "no such command: 'dance'"),
        ("tap", {"reader": "north", "card": "01"}, r"no reader named 'north' \(there are: in, out, side\)"),
        ("tap", {"reader": "in"}, "'card' is missing"),
        ("tap", {"reader": "in", "card": "xyz"}, "hex digits"),
        ("tap", {"reader": "in", "card": "门"}, "hex digits"),
        ("tap", {"reader": "in", "card": "   "}, "1 to 64 bytes"),
        ("tap", {"reader": "in", "card": "00" * 65}, "1 to 64 bytes"),
        ("tap", {"reader": "in", "card": "00" * 97}, "1 to 192 characters"),
        ("tap", {"reader": "in", "card": "00" * 60 + " " * 3, "technology": "nfc"}, "'technology' must be"),
        ("tap", {"reader": "in", "card": "01", "technology": ["iso14443a"]}, "'technology' must be"),
        ("type", {"reader": "in", "digits": "12a"}, "digits typed"),
        ("type", {"reader": "in", "digits": "١٢"}, "digits typed"),
        ("open", {**OPEN, "door": "back"}, r"no door named 'back' \(there are: main, side\)"),
        ("open", {**OPEN, "door": 1}, "'door' is missing"),
        ("open", {**OPEN, "operator": ""}, "'operator' is missing"),
        ("open", {"door": "main", "operator": "clerk 3"}, "'reason' is missing"),
        ("open", {**OPEN, "reason": "line\nbreak"}, "'reason' is missing"),
        ("open", {**OPEN, "reason": "x" * 121}, "'reason' is missing"),
        ("open", {**OPEN, "reason": "\ud800"}, "'reason' is missing"),
        ("mode", {"door": "main", "mode": "closed", "operator": "x"}, "normal, free, lockdown"),
        ("mode", {"door": "main", "mode": "lockdown"}, "'operator' is missing"),
        ("refuse", {"door": "main"}, "'reason' is missing"),
        ("book", {"door": "main", "slip": "1"}, "no guard opened main"),
        ("forgive", {}, "'operator' is missing"),
        ("fire_reset", {}, "'operator' is missing"),
        ("restart_reader", {"reader": "north"}, "no reader named 'north'"),
        ("restart_reader", {}, "'reader' is missing"),
        ("sim_line", {"line": "contact1", "level": 1}, "'level' is true"),
        ("sim_line", {"level": True}, "'line' is missing"),
    ],
)
def test_wrong_input_is_named_and_changes_nothing(
    rig: GateRig, command: str, fields: dict[str, Any], says: str
) -> None:
    before = len(rig.events())
    with pytest.raises(CommandError, match=says):
        rig.order(command, **fields)
    rig.advance(1)
    assert len(rig.events()) == before
    assert rig.moved(MAIN_LOCK) == [False]


def test_forgiving_without_an_operator_forgives_nothing(rig: GateRig) -> None:
    somewhere = {(1, 7): SavedPosition(True, 1, None, bytes(16), 0)}
    rig.gate.memory.take(StateChange(positions=somewhere))
    with pytest.raises(CommandError):
        rig.order("forgive")
    assert rig.gate.memory.positions.keys() == somewhere.keys()


def test_status_tells_doors_readers_outputs_list_clock_and_log(rig: GateRig) -> None:
    rig.tap("in", RESIDENT)
    status = json.loads(json.dumps(rig.order("status")))
    assert status["gate"] == "East gate"
    assert status["doors"]["main"] == {
        "id": 1,
        "mode": "normal",
        "mode_cause": "default",
        "waits_for_companion": False,
        "state": "unlocked",
        "unlocked": True,
        "contact": "closed",
        "fire": False,
        "alarm": "none",
    }
    assert status["inputs"] == {"fire": False}
    assert status["outputs"]["relay1"] is True
    assert status["readers"]["in"]["ok"] is True
    assert status["list"]["version"] == "1.1"
    assert status["list"]["age_s"] == rig.clock.utc - 1_800_000_000
    assert status["clock"]["state"] == "suspect"
    assert status["log"]["running"] is True
    assert status["log"]["lost"] == 0


def test_a_follower_hears_of_every_stored_event_once_with_its_number(rig: GateRig) -> None:
    rig.order("follow")
    rig.order("follow")
    rig.tap("in", RESIDENT)
    rig.tap("in", ONE_USE)
    events = [one["event"] for one in rig.client.heard]
    numbers = [one["number"] for one in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [one["reason"] for one in events if one["kind"] == "tap"] == ["granted", "granted"]
    rig.client.open = False
    heard = len(rig.client.heard)
    rig.tap("in", RESIDENT)
    assert len(rig.client.heard) == heard


def test_a_gate_with_real_lines_has_none_to_simulate(rig: GateRig, monkeypatch: pytest.MonkeyPatch) -> None:
    class RealBank:
        def close(self) -> None:
            """Nothing is driven."""

    bank = rig.gate.hardware.gpio
    rig.gate.hardware.gpio = RealBank()  # type: ignore[assignment] # a bank of another kind
    with pytest.raises(CommandError, match="real ones"):
        rig.commands.handle({"command": "sim_line", "line": "contact1", "level": True}, None)  # type: ignore[arg-type]
    rig.gate.hardware.gpio = bank


class Served:
    """A client on the gate's own socket."""

    def __init__(self, rig: GateRig) -> None:
        serve_commands(rig.gate)
        self.rig = rig
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(rig.gate.config.control_socket))
        self.socket.setblocking(False)
        self._left = b""

    def say(self, line: bytes) -> None:
        self.socket.sendall(line + b"\n")
        self.rig.turn()

    def lines(self) -> list[Any]:
        while True:
            try:
                self._left += self.socket.recv(65536)
            except BlockingIOError:
                break
        *whole, self._left = self._left.split(b"\n")
        return [json.loads(one) for one in whole]


@pytest.fixture
def served(rig: GateRig) -> Iterator[Served]:
    client = Served(rig)
    yield client
    client.socket.close()


def test_commands_come_over_the_socket_and_nonsense_does_no_harm(served: Served) -> None:
    for line in (
        b"nonsense",
        b'{"command": 7}',
        b'{"command":"open"}',
        b'{"command":"tap","card":{}}',
        b"{}",
    ):
        served.say(line)
        (answer,) = served.lines()
        assert answer["ok"] is False
        assert answer["error"]
    served.say(b'{"command": "tap", "reader": "in", "card": "04A10001"}')
    assert served.lines() == [{"ok": True}]
    served.rig.settle()
    assert served.rig.level(MAIN_LOCK) is True


def test_a_slow_follower_gets_the_rest_as_soon_as_it_reads(served: Served) -> None:
    """Nothing new needs to happen for what its full socket had no room for."""
    served.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    served.say(b'{"command": "follow"}')
    for _ in range(700):
        served.rig.present("in", b"\x01\x02\x03\x04")
        served.rig.turn()
    served.rig.settle()
    wanted = len(served.rig.stored)
    told: list[Any] = []
    for _ in range(1000):
        told += [one for one in served.lines() if "event" in one]
        served.rig.turn()
    assert len(told) >= 700
    assert told[-1]["event"]["number"] == served.rig.stored[wanted - 1][0]
