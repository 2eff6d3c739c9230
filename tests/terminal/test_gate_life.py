"""A gate's beginning and end: ready when it serves, alive while its loop turns, undriven however it ends."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.ports import DriverError
from sync.events import EventKind
from sync.records import Reason
from tests.support.gate_estate import MAIN_LOCK, RESIDENT, SIDE_LOCK, UNKNOWN
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

OUTPUTS = (MAIN_LOCK, SIDE_LOCK, "green1", "red1", "buzzer1")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A service manager that keeps what it is told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(tmp_path / "notify"))
        one.setblocking(False)
        yield one


def notifying(tmp_path: Path, watchdog_s: float = 0) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": str(int(watchdog_s * 1e6))}


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """What a gate under test does with signals ends with the test."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def heard(manager: socket.socket) -> list[str]:
    told = []
    while True:
        try:
            told.append(manager.recv(1000).decode())
        except BlockingIOError:
            return told


def test_a_gate_is_ready_when_its_doors_are_served(
    make_rig: MakeRig, tmp_path: Path, manager: socket.socket
) -> None:
    rig = make_rig(environment=notifying(tmp_path))
    assert heard(manager) == []
    rig.start()
    assert heard(manager) == ["READY=1\nSTATUS=2 doors, readers away: in, out, side, list 1.1, clock suspect"]
    rig.advance(10)
    assert heard(manager) == ["STATUS=2 doors, 3 readers, list 1.1, clock suspect"]
    rig.close()
    assert heard(manager) == ["STOPPING=1"]


def test_the_watchdog_hears_from_the_loop_and_only_while_it_turns(
    make_rig: MakeRig, tmp_path: Path, manager: socket.socket
) -> None:
    rig = make_rig(environment=notifying(tmp_path, watchdog_s=3)).start()
    heard(manager)
    for _ in range(30):
        rig.advance(1)
        assert heard(manager).count("WATCHDOG=1") >= 1
    rig.clock.monotonic += 60  # the loop hangs
    assert heard(manager) == []
    rig.turn()
    assert "WATCHDOG=1" in heard(manager)


def test_after_the_end_every_output_is_undriven(rig: GateRig) -> None:
    rig.tap("in", RESIDENT)
    assert [rig.level(line) for line in OUTPUTS] == [True, False, True, False, True]
    rig.close()
    assert [rig.level(line) for line in OUTPUTS] == [None] * 5


def test_ending_twice_is_harmless(rig: GateRig) -> None:
    rig.close()
    rig.close()
    rig.make()
    rig.start()
    assert len(rig.events(EventKind.STOPPED)) == 1


def test_an_error_in_the_loop_leaves_the_outputs_undriven_and_the_log_written(rig: GateRig) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    rig.present("in", RESIDENT)
    rig.turn()
    rig.gate.loop.call_at(rig.clock.monotonic, fail)
    with pytest.raises(ZeroDivisionError):
        rig.gate.run()
    assert [rig.level(line) for line in OUTPUTS] == [None] * 5
    rig.make()
    rig.start()
    kinds = [one.kind for one in rig.events()]
    assert EventKind.TAP in kinds
    assert EventKind.STOPPED in kinds


def test_an_end_goes_on_although_one_of_its_steps_fails(rig: GateRig) -> None:
    closed: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError

    rig.gate.on_close += [fail, lambda: closed.append("the one after it")]
    with pytest.raises(ZeroDivisionError):
        rig.gate.close()
    assert closed == ["the one after it"]
    assert [rig.level(line) for line in OUTPUTS] == [None] * 5
    assert not rig.gate.log.health().running
    rig.gate.on_close.clear()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_termination_that_comes_before_the_loop_turns_ends_the_gate(rig: GateRig, number: int) -> None:
    rig.gate.heed_signals()
    os.kill(os.getpid(), number)
    rig.gate.run()
    assert rig.level(MAIN_LOCK) is None


def test_a_termination_that_comes_after_the_end_is_nothing(rig: GateRig) -> None:
    rig.close()
    rig.gate.loop.stop()


def test_a_gpio_bank_that_cannot_be_had_ends_the_start_and_leaves_nothing_running(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.close()

    def twice(document: dict[str, Any]) -> None:
        document["doors"]["side"]["outputs"]["lock"]["line"] = MAIN_LOCK

    rig.change = twice
    with pytest.raises(DriverError, match="used twice"):
        rig.make()


def test_start_and_end_stand_in_the_log_and_numbers_go_on(rig: GateRig) -> None:
    rig.tap("in", UNKNOWN)
    rig.restart()
    rig.settle()
    kinds = [one.kind for one in rig.events()]
    assert kinds[0] is EventKind.STARTED
    assert kinds.index(EventKind.STOPPED) < len(kinds) - 1 - kinds[::-1].index(EventKind.STARTED)


def test_a_power_cut_loses_what_was_not_written_and_nothing_else(rig: GateRig) -> None:
    rig.tap("in", RESIDENT)
    before = rig.events()
    rig.present("in", UNKNOWN)
    rig.turn()
    rig.power_cut()
    after = rig.events()
    assert after[: len(before)] == before
    assert after[len(before)].kind is EventKind.STARTED
    assert not [one for one in after if one.reason is Reason.UNKNOWN_CREDENTIAL]


def test_names_in_any_script_are_carried_through(make_rig: MakeRig) -> None:
    def chinese(document: dict[str, Any]) -> None:
        document["gate"]["name"] = "东门"
        document["doors"]["人行门"] = document["doors"].pop("main")
        for name in ("in", "out"):
            document["readers"][name]["door"] = "人行门"
        document["readers"]["进门读卡器"] = document["readers"].pop("in")

    rig = make_rig(change=chinese).start()
    assert rig.tap("进门读卡器", RESIDENT) is Reason.GRANTED
    assert rig.events(EventKind.STARTED)[0].detail == {"gate": "东门"}
    assert "人行门" in rig.order("status")["doors"]
