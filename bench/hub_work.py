"""The process that `bench.hub` measures: an estate's hub, its gates answered for by this file."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.hub import EVENTS_PER_BATCH
from bench.loads import ISSUED_AT, estate, settings
from bench.processes import memory_bytes
from bench.publisher import CHAIN, ESTATE_ID, LIST_KEY
from office.hub.clerk_steps import revoke
from office.hub.facts import Gate, LinkKind
from office.hub.log_intake import Batch
from office.hub.planner import Powers
from office.hub.publisher import Outgoing, Publisher
from office.hub.reception import take_events, take_report
from office.hub.store import HubStore
from sync.delegation import Role
from sync.encoding import stored
from sync.envelope import ListStatement, parse_envelope, seal
from sync.events import GENESIS, Event, EventKind, encode_event, link, payload_hash
from sync.records import ClockState, Grant, Reason, RevocationReason
from sync.statements.log_head import LogHead

LOG_EPOCH = bytes(16)
REVOCATIONS = 20


class BenchKeys:
    """`office.hub.signers.Signers` with the bench's list key."""

    def powers(self, gate_id: int, at: int) -> Powers:  # noqa: ARG002  # always at hand
        """The list key, at every gate."""
        return Powers(list_key=True, online_key=False)

    def seal(self, statement: ListStatement, role: Role) -> bytes:  # noqa: ARG002  # one key has both roles
        """By the list key."""
        return seal(statement, [LIST_KEY], delegations=CHAIN)


class Work:
    """A hub with its gates registered and a list wanted at each."""

    def __init__(self, directory: Path, gates: int, cards: int) -> None:
        directory.mkdir()
        self.path = directory / "hub.db"
        self.store = HubStore.found(self.path, ESTATE_ID)
        self.publisher = Publisher(self.store, BenchKeys())
        self.gates = range(1, gates + 1)
        self.grants = [one for one in estate(cards) if isinstance(one, Grant)]
        self.records = sorted(stored(one) for one in estate(cards))
        for gate_id in self.gates:
            key = gate_id.to_bytes(32, "big")
            self.store.gates.add(Gate(gate_id, f"gate {gate_id}", key, LinkKind.NETWORK, None, ISSUED_AT))

    def want(self, *, equal: bool) -> None:
        """Every gate's list: all the same, or each with a card of its own missing."""
        for gate_id in self.gates:
            missing = self.records[gate_id]
            gone = [] if equal else [(missing.key, missing.grant_id)]
            self.store.wanted.put(
                gate_id, self.records, removed=gone, settings=settings(), urgent=False, at=ISSUED_AT
            )

    def snapshots(self) -> tuple[list[float], list[float]]:
        """Every gate asks with an empty hand and takes what it gets: elapsed, and processor time."""
        elapsed, processor = [], []
        for gate_id in self.gates:
            before = time.process_time()
            elapsed.append(_ms(partial(self._serve, gate_id)))
            processor.append((time.process_time() - before) * 1_000)
        return elapsed, processor

    def revocations(self) -> tuple[list[float], list[float], list[float], int]:
        """One card at a time lost: entered; signed for one gate; signed for all."""
        entered, one, rest, size = [], [], [], 0
        for number in range(REVOCATIONS):
            at, lost = ISSUED_AT + 60 * number, self.grants[-1 - number].credential
            entered.append(_ms(partial(revoke, self.store, at, RevocationReason.LOST, credential=lost)))
            one.append(_ms(partial(self.publisher.advance, 1, at)))
            rest.append(_ms(partial(self.publisher.advance_all, self.gates, at)))
            for gate_id in self.gates:
                size = len(self._confirm(gate_id, self.publisher.advance(gate_id, at)))
        return entered, one, rest, size

    def events(self, batches: int) -> list[float]:
        """Batches of taps, each proved against its chain and durable."""
        taken, at, first = [], GENESIS, 1
        for _ in range(batches):
            payloads = [self._tap(number) for number in range(first, first + EVENTS_PER_BATCH)]
            for number, one in enumerate(payloads, first):
                at = link(at, number, payload_hash(one))
            head = LogHead(ESTATE_ID, 1, LOG_EPOCH, first + EVENTS_PER_BATCH - 1, at)
            batch = Batch(LOG_EPOCH, first, payloads, head)
            taken.append(_ms(partial(take_events, self.store, 1, batch, ISSUED_AT)))
            first += EVENTS_PER_BATCH
        return taken

    def _serve(self, gate_id: int) -> None:
        take_report(self.store, gate_id, None, ISSUED_AT)
        self._confirm(gate_id, self.publisher.advance(gate_id, ISSUED_AT))
        self.publisher.advance(gate_id, ISSUED_AT)

    def _confirm(self, gate_id: int, outgoing: Outgoing) -> bytes:
        data = outgoing.envelopes[-1]
        statement = parse_envelope(data).statement
        take_report(self.store, gate_id, (statement.version, statement.digest), ISSUED_AT)
        return data

    def _tap(self, number: int) -> bytes:
        grant = self.grants[number % len(self.grants)]
        event = Event(
            EventKind.TAP,
            bytes(16),
            1_000 * number,
            1_000 * (ISSUED_AT + number),
            ClockState.TRUSTED,
            door=1,
            reader=1,
            credential=grant.credential,
            issue_id=grant.issue_id,
            grant_id=grant.grant_id,
            reason=Reason.GRANTED,
        )
        return encode_event(event)


def main(arguments: Sequence[str]) -> None:
    """Do the work and print what it took."""
    directory, gates, cards, batches = Path(arguments[0]), *map(int, arguments[1:])
    directory.mkdir()
    equal = Work(directory / "equal", min(gates, 10), cards)
    equal.want(equal=True)
    equal_elapsed, _ = equal.snapshots()
    equal.store.close()
    work = Work(directory / "own", gates, cards)
    work.want(equal=False)
    elapsed, processor = work.snapshots()
    entered, one_gate, all_gates, delta_bytes = work.revocations()
    events = work.events(batches)
    found = {
        "equal_elapsed": equal_elapsed[1:],
        "elapsed": elapsed,
        "processor": processor,
        "entered": entered,
        "one_gate": one_gate,
        "all_gates": all_gates,
        "delta_bytes": delta_bytes,
        "events": events,
        "resident": memory_bytes(os.getpid()),
        "disk": work.path.stat().st_size,
    }
    work.store.close()
    sys.stdout.write(json.dumps(found))


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1_000


if __name__ == "__main__":
    main(sys.argv[1:])
