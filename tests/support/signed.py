"""What a hub and its gates do with the office's lists: sign, take, and confirm at a second of choice."""

from __future__ import annotations

from office.hub.publisher import Publisher
from office.hub.reception import take_report
from office.lists.store import hub_store
from sync.envelope import parse_envelope
from sync.records import ClockState
from sync.statements.receipt import Receipt
from tests.support.hub import KeysAtHand


def confirm(gate_id: int, at: int) -> None:
    """The gate takes everything that is wanted, and says so at this second by its own clock."""
    store = hub_store()
    publisher = Publisher(store, KeysAtHand())
    known = store.diary.contact(gate_id)
    has = None if known.version is None else (known.version, known.digest)
    take_report(store, gate_id, has, at)
    for envelope in publisher.advance(gate_id, at).envelopes:
        statement = parse_envelope(envelope).statement
        receipt = Receipt(
            statement.estate_id, gate_id, statement.version, statement.digest, at, ClockState.TRUSTED
        )
        store.receipts.add(receipt, b"", at)
        take_report(store, gate_id, (statement.version, statement.digest), at)
    publisher.advance(gate_id, at)
