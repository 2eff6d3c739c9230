"""One gate's two processes and its hub: real processes, real TLS on loopback, real files."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from office.hub.store import HubStore
from sync.gate_key import load_or_make
from tests.support.estate import ESTATE_ID, GATE_ID
from tests.support.gate_estate import gate_document, toml
from tests.support.hub import registered, until_stored
from tests.support.running_gate import RunningGate
from tests.support.waiting import WITHIN_S
from tests.support.world_office import make_keys


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


def receipts(hub: HubStore) -> int:
    return len(hub.receipts.of_gate(GATE_ID))


def until_told(gate: RunningGate, kind: str) -> None:
    """Wait until the gate process tells of such an event."""
    gate.until_event(kind, lambda one: str(one["kind"]).lower() == kind)


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(WITHIN_S)
