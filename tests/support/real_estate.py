"""A hub and its gates as in a user's life: real processes, real files, over whatever link a test lays."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from office.hub.facts import LinkKind
from office.hub.store import HubStore
from sync.encoding import encode_settings, stored
from sync.gate_key import load_or_make
from sync.records import Grant, Record, RevocationReason, Tombstone
from terminal.agent.pieces import FILE_NAME as INCOMING
from terminal.stores.usage_reader import UsageReader
from tests.support.estate import ESTATE_ID, SETTINGS, card, resident
from tests.support.gate_estate import gate_document, toml
from tests.support.hub import registered, until_stored
from tests.support.running_gate import RunningGate
from tests.support.waiting import WITHIN_S, until
from tests.support.world_office import make_keys

Process = subprocess.Popen[bytes]
Within = Callable[[], AbstractContextManager[None]]


class RealGate:
    """One gate: its files and its two processes."""

    def __init__(self, directory: Path, gate_id: int, link: dict[str, Any]) -> None:
        self.gate_id = gate_id
        self.directory = directory
        for name in ("terminal", "sync"):
            (directory / name).mkdir(parents=True)
        document = gate_document(directory)
        document["gate"]["id"] = gate_id
        document["link"] = link
        (directory / "gate.toml").write_text(toml(document), "utf-8")
        self.public_key = load_or_make(directory / "sync" / "gate.key", random_bytes=os.urandom).key.public
        self.terminal = RunningGate(directory)

    def incoming(self) -> os.stat_result | None:
        """The file of a half-received list."""
        for path in (self.directory / "sync").glob(f"{INCOMING}-*"):
            with contextlib.suppress(FileNotFoundError):
                return path.stat()
        return None

    def newest_event(self) -> int:
        """Number of the newest event in its log."""
        with UsageReader(self.directory / "terminal") as reader:
            return reader.head().last.number

    def decides(self, number: int, reason: str) -> None:
        """Tap a card, and wait until the gate has told of such a decision."""
        self.terminal.told()  # older ones do not count
        self.terminal.tap("in", number)
        self.terminal.until_told(reason)

    def until_refused(self, number: int, reason: str) -> None:
        """Tap a card again and again, until the gate tells of this refusal."""
        until(f"a tap is refused: {reason}", lambda: reason in self._reasons_of_a_tap(number))

    def _reasons_of_a_tap(self, number: int) -> list[object]:
        self.terminal.tap("in", number)
        assert select.select([self.terminal.followed], [], [], WITHIN_S)[0], "a tap is told of"
        return [one.get("reason") for one in self.terminal.told()]

    def until_told(self, kind: str) -> None:
        """Wait until the gate process tells of such an event."""
        self.terminal.until_event(kind, lambda one: str(one["kind"]).lower() == kind)


class RealEstate:
    """``gates`` are there; ``absent`` ones are registered, and nobody answers for them."""

    def __init__(
        self,
        directory: Path,
        hub_options: Sequence[str],
        gate_links: dict[int, dict[str, Any]],
        *,
        absent: Sequence[int] = (),
        hub_network: Within = contextlib.nullcontext,
        gate_network: Within = contextlib.nullcontext,
    ) -> None:
        """``…_network``: where the processes of either side are started."""
        self.store = directory / "hub.db"
        self._keys = directory / "keys"
        self._hub_options = hub_options
        self._hub_network, self._gate_network = hub_network, gate_network
        self._processes: list[Process] = []
        make_keys(self._keys)
        self.gates = {
            number: RealGate(directory / f"gate{number}", number, link) for number, link in gate_links.items()
        }
        kind = LinkKind.SERIAL if absent else LinkKind.NETWORK
        hub = HubStore.found(self.store, ESTATE_ID)
        for number in (*self.gates, *absent):
            entry = registered(number, kind)
            if number in self.gates:
                entry = replace(entry, public_key=self.gates[number].public_key)
            hub.gates.add(entry)
        hub.close()
        self.hub = self.start_hub()
        self.syncs = {number: self.start_sync(number) for number in self.gates}

    def close(self) -> None:
        """End all processes, whatever they do."""
        for process in self._processes:
            process.kill()
            process.wait()
        for gate in self.gates.values():
            gate.terminal.close()

    # Processes

    def start_hub(self) -> Process:
        """``office hub run``."""
        with self._hub_network():
            command = ("office", "hub", "run", str(self.store), "--keys", str(self._keys))
            return self._start(*command, *self._hub_options)

    def start_sync(self, gate_id: int) -> Process:
        """``terminal sync`` of a gate."""
        with self._gate_network():
            config = self.gates[gate_id].directory / "gate.toml"
            return self._start("terminal", "sync", "--config", str(config))

    def kill_and_restart_hub(self) -> None:
        """As after a power cut at the office."""
        self._kill(self.hub)
        self.hub = self.start_hub()

    def kill_and_restart_sync(self, gate_id: int) -> None:
        """As after a crash at the gate."""
        self._kill(self.syncs[gate_id])
        self.syncs[gate_id] = self.start_sync(gate_id)

    def order(self, gate_id: int, *order: str) -> int:
        """``office hub order``; its exit code."""
        options = ("--gate", str(gate_id), "--operator", "17")
        return self._start("office", "hub", "order", str(self.store), *order, *options).wait(WITHIN_S)

    def stop_in_order(self) -> list[int]:
        """Exit codes of hub and sync processes after SIGTERM."""
        running = [self.hub, *self.syncs.values()]
        for process in running:
            process.send_signal(signal.SIGTERM)
        return [process.wait(WITHIN_S) for process in running]

    def _start(self, *arguments: str) -> Process:
        process = subprocess.Popen([sys.executable, "-m", *arguments])
        self._processes.append(process)
        return process

    def _kill(self, process: Process) -> None:
        process.kill()
        process.wait()

    # The office

    def want(self, gate_id: int, *records: Record, urgent: bool = False) -> None:
        """A clerk changes a gate's list in the store, beside the running hub."""
        with contextlib.closing(HubStore(self.store)) as hub:
            first = not hub.wanted.content(gate_id).settings()
            settings = encode_settings(SETTINGS) if first else None
            rows = [stored(one) for one in records]
            hub.wanted.put(gate_id, rows, settings=settings, urgent=urgent, at=int(time.time()))

    def ask(self, question: Callable[[HubStore], Any]) -> Any:  # whatever the question gives
        """Look into the store."""
        with contextlib.closing(HubStore(self.store)) as hub:
            return question(hub)

    def until(self, what: str, check: Callable[[HubStore], bool]) -> None:
        """Look at the store until ``check`` holds."""
        until_stored(self.store, what, check)

    def until_in_step(self, gate_id: int) -> None:
        """Wait until the newest receipt is of the list that the office wants the gate to have."""

        def in_step(hub: HubStore) -> bool:
            # In this order: the hub may sign in between, and then there is no difference, and no receipt.
            difference = hub.wanted.difference(gate_id)
            held, receipts = hub.signed.held(gate_id), hub.receipts.of_gate(gate_id)
            if difference.pairs or difference.settings is not None or held is None:
                return False
            return bool(receipts) and receipts[-1].version == held.version

        self.until(f"gate {gate_id} has its list", in_step)


def residents(seed: int, count: int) -> list[Grant]:
    """Residents whose card numbers lie far apart, so that their list is long on the wire."""
    return [resident(number) for number in Random(seed).sample(range(1_000, 1 << 24), count)]


def lost(number: int) -> Tombstone:
    """The end of ``resident(number)``."""
    return Tombstone(1000 + number, 2000 + number, card(number), RevocationReason.LOST, int(time.time()))
