"""The real gate process: after a kill while it is tapped, all it told of is there, all it spent is spent."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from sync.events import Event, EventKind
from sync.records import Reason
from terminal.event_view import event_fields
from terminal.stores.usage_reader import UsageReader
from tests.support.estate import card
from tests.support.gate_estate import BASIC, Estate, gate_document, grant
from tests.support.gate_rig import publish
from tests.support.waiting import until

WITHIN_S: Final = 10.0
COUNTED: Final = 50
USES: Final = 40
ROUNDS: Final = 4


class RunningGate:
    """``python -m terminal gate`` on simulated hardware."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        notify = directory / "notify"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(notify))
            manager.settimeout(WITHIN_S)
            self.process = subprocess.Popen(
                [sys.executable, "-m", "terminal", "gate", "--config", str(directory / "gate.toml")],
                env={**os.environ, "NOTIFY_SOCKET": str(notify)},
                stderr=subprocess.PIPE,
            )
            assert manager.recv(1000).startswith(b"READY=1")
        self.commands, self.followed = self._connect(), self._connect()
        self._say(self.followed, command="follow")
        assert select.select([self.followed], [], [], WITHIN_S)[0]
        self._left = b""

    def _connect(self) -> socket.socket:
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(WITHIN_S)
        address = str(self.directory / "gate.sock")
        # It comes a moment after READY, on purpose.
        until("the command socket", lambda: one.connect_ex(address) == 0)
        return one

    def tap(self, reader: str, number: int) -> None:
        """Hold a card to a reader; nothing is waited for."""
        self._say(self.commands, command="tap", reader=reader, card=card(number).number.hex())

    def until_told(self, reason: str) -> None:
        """Wait until it told of a tap with this outcome."""
        while not any(one.get("reason") == reason for one in self.told()):
            assert select.select([self.followed], [], [], WITHIN_S)[0], reason

    def _say(self, connection: socket.socket, **request: object) -> None:
        connection.sendall(json.dumps(request).encode() + b"\n")

    def told(self) -> list[dict[str, Any]]:
        """Events it has told of so far, or had told before it died."""
        self.followed.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while data := self.followed.recv(65536):
                self._left += data
        *lines, self._left = self._left.split(b"\n")
        answers = [json.loads(line) for line in lines]
        return [one["event"] for one in answers if "event" in one]

    def kill(self) -> None:
        """As a power cut would, but for the disk's own memory."""
        self.process.kill()
        self.process.wait(WITHIN_S)

    def close(self) -> None:
        """End it whatever it does. May be called twice."""
        self.kill()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.commands.close()
        self.followed.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A gate's configuration and list; the card ``COUNTED`` opens ``USES`` times."""
    for name in ("terminal", "sync"):
        (tmp_path / name).mkdir()
    counted = grant(COUNTED, uses=USES)
    publish(tmp_path / "sync", 1, Estate((*BASIC.records, counted), BASIC.settings))
    (tmp_path / "gate.toml").write_text(toml(gate_document(tmp_path)), "utf-8")
    return tmp_path


def toml(document: dict[str, Any], prefix: str = "") -> str:
    """The document as TOML; our configurations hold texts, numbers, lists and sections."""
    plain = {key: value for key, value in document.items() if not isinstance(value, dict)}
    text = f"[{prefix}]\n" if prefix else ""
    text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in plain.items())
    for key, value in document.items():
        if isinstance(value, dict):
            text += toml(value, f"{prefix}.{key}" if prefix else key)
    return text


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
