"""A technician's visit at a gate in service, real processes: maintenance, page, echo, self-test, office."""

from __future__ import annotations

import http.client
import json
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from office.hub.store import HubStore
from provisioning.selftest.sync_client import SyncClient
from sync.encoding import encode_settings, stored
from sync.events import decode_event
from tests.support.estate import GATE_ID
from tests.support.gate_and_hub import Estate, receipts, stop, until_told
from tests.support.gate_estate import BASIC
from tests.support.running_gate import RunningGate
from tests.support.waiting import WITHIN_S


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    made = Estate(tmp_path)
    for name in ("terminal", "sync"):
        (tmp_path / name).chmod(0o2770)
    config = tmp_path / "gate.toml"
    config.write_text(config.read_text("utf-8") + '\n[status_page]\nlisten = "127.0.0.1:0"\n', "utf-8")
    yield made
    made.close()


def ran(estate: Estate, *words: str, config: bool = True, code: int = 0) -> Any:
    """The JSON answer of a command in a process of its own."""
    where = ("--config", str(estate.directory / "gate.toml")) if config else ()
    done = subprocess.run(
        [sys.executable, "-m", *words, *where, "--json"], capture_output=True, timeout=WITHIN_S, check=False
    )
    assert done.returncode == code, done.stdout
    return json.loads(done.stdout)


def office_knows(estate: Estate, kind: str) -> None:
    """Wait until the office has such an event."""

    def is_there(store: HubStore) -> bool:
        rows = (
            row
            for epoch in store.events.logs(GATE_ID)
            for row in store.events.read(GATE_ID, epoch, 0, 1_000)
            if row.payload is not None
        )
        return any(decode_event(row.payload or b"").kind.name.lower() == kind for row in rows)

    estate.until(f"the office knows of {kind}", is_there)


def wait(descriptors: Sequence[int], seconds: float) -> None:
    """Until one of them can be read."""
    select.select(descriptors, [], [], seconds)


def fetched(address: str) -> str:
    """The page at this address, as a phone gets it."""
    parts = urlsplit(address)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=WITHIN_S)) as phone:
        phone.request("GET", parts.path)
        answer = phone.getresponse()
        assert answer.status == 200
        return answer.read().decode()


def test_a_visit(estate: Estate) -> None:
    store, directory = str(estate.store), estate.directory
    gate = RunningGate(directory)
    try:
        hub, sync = estate.start_hub(), estate.start_sync()
        records, settings = [stored(one) for one in BASIC.records], encode_settings(BASIC.settings)
        estate.change(lambda store: store.wanted.put(GATE_ID, records, settings=settings, urgent=False, at=1))
        estate.until("the list is receipted", lambda store: receipts(store) == 1)

        order = ("office", "hub", "order", store, "maintenance", "--gate", str(GATE_ID), "--operator", "17")
        ran(estate, *order, "--seconds", "600", config=False)
        until_told(gate, "maintenance_begun")

        office_knows(estate, "maintenance_begun")

        page = ran(estate, "terminal", "page", "--for", "5m")
        shown = fetched(page["address"])
        assert "maintenance_begun" in shown
        assert "list 1.1" in shown
        facts = ran(estate, "terminal", "page", "--text")
        assert facts["link"] == {"kind": "network", "state": "connected"}
        assert ran(estate, "terminal", "page", "--close")["was_open"]
        # Two questions there and back: with the first goes what has changed at the gate.
        SyncClient(directory / "sync" / "local.sock", wait).ask({"command": "echo", "count": 2})
        report = ran(estate, "office", "hub", "report", store, config=False)
        assert report[f"visit at gate {GATE_ID}"] == "maintenance mode"

        refused = ran(estate, "provisioning", "selftest", "--non-interactive", code=69)
        assert "the gate is in service" in refused["error"]
    finally:
        gate.close()
    told = ran(estate, "provisioning", "selftest", "--non-interactive")
    checks = {one["name"]: one for one in told["checks"]}
    assert checks["link.echo"]["result"] == "passed", "the sync process asks the office beside the test"
    assert checks["clock"]["text"].startswith("trusted")
    taken = ran(estate, "office", "hub", "as-built", store, told["file"], config=False)
    assert (taken["gate"], taken["new"], taken["failed"]) == (GATE_ID, True, 0)
    with closing(HubStore(estate.store)) as kept:
        data = kept.as_built.newest(GATE_ID)
    assert data is not None
    assert json.loads(data)["maintenance"] is True
    assert stop(sync) == 0
    assert not (directory / "sync" / "local.sock").exists()
    assert stop(hub) == 0
