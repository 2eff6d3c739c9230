"""`python -m office watch` as a process: it stops when told, and a kill loses and repeats nothing."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from office.hub.facts import Gate, LinkKind
from office.hub.log_intake import Batch
from office.hub.reception import take_events
from office.hub.store import HubStore
from sync.events import GENESIS, EventKind, encode_event, link, payload_hash
from sync.statements.log_head import LogHead
from tests.support.gate_events import EPOCH, event
from tests.support.office_process import ESTATE, office
from tests.support.waiting import WITHIN_S, until

EVENTS, A_BATCH = 3000, 1000
AT = 1_795_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office whose hub has taken in a forced door in every batch of a gate's log."""
    path = tmp_path_factory.mktemp("watched") / "office"
    assert office("init", str(path), "--estate", ESTATE, "--insecure").returncode == 0
    store = HubStore(path / "office.db")
    store.gates.add(Gate(1, "north", bytes(32), LinkKind.NETWORK, None, AT))
    at = GENESIS
    for first in range(1, EVENTS, A_BATCH):
        kinds = [EventKind.DOOR_FORCED] + [EventKind.DOOR_OPENED] * (A_BATCH - 1)
        entries = [encode_event(event(kind, AT, door=10)) for kind in kinds]
        for number, entry in enumerate(entries, first):
            at = link(at, number, payload_hash(entry))
        head = LogHead(bytes.fromhex(ESTATE), 1, EPOCH, first + A_BATCH - 1, at)
        take_events(store, 1, Batch(EPOCH, first, entries, head), AT)
    store.close()
    return path


@contextlib.contextmanager
def watcher(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "office", "watch", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def one(path: Path, query: str) -> int:
    with contextlib.closing(sqlite3.connect(path / "office.db")) as connection:
        return int(connection.execute(query).fetchone()[0])


ROWS = "SELECT count(*) FROM registry_usageevent"


def test_a_kill_loses_and_repeats_nothing_and_a_stop_is_clean(made: Path) -> None:
    with watcher(made) as killed:
        until("events are taken over", lambda: one(made, ROWS) > 0)
        killed.send_signal(signal.SIGKILL)
        killed.wait(WITHIN_S)
    assert office("watch", str(made), "--once").returncode == 0
    assert one(made, ROWS) == one(made, "SELECT count(DISTINCT number) FROM registry_usageevent") == EVENTS
    assert one(made, "SELECT count FROM registry_alarm WHERE kind = 'door_forced'") == EVENTS // A_BATCH
    with contextlib.closing(sqlite3.connect(made / "office.db")) as connection, connection:
        connection.execute("DELETE FROM registry_watchmark")
    with watcher(made) as stopped:
        until("a round is noted", lambda: one(made, "SELECT count(*) FROM registry_watchmark") > 0)
        stopped.terminate()
        said, errors = stopped.communicate(timeout=WITHIN_S)
    assert stopped.returncode == 0, errors
    assert "rounds" in said
    assert errors == ""


def test_serve_has_a_watcher_beside_it_and_takes_it_along(made: Path) -> None:
    with contextlib.closing(sqlite3.connect(made / "office.db")) as connection, connection:
        connection.execute("DELETE FROM registry_watchmark")
    command = [sys.executable, "-m", "office", "serve", str(made), "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        try:
            until("a round is noted", lambda: one(made, "SELECT count(*) FROM registry_watchmark") > 0)
        finally:
            served.terminate()
            _said, errors = served.communicate(timeout=WITHIN_S)
    assert served.returncode == 0, errors
    assert "the desk is at" in errors
    assert "Traceback" not in errors  # a watcher that stayed behind would fail the test by itself
