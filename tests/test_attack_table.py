"""The attacks of the format and of the log, each over a session and on real stores.

Refused by the attack's name, told to the other end; the list in force is the same (digest,
records, signed envelopes), the events at the office are the same, and the next honest
update or batch is taken. What is attacked below the session stands in docs/promises.md.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from office.hub.log_intake import Batch, Entry
from sync.codec import encode
from sync.envelope import encode_statement, seal
from sync.fields import MAX_WHOLE
from sync.keys import LIST_DOMAIN, SigningKey
from sync.messages import LogBatch, LogEntry, LogFrom, LogStored, Refused
from sync.publishing import snapshot
from sync.snapshot import MAX_CONTENT_BYTES
from sync.statements.log_head import sign_log_head
from sync.update import ListVersion
from tests.support import log_batches as log
from tests.support.estate import GATE_ID, HERE, LISTS, NOW, ROOT, Gate, first_list, signed_snapshot
from tests.support.hostile_gate import HostileGate
from tests.support.hostile_hub import HostileHub, image, refused
from tests.support.hub import gate_key
from tests.support.list_attacks import ATTACKS, at_home, oversize, put
from tests.support.world import FAST_DISK
from tests.support.world_gate import GateSide
from tests.support.world_office import OfficeSide

Craft = Callable[[Gate], bytes]


def malformed_compression_bomb(_gate: Gate) -> bytes:
    statement = snapshot(HERE, first_list(), ListVersion(1, 4), issued_at=NOW)
    return seal(replace(statement, content=zlib.compress(bytes(MAX_CONTENT_BYTES + 1), 9)), [LISTS])


def malformed_deep_nesting(_gate: Gate) -> bytes:
    statement = snapshot(HERE, first_list(), ListVersion(1, 4), issued_at=NOW)
    return seal(replace(statement, kind=statement.kind.DELTA, previous=3, content=b"\x91" * 2000), [LISTS])


def malformed_revision_of_64_bits(_gate: Gate) -> bytes:
    statement = snapshot(HERE, first_list(), ListVersion(1, MAX_WHOLE + 1), issued_at=NOW)
    payload = encode_statement(statement)
    return encode([payload, [[LISTS.key_id, LISTS.sign(LIST_DOMAIN, payload)]], [], None])


OVER_A_SESSION: list[Craft] = [
    *(one for one in ATTACKS if one is not oversize),
    malformed_compression_bomb,
    malformed_deep_nesting,
    malformed_revision_of_64_bits,
]


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory in memory: nothing here is about power cuts, and commits would else wait for a disk."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-attack-", dir=FAST_DISK) as directory:
        yield Path(directory)


@pytest.fixture
def gate(memory: Path) -> Iterator[GateSide]:
    """A gate on real stores, brought to revision 3 by a snapshot and two deltas."""
    made = GateSide(memory, GATE_ID)
    hub = HostileHub(made)
    for envelope in at_home().kept:
        hub.session.send_envelope(envelope)
        hub.settle()
    assert made.lists.state is not None
    assert made.lists.state.version == ListVersion(1, 3)
    yield made
    made.close()


@pytest.mark.parametrize("attack", OVER_A_SESSION, ids=lambda attack: attack.__name__)
def test_an_update_that_attacks_is_refused_by_name_and_the_list_stays(gate: GateSide, attack: Craft) -> None:
    before = image(gate)
    told = refused(HostileHub(gate), attack(at_home()))
    assert attack.__name__.startswith(told)
    assert image(gate) == before
    gate.end_sync()
    gate.begin_sync()
    assert image(gate) == before, "on disk, too"
    assert gate.would_open(1)
    hub = HostileHub(gate)
    # By the root: one of the attacks brings along that the list key was withdrawn.
    hub.session.send_envelope(at_home().signed_delta([put(40)], ROOT))
    hub.settle()
    assert gate.would_open(40), "the next honest update builds on it"


def test_more_than_a_list_can_have_is_not_even_waited_for(gate: GateSide) -> None:
    before, hub = image(gate), HostileHub(gate)
    hub.session.send_envelope(oversize(at_home()))
    hub.settle()
    assert hub.ended is not None
    assert (hub.ended.code, hub.said(Refused)) == ("violation", [])
    assert image(gate) == before
    assert gate.pieces.whole() == b""


def test_after_the_last_revision_only_the_root_finds_the_way_back(gate: GateSide) -> None:
    """Whoever steals the list key may use up its revisions, and locks the honest list out."""
    hub = HostileHub(gate)
    hub.session.send_envelope(signed_snapshot(first_list(), MAX_WHOLE))
    hub.settle()
    before = image(gate)
    assert gate.lists.state is not None
    assert gate.lists.state.version == ListVersion(1, MAX_WHOLE)
    assert refused(hub, signed_snapshot(first_list(21), 4, at=NOW + 60)) == "rollback"
    assert refused(HostileHub(gate), signed_snapshot(first_list(21), 1, epoch=2)) == "role_too_weak"
    assert image(gate) == before
    hub = HostileHub(gate)
    hub.session.send_envelope(signed_snapshot(first_list(21), 1, ROOT, epoch=2))
    hub.settle()
    assert gate.lists.state.version == ListVersion(2, 1)
    assert refused(HostileHub(gate), signed_snapshot(first_list(), MAX_WHOLE)) == "rollback"
    assert gate.would_open(21)


# The usage log

Forge = Callable[[Batch], Batch]
HONEST: list[Entry] = log.HONEST
STORED = 2


def as_is(batch: Batch) -> Batch:
    return batch


LOG_ATTACKS: dict[str, tuple[Forge, SigningKey, str]] = {
    **{
        f"{name} on its way": (
            lambda one, change=change: replace(one, entries=change(list(HONEST))),  # type: ignore[misc]
            gate_key(1),
            "rewritten_event" if change(list(HONEST))[:STORED] != HONEST[:STORED] else "broken_chain",
        )
        for name, change in log.ATTACKS.items()
    },
    "rewritten after it was stored": (
        lambda one: log.batch_of([log.payload(99), *HONEST[1:]]),
        gate_key(1),
        "rewritten_event",
    ),
    "forged by another gate": (as_is, gate_key(2), "wrong_signature"),
    "another gate's": (
        lambda one: replace(one, head=replace(one.head, gate_id=2)),
        gate_key(2),
        "wrong_gate",
    ),
    "another log's": (
        lambda one: replace(one, head=replace(one.head, log_epoch=log.OTHER)),
        gate_key(1),
        "foreign_log",
    ),
}


@pytest.fixture
def office(memory: Path) -> Iterator[OfficeSide]:
    made = OfficeSide(memory, 2)
    gate = HostileGate(made)
    gate.say(sent(log.batch_of(HONEST[:STORED])))
    assert gate.heard[-1] == LogStored(log.EPOCH, STORED)
    yield made
    made.close()


def sent(batch: Batch, key: SigningKey | None = None) -> LogBatch:
    """The batch as it travels, its head signed by ``key``."""
    entries = tuple(
        LogEntry(one, None) if isinstance(one, bytes) else LogEntry(None, one.hashed) for one in batch.entries
    )
    return LogBatch(batch.log_epoch, batch.first, entries, sign_log_head(batch.head, key or gate_key(1)))


def kept(office: OfficeSide) -> list[tuple[int, bytes | None, bytes]]:
    rows = office.store.events.read(1, log.EPOCH, 0, 1000)
    return [(one.number, one.payload, one.link) for one in rows]


@pytest.mark.parametrize("name", LOG_ATTACKS)
def test_events_that_attack_are_refused_by_name_and_those_at_the_office_stay(
    office: OfficeSide, name: str
) -> None:
    forge, key, attack = LOG_ATTACKS[name]
    before = kept(office)
    gate = HostileGate(office)
    gate.say(sent(forge(log.batch_of(HONEST)), key))
    assert gate.ended is not None
    assert gate.ended.code == attack
    assert {one.name: one.count for one in office.store.diary.alarms()}[attack] == 1
    assert kept(office) == before
    again = HostileGate(office)
    again.say(sent(log.batch_of(HONEST)))
    assert again.heard[-1] == LogStored(log.EPOCH, len(HONEST))
    assert [number for number, _, _ in kept(office)] == list(range(1, len(HONEST) + 1))


def test_events_that_are_left_out_are_asked_for_once_and_then_refused(office: OfficeSide) -> None:
    before, gate = kept(office), HostileGate(office)
    later = sent(log.batch_of(HONEST[7:], 8, log.head_of(HONEST[:7]).link))
    gate.say(later)
    assert gate.heard[-1] == LogFrom(log.EPOCH, STORED)
    gate.say(later)
    assert gate.ended is not None
    assert gate.ended.code == "event_gap"
    assert kept(office) == before


def test_events_that_come_again_are_stored_once(office: OfficeSide) -> None:
    before, gate = kept(office), HostileGate(office)
    for _ in range(3):
        gate.say(sent(log.batch_of(HONEST[:STORED])))
        assert gate.heard[-1] == LogStored(log.EPOCH, STORED)
    assert kept(office) == before
    assert office.store.diary.alarms() == [
        one for one in office.store.diary.alarms() if one.name == "cannot_sign"
    ]
