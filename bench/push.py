"""A hub with a thousand gates on its line: how soon a revocation reaches them, and whole lists to all."""

from __future__ import annotations

import json
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from subprocess import Popen
from typing import Final

from bench.figures import Figure, p99
from bench.key_files import make_keys
from bench.loads import ISSUED_AT, settings, stored_estate
from bench.many_gates import gate_key
from bench.processes import memory_bytes, running
from bench.publisher import ESTATE_ID
from bench.rig import Workshop
from office.hub.clerk_steps import revoke
from office.hub.facts import Gate, LinkKind
from office.hub.run_cli import nudge
from office.hub.store import HubStore
from sync.encoding import stored
from sync.records import Access, Credential, Grant, GrantKind, RevocationReason, Technology
from sync.update import StoredRecord

GATES: Final = 1_000
CARDS: Final = 50_000
GATES_OF_A_CARD: Final = 4
"""A resident's card opens the gates of one phase, one building and one garage."""
CARDS_EVERYWHERE: Final = 5
REVOCATIONS: Final = 300
BIG_GATES: Final = 100
"""A tenth of the thousand; the rest is multiplication."""
BIG_CARDS: Final = 10_000
PAUSE_S: Final = 0.05
BOUND_MS: Final = 100.0
WHOLE_LISTS_S: Final = 60.0
MOST_MB: Final = 400.0
WITHIN_S: Final = 300.0
MB: Final = 1e6


def measure(workshop: Workshop) -> list[Figure]:
    """Milliseconds from a revocation's commit to the whole update at a gate; seconds; megabytes."""
    gates, cards, times = (8, 40, 3) if workshop.quick else (GATES, CARDS, REVOCATIONS)
    with _hub(workshop, "many", gates, lambda gate: _cards_at(gate, gates, cards)) as hub:
        one_card = hub.revoke([_card(number) for number in range(times)])
        everywhere = [max(hub.revoke([_card(cards + number)])) for number in range(CARDS_EVERYWHERE)]
        many_mb = memory_bytes(hub.process.pid) / MB
    big_gates, big_cards = (3, 100) if workshop.quick else (BIG_GATES, BIG_CARDS)
    big = stored_estate(big_cards)
    with _hub(workshop, "big", big_gates, lambda _gate: big) as hub:
        took_s, big_mb = hub.took_s, memory_bytes(hub.process.pid) / MB
    return [
        p99("revocation_at_its_gates", one_card, "ms", BOUND_MS),
        Figure("revocation_at_1000_gates", median(everywhere), "ms"),
        Figure("whole_lists_to_1000_gates", took_s * GATES / big_gates, "s", WHOLE_LISTS_S),
        Figure("hub_resident", max(many_mb, big_mb), "MB", MOST_MB),
    ]


class _Hub:
    """A running hub whose gates have their first list, and the office's commands beside it."""

    def __init__(
        self, store: HubStore, path: Path, control: Path, process: Popen[str], gates: Popen[str]
    ) -> None:
        self._store = store
        self._path = path
        self._control = control
        self.process = process
        self._gates = gates
        self.took_s = 0.0
        """From the hub's start until every gate had its whole list."""

    def arrivals(self, asked: str) -> list[list[float]]:
        """Seconds at which updates arrived, by gate, as of now."""
        if self._gates.stdin is None or self._gates.stdout is None:
            raise RuntimeError("the gates have no pipes")
        self._gates.stdin.write(f"{asked}\n")
        self._gates.stdin.flush()
        found: list[list[float]] = json.loads(self._gates.stdout.readline())
        return found

    def wait_for(self, updates: int) -> list[list[float]]:
        """All arrivals, once there are so many."""
        deadline = time.monotonic() + WITHIN_S
        while sum(map(len, found := self.arrivals("tell"))) < updates:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{updates} updates were to arrive, there are {sum(map(len, found))}")
            time.sleep(PAUSE_S)
        return found

    def revoke(self, cards: Sequence[Credential]) -> list[float]:
        """Milliseconds from each commit to each gate of each card, one card after the other."""
        took = []
        for card in cards:
            before = self.arrivals("tell")
            affected = len(self._store.wanted.rows(key=card.key))
            entered = time.monotonic()
            revoke(self._store, int(time.time()), RevocationReason.LOST, credential=card)
            nudge(self._path, self._control)
            after = self.wait_for(sum(map(len, before)) + affected)
            took += [
                (at - entered) * 1_000
                for was, now in zip(before, after, strict=True)
                for at in now[len(was) :]
            ]
        return took


@contextmanager
def _hub(
    workshop: Workshop, name: str, gates: int, records: Callable[[int], Sequence[StoredRecord]]
) -> Iterator[_Hub]:
    directory = workshop.directory / f"push-{name}"
    directory.mkdir()
    keys = make_keys(directory / "keys", int(time.time()))
    path = directory / "hub.db"
    with (
        closing(HubStore.found(path, ESTATE_ID)) as store,
        # Of its own: a socket's path must be short, and a workshop may lie deep.
        tempfile.TemporaryDirectory(prefix="gatehouse-") as short,
    ):
        control = Path(short, "hub.sock")
        _fill(store, gates, records)
        port = _free_port()
        command = ["-m", "office", "hub", "run", str(path), "--keys", str(keys.path)]
        command += ["--listen", f"127.0.0.1:{port}", "--control", str(control)]
        with running(
            workshop, [*command, "--listen", f"127.0.0.1:{port}", "--control", str(control)]
        ) as process:
            _wait_listening(port, process)
            began = time.monotonic()
            with running(workshop, ["-m", "bench.many_gates", str(gates), str(port)]) as many:
                hub = _Hub(store, path, control, process, many)
                first = hub.wait_for(gates)
                hub.took_s = max(one[0] for one in first) - began
                yield hub
            process.send_signal(signal.SIGTERM)
            process.wait()


def _fill(store: HubStore, gates: int, records: Callable[[int], Sequence[StoredRecord]]) -> None:
    with store.transaction():
        for gate in range(1, gates + 1):
            key = gate_key(gate).public
            store.gates.add(Gate(gate, f"gate {gate}", key, LinkKind.NETWORK, None, ISSUED_AT))
            store.wanted.put(gate, records(gate), settings=settings(), urgent=False, at=ISSUED_AT)


def _card(number: int) -> Credential:
    return Credential(Technology.ISO14443A, (0x04_00_00_00 + number).to_bytes(4, "big"))


def _cards_at(gate: int, gates: int, cards: int) -> list[StoredRecord]:
    """Each card at a few gates that are far apart, and some at all of them."""
    stride = max(1, gates // GATES_OF_A_CARD)
    here = [one for one in range(cards) if (gate - one) % stride == 0]
    everywhere = range(cards, cards + CARDS_EVERYWHERE)
    return [
        stored(
            Grant(
                1 + number * (GATES + 1) + gate,
                1 + number,
                _card(number),
                GrantKind.RESIDENT,
                (Access(1),),
            )
        )
        for number in (*here, *everywhere)
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_listening(port: int, process: Popen[str]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)
        else:
            return
