"""Commands that a running gate carries out, through its real socket."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync.gate_key import fingerprint
from sync.records import Access, Direction, Grant, GrantKind
from sync.update import ListVersion
from terminal.cli import _answer
from terminal.stores.enrolment_file import save_enrolment
from tests.support.enrolments import ENROLMENT
from tests.support.estate import card, resident
from tests.terminal.cli.conftest import House, burn

GUARD = Grant(9001, 9101, card(90), GrantKind.GUARD, (Access(1), Access(2)), overrides_lockdown=True)
SLIP = Grant(
    9002,
    9102,
    card(91),
    GrantKind.RELEASE_SLIP,
    (Access(1, Direction.OUT),),
    uses=1,
    companion=frozenset({GrantKind.GUARD}),
)
CARDS = [*(resident(number) for number in range(1, 6)), GUARD, SLIP]


@pytest.fixture
def listed(house: House) -> House:
    house.give_list(CARDS)
    return house


def tap(house: House, number: int, reader: str = "in") -> tuple[int, str]:
    said = house.run("tap", "--reader", reader, "--card", card(number).number.hex(), "--json")
    return said.code, said.json["event"]["reason"]


def test_status_without_a_gate_says_so(house: House) -> None:
    said = house.run("status")
    assert said.code == _answer.EXIT_NO
    assert "no gate runs here" in said.out
    assert house.run("status", "--json").json["running"] is False


def test_status_tells_doors_readers_list_and_clock(listed: House) -> None:
    with listed.gate():
        said = listed.run("status")
        fields = listed.run("status", "--json").json
    assert said.code == 0
    assert "北门: 2 doors, 2 readers, list 1.1, clock suspect" in said.out
    assert "door    侧门: closed, mode normal (default)" in said.out
    assert "reader  in: works" in said.out
    assert fields["ok"]
    assert fields["running"]
    assert fields["doors"]["侧门"]["id"] == 2


def test_status_tells_that_the_office_has_not_confirmed_the_gate(listed: House) -> None:
    sync_dir = listed.state / "sync"
    with listed.gate():
        assert listed.run("status", "--json").json["enrolment"] is None
        save_enrolment(sync_dir, replace(ENROLMENT, list_version=ListVersion(1, 1)))
        assert f"office  PROVISIONAL: key {fingerprint(ENROLMENT.public)}" in listed.run("status").out
        assert listed.run("status", "--json").json["enrolment"]["provisional"]
        save_enrolment(sync_dir, replace(ENROLMENT, list_version=ListVersion(1, 0)))
        assert "PROVISIONAL" not in listed.run("status").out, "a newer list came than the bundle's"
        (sync_dir / "enrolment").write_bytes(b"damaged")
        assert "enrol this gate with a new bundle" in listed.run("status").out


def test_status_of_a_gate_without_a_list_tells_the_cure(house: House) -> None:
    with house.gate():
        said = house.run("status")
    assert "every card is refused; load one: gatehouse-terminal list apply FILE" in said.out


def test_a_tap_tells_what_the_gate_decided(listed: House) -> None:
    with listed.gate():
        said = listed.run("tap", "--reader", "in", "--card", "04A10001")
        assert said.code == 0
        assert "tap  granted  door=1  reader=1" in said.out
        assert tap(listed, 77) == (_answer.EXIT_NO, "unknown_credential")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--reader", "in", "--card", ""], "'card' is missing"),
        (["--reader", "in", "--card", "xyz"], "hex digits"),
        (["--reader", "in", "--card", "04" * 65], "'card'"),
        (["--reader", "back", "--card", "04"], r"no reader named 'back' (there are: in, out)"),
    ],
)
def test_a_tap_that_no_reader_could_deliver_is_refused(listed: House, words: list[str], says: str) -> None:
    with listed.gate():
        said = listed.run("tap", *words)
    assert (said.code, said.out) == (_answer.EXIT_NO, "")
    assert says in said.err


def test_a_release_slip_is_refused_by_the_guard_and_nothing_is_spent(listed: House) -> None:
    with listed.gate():
        assert tap(listed, 91, "out") == (_answer.EXIT_NO, "needs_second_credential")
        said = listed.run("refuse", "--door", "pedestrian", "--reason", "货物不符")
        assert said.code == 0
        assert "nobody waits" in listed.run("refuse", "--door", "pedestrian", "--reason", "x").err
        assert tap(listed, 91, "out")[1] == "needs_second_credential"
        assert tap(listed, 90, "out") == (0, "granted")
        assert tap(listed, 91, "out")[1] == "no_uses_left"


def test_a_guard_books_a_slip_to_his_own_opening(listed: House) -> None:
    with listed.gate():
        assert "no guard opened" in listed.run("book", "--door", "pedestrian", "--slip", "4711").err
        assert tap(listed, 90)[0] == 0
        assert listed.run("book", "--door", "pedestrian", "--slip", "4711").code == 0
    assert "slip_booked" in listed.run("log").out


def test_a_door_opened_remotely_leaves_operator_and_reason(listed: House) -> None:
    with listed.gate():
        said = listed.run("open", "--door", "侧门", "--operator", "17", "--reason", "快递")
        assert said.code == 0
        assert listed.run("status", "--json").json["doors"]["侧门"]["unlocked"]
        missing = listed.run("open", "--door", "back", "--operator", "17", "--reason", "x")
    assert missing.code == _answer.EXIT_NO
    assert "no door named 'back'" in missing.err
    assert "operator=17  reason=快递" in listed.run("log").out


def test_a_lockdown_holds_over_a_restart_and_is_lifted(listed: House) -> None:
    with listed.gate():
        assert listed.run("mode", "lockdown", "--door", "pedestrian", "--operator", "17").code == 0
        assert tap(listed, 1) == (_answer.EXIT_NO, "locked_down")
    with listed.gate():
        assert tap(listed, 1) == (_answer.EXIT_NO, "locked_down")
        said = listed.run("mode", "normal", "--door", "pedestrian", "--operator", "17", "--json")
        assert said.json["mode"] == "normal"
        assert tap(listed, 1) == (0, "granted")


def test_passback_is_forgiven(listed: House) -> None:
    with listed.gate():
        assert listed.run("forgive", "--operator", "17").out == "0 positions forgiven\n"


def test_fire_is_reset_only_once_its_input_is_quiet(listed: House) -> None:
    with listed.gate() as gate:
        burn(gate, burning=True)
        wait_for_fire(listed, burning=True)
        assert "still active" in listed.run("fire-reset", "--operator", "17").err
        burn(gate, burning=False)
        wait_for_quiet_input(listed)
        assert listed.run("status", "--json").json["doors"]["pedestrian"]["fire"]
        assert listed.run("fire-reset", "--operator", "17").code == 0
        assert not listed.run("status", "--json").json["doors"]["pedestrian"]["fire"]


def wait_for_fire(house: House, *, burning: bool) -> None:
    while house.run("status", "--json").json["doors"]["pedestrian"]["fire"] is not burning:
        pass  # each turn is a round trip to the gate; the test's own time limit ends it


def wait_for_quiet_input(house: House) -> None:
    while house.run("status", "--json").json["inputs"]["fire"]:
        pass


def test_a_reader_is_opened_anew(listed: House) -> None:
    with listed.gate() as gate:
        before = gate.readers["in"].reader
        assert listed.run("restart-reader", "--reader", "in").code == 0
        assert gate.readers["in"].reader is not before
        assert "no reader named" in listed.run("restart-reader", "--reader", "back").err


def answering(path: Path, line: bytes) -> threading.Thread:
    """Something at the gate's socket that is no gate: says ``line`` to the first who asks, and hangs up."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(1)
    listener.settimeout(10)

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(line)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "does not answer"),
        (b"HTTP/1.1 400\r\n", "what answers here is not a gate"),
        (b"[1]\n", "what answers here is not a gate"),
        (b"[" * 100_000 + b"\n", "what answers here is not a gate"),
        (b"x" * ((1 << 20) + 10), "what answers here is not a gate"),
        (b'{"ok":false}\n', "the gate refused"),
    ],
)
def test_whatever_answers_at_the_socket_only_our_errors_come_of_it(
    house: House, line: bytes, says: str
) -> None:
    thread = answering(house.root / "s", line)
    said = house.run("open", "--door", "pedestrian", "--operator", "1", "--reason", "x")
    thread.join()
    assert said.code in (_answer.EXIT_UNAVAILABLE, _answer.EXIT_NO)
    assert says in said.err


def test_maintenance_is_shown_and_ended_but_not_opened_here(house: House) -> None:
    technician = Grant(9003, 9103, card(92), GrantKind.TECHNICIAN, (Access(1),))
    house.give_list([*CARDS, technician])
    with house.gate():
        assert "is not open" in house.run("maintenance").out
        assert tap(house, 92) == (0, "granted")
        assert "another 60 min" in house.run("maintenance").out
        assert "maintenance mode for another 60 min" in house.run("status").out
        assert house.run("maintenance", "--end").code == 2
        assert house.run("maintenance", "--end", "--operator", "17").code == 0
        assert house.run("status", "--json").json["maintenance"] == {"open": False, "left_s": 0}
