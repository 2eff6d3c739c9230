"""The real gate process: after a kill while it is tapped, all it told of is there, all it spent is spent."""

from __future__ import annotations

import random
import select
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from sync.events import Event, EventKind
from sync.records import Reason
from terminal.event_view import event_fields
from terminal.stores.usage_reader import UsageReader
from tests.support.gate_estate import BASIC, Estate, gate_document, grant, toml
from tests.support.gate_rig import publish
from tests.support.running_gate import RunningGate
from tests.support.waiting import WITHIN_S

COUNTED: Final = 50
USES: Final = 40
ROUNDS: Final = 4


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A gate's configuration and list; the card ``COUNTED`` opens ``USES`` times."""
    for name in ("terminal", "sync"):
        (tmp_path / name).mkdir()
    counted = grant(COUNTED, uses=USES)
    publish(tmp_path / "sync", 1, Estate((*BASIC.records, counted), BASIC.settings))
    (tmp_path / "gate.toml").write_text(toml(gate_document(tmp_path)), "utf-8")
    return tmp_path


@pytest.fixture
def gates(directory: Path) -> Iterator[list[RunningGate]]:
    """Gates started by the test; they end with it."""
    started: list[RunningGate] = []
    yield started
    for one in started:
        one.close()


def events(directory: Path) -> dict[int, Event]:
    """Every stored event by its number; the whole chain is proved on the way."""
    with UsageReader(directory / "terminal") as reader:
        assert reader.verify() == reader.head().last
        kept = reader.read_after(0, 100_000)
    assert [one.number for one in kept] == list(range(1, len(kept) + 1))
    return {one.number: one.content for one in kept if isinstance(one.content, Event)}


def openings(directory: Path) -> int:
    """How often the counted card opened, as the log has it."""
    return sum(
        one.kind is EventKind.TAP and one.grant_id == 1000 + COUNTED and one.reason is Reason.GRANTED
        for one in events(directory).values()
    )


def test_kills_at_any_moment_lose_nothing_told_and_give_nothing_back(
    directory: Path, gates: list[RunningGate]
) -> None:
    chance = random.Random(20270115)
    told: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        gate = RunningGate(directory)
        gates.append(gate)
        for _ in range(chance.randrange(5, 25)):
            gate.tap(chance.choice(["in", "out", "side"]), chance.choice([1, 2, COUNTED, 99]))
        assert select.select([gate.followed], [], [], WITHIN_S)[0]
        select.select([], [], [], chance.random() * 0.08)
        gate.kill()
        told += gate.told()
    kept = events(directory)
    assert told
    assert all(event_fields(one["number"], kept[one["number"]]) == one for one in told)
    before = openings(directory)
    assert before < USES
    gate = RunningGate(directory)
    gates.append(gate)
    for _ in range(USES):
        gate.tap("in", COUNTED)
    gate.until_told("no_uses_left")
    gate.process.terminate()
    assert gate.process.wait(WITHIN_S) == 0
    assert openings(directory) == USES


def test_a_termination_ends_the_process_cleanly_and_takes_its_socket_away(
    directory: Path, gates: list[RunningGate]
) -> None:
    gate = RunningGate(directory)
    gates.append(gate)
    gate.tap("in", 1)
    gate.process.send_signal(signal.SIGTERM)
    assert gate.process.wait(WITHIN_S) == 0
    assert gate.process.stderr is not None
    assert gate.process.stderr.read() == b""
    assert not (directory / "gate.sock").exists()
    *_, last = events(directory).values()
    assert last.kind is EventKind.STOPPED
