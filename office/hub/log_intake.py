"""Whether a batch of a gate's usage log may be stored: every rule of the chain, and nothing else.

Pure. The session has verified that the log head is signed by the gate; the batch must lead
from what is stored to that head, link by link. What is stored already is compared, not
stored again. An entry that nobody can read is set aside and told: it stops nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from msgspec import Struct

from office.errors import OfficeError
from office.hub.event_times import UNSETTLED_MS, CorrectedTime
from office.hub.facts import JudgedEvent, LogPosition, StoredEvents
from sync.events import MAX_EVENT_BYTES, Event, EventError, decode_event, link, payload_hash
from sync.statements.log_head import LogHead

MAX_BATCH: Final = 1_000
HASH_BYTES: Final = 32


class LogRefusedError(OfficeError):
    """A batch is refused; nothing of it was stored. ``attack`` names it."""

    attack: ClassVar[str]


class ForeignLogError(LogRefusedError):
    """The log head is another gate's, or another log's."""

    attack = "foreign_log"


class BrokenChainError(LogRefusedError):
    """The events do not lead to the signed head: edited, deleted, reordered, or added."""

    attack = "broken_chain"


class RewrittenEventError(LogRefusedError):
    """An event that is stored here came with another content."""

    attack = "rewritten_event"


class EventGapError(LogRefusedError):
    """Events between what is stored and the batch are missing."""

    attack = "event_gap"


class OversizeBatchError(LogRefusedError):
    """Larger than any batch may be."""

    attack = "oversize"


class Erased(Struct, frozen=True):
    """An event whose payload the gate has erased."""

    hashed: bytes


Entry = bytes | Erased
"""A payload, or what is left of it."""


class Batch(Struct, frozen=True):
    """Events of one log in order, and the gate's signed head that they lead to."""

    log_epoch: bytes
    first: int
    entries: Sequence[Entry]
    head: LogHead
    """Of the last event in the batch."""
    before: LogHead | None = None
    """The gate's signed anchor, where it had to drop events before ``first``."""


EventTime = Callable[[Event], CorrectedTime | None]
"""Dates an event as well as can be told now."""


def judge_batch(
    batch: Batch, gate_id: int, position: LogPosition, stored: Mapping[int, bytes], when: EventTime
) -> StoredEvents:
    """What the batch adds to the log that ends at ``position``; ``stored``: hashes by number.

    Raises:
        LogRefusedError: by the attack's name.
    """
    _check_form(batch, gate_id)
    lost, at = _start(batch, position)
    events: list[JudgedEvent] = []
    for number, entry in enumerate(batch.entries, batch.first):
        hashed = entry.hashed if isinstance(entry, Erased) else payload_hash(entry)
        if number <= position.number:
            _check_same(number, hashed, stored)
            continue
        at = LogPosition(number, link(at.link, number, hashed))
        events.append(_judged(entry, hashed, at, when))
    if events and (at.number, at.link) != (batch.head.number, batch.head.link):
        raise BrokenChainError(
            f"gate {gate_id}: events {batch.first} to {at.number} do not lead to the head that the gate"
            " signed: they were edited, deleted, reordered or added on their way; look who feeds the link"
        )
    return StoredEvents(tuple(events), at if events else position, lost if events else 0)


def _check_form(batch: Batch, gate_id: int) -> None:
    for head in (batch.head, *(() if batch.before is None else (batch.before,))):
        if (head.gate_id, head.log_epoch) != (gate_id, batch.log_epoch):
            raise ForeignLogError(
                f"gate {gate_id}: the batch of log {batch.log_epoch.hex()} carries the head of log"
                f" {head.log_epoch.hex()} of gate {head.gate_id}; let the gate send its own log"
            )
    if not 1 <= len(batch.entries) <= MAX_BATCH:
        raise OversizeBatchError(f"a batch has 1 to {MAX_BATCH} events, this one {len(batch.entries)}")
    for one in batch.entries:
        if len(one.hashed if isinstance(one, Erased) else one) > MAX_EVENT_BYTES:
            raise OversizeBatchError(f"an event of gate {gate_id} has more than {MAX_EVENT_BYTES} bytes")
        if isinstance(one, Erased) and len(one.hashed) != HASH_BYTES:
            raise BrokenChainError(f"gate {gate_id}: the hash of an erased event needs {HASH_BYTES} bytes")


def _start(batch: Batch, position: LogPosition) -> tuple[int, LogPosition]:
    """Events that are lost for good, and the link from which the batch goes on."""
    if batch.first <= position.number + 1:
        return 0, position
    before = batch.before
    if before is None or before.number != batch.first - 1:
        raise EventGapError(
            f"gate {batch.head.gate_id}: the batch begins with event {batch.first}, stored are"
            f" {position.number}: send what lies between, or the signed place up to which it was dropped"
        )
    return before.number - position.number, LogPosition(before.number, before.link)


def _check_same(number: int, hashed: bytes, stored: Mapping[int, bytes]) -> None:
    known = stored.get(number)  # purged ones cannot be compared any more
    if known is not None and known != hashed:
        raise RewrittenEventError(
            f"event {number} came before with another content: the gate's log was changed afterwards, or"
            " another device speaks in its name; look at the gate"
        )


def _judged(entry: Entry, hashed: bytes, at: LogPosition, when: EventTime) -> JudgedEvent:
    if isinstance(entry, Erased):
        return JudgedEvent(at.number, None, hashed, at.link)
    try:
        event = decode_event(entry)
    except EventError as error:
        return JudgedEvent(at.number, entry, hashed, at.link, set_aside=str(error))
    time = when(event)
    settled = time is not None and time.uncertainty_ms < UNSETTLED_MS
    return JudgedEvent(
        at.number,
        entry,
        hashed,
        at.link,
        waits_for=None if settled else event.boot_id,
        boottime_ms=event.boottime_ms,
        utc_ms=None if time is None else time.utc_ms,
        uncertainty_ms=None if time is None else time.uncertainty_ms,
    )
