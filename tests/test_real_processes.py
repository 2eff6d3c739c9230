"""A gate's two processes and a hub, as in a user's life: real processes, real TLS on loopback, real files."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from office.hub.store import HubStore
from sync.encoding import encode_settings, stored
from sync.gate_key import load_or_make
from sync.records import RevocationReason, Tombstone
from sync.statements.floor_lowering import FloorLowering, sign_floor_lowering
from terminal.stores.time_anchor import load_time
from tests.support.estate import ESTATE_ID, GATE_ID, ROOT, card
from tests.support.gate_estate import BASIC, gate_document
from tests.support.hub import registered, until_stored
from tests.support.world_office import make_keys
from tests.terminal.test_gate_process import RunningGate, toml

WITHIN_S: Final = 30.0


class Estate:
    """Everything of one gate and its office in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = directory / "hub.db"
        make_keys(directory / "keys")
        for name in ("terminal", "sync"):
            (directory / name).mkdir()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        document = gate_document(directory)
        document["link"] = {"kind": "network", "hubs": [f"127.0.0.1:{self.port}"]}
        (directory / "gate.toml").write_text(toml(document), "utf-8")
        key = load_or_make(directory / "sync" / "gate.key", random_bytes=os.urandom).key
        hub = HubStore.found(self.store, ESTATE_ID)
        hub.gates.add(replace(registered(GATE_ID), public_key=key.public))
        hub.close()
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-m", *arguments])
        self.processes.append(process)
        return process

    def start_hub(self) -> subprocess.Popen[bytes]:
        listen = f"127.0.0.1:{self.port}"
        keys = str(self.directory / "keys")
        return self.start("office", "hub", "run", str(self.store), "--keys", keys, "--listen", listen)

    def start_sync(self) -> subprocess.Popen[bytes]:
        return self.start("terminal", "sync", "--config", str(self.directory / "gate.toml"))

    def change(self, work: Callable[[HubStore], object]) -> None:
        """A clerk changes the store beside the running hub."""
        hub = HubStore(self.store)
        try:
            work(hub)
        finally:
            hub.close()

    def until(self, what: str, check: Callable[[HubStore], bool]) -> None:
        """Look at the store until ``check`` holds."""
        until_stored(self.store, what, check)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    made = Estate(tmp_path)
    yield made
    made.close()


def receipts(hub: HubStore) -> int:
    return len(hub.receipts.of_gate(GATE_ID))


def stored_events(hub: HubStore) -> int:
    return sum(hub.events.position(GATE_ID, epoch).number for epoch in hub.events.logs(GATE_ID))


def until_told(gate: RunningGate, kind: str) -> None:
    """Wait until the gate process tells of such an event."""
    while kind not in (kinds := [str(one["kind"]).lower() for one in gate.told()]):
        assert select.select([gate.followed], [], [], WITHIN_S)[0], kinds


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(WITHIN_S)


def lowering(floor: int) -> bytes:
    """The root's word that the gate's floor is too high."""
    return sign_floor_lowering(FloorLowering(ESTATE_ID, GATE_ID, 1, floor, floor), ROOT)


def test_a_gates_life_with_its_hub(estate: Estate) -> None:
    gate = RunningGate(estate.directory)
    try:
        hub, sync = estate.start_hub(), estate.start_sync()
        records = [stored(one) for one in BASIC.records]
        settings = encode_settings(BASIC.settings)
        estate.change(lambda store: store.wanted.put(GATE_ID, records, settings=settings, urgent=False, at=1))
        estate.until("the list is receipted", lambda store: receipts(store) == 1)
        number = next(one for one in range(1, 50) if any(card(one) == r.credential for r in BASIC.records))
        gate.tap("in", number)
        gate.until_told("granted")
        ended = [
            Tombstone(one.grant_id, one.issue_id, one.credential, RevocationReason.LOST, int(time.time()))
            for one in BASIC.records
            if one.credential == card(number)
        ]
        estate.change(
            lambda store: store.wanted.put(
                GATE_ID, [stored(one) for one in ended], urgent=True, at=int(time.time())
            )
        )
        estate.until("the revocation is receipted", lambda store: receipts(store) == 2)
        gate.tap("in", number)
        gate.until_told("lost")

        sync.kill()  # nobody at the gate notices
        sync.wait()
        had: list[int] = []
        estate.change(lambda store: had.append(stored_events(store)))
        gate.tap("in", number)
        sync = estate.start_sync()
        estate.until("what was tapped meanwhile is stored", lambda store: stored_events(store) > had[0])

        assert stop(hub) == 0
        estate.change(lambda store: had.append(stored_events(store)))
        gate.tap("in", number)
        hub = estate.start_hub()
        estate.until("the gate has come back to the hub", lambda store: stored_events(store) > had[-1])

        order = estate.start(
            *("office", "hub", "order", str(estate.store), "open", "--gate", str(GATE_ID)),
            *("--operator", "17", "--reason", "parcel", "--door", "1"),
        )
        assert order.wait(WITHIN_S) == 0
        until_told(gate, "remote_opened")

        (estate.directory / "east.floor").write_bytes(lowering(int(time.time()) - 60))
        words = ("hub", "take", str(estate.store), str(estate.directory / "east.floor"))
        taken = estate.start("office", *words, "--keys", str(estate.directory / "keys"))
        assert taken.wait(WITHIN_S) == 0
        estate.until("the gate has told that it has it", lambda store: not store.lowerings.open())
        assert load_time(estate.directory / "sync").lowered is not None
        assert stop(sync) == 0
        assert stop(hub) == 0
    finally:
        gate.close()
