"""Batches of a gate's log, honest and forged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from office.hub.log_intake import Batch, Entry, Erased
from sync.events import GENESIS, Event, EventKind, encode_event, link, payload_hash
from sync.records import ClockState
from sync.statements.log_head import LogHead
from tests.support.estate import ESTATE_ID

EPOCH = b"log epoch number"


OTHER = b"another log epoch"[:16]


BOOT = b"boot of the gate"


Attack = Callable[[list[Entry]], list[Entry]]


def payload(number: int, kind: EventKind = EventKind.TAP) -> bytes:
    return encode_event(Event(kind, BOOT, 1000 * number, None, ClockState.UNKNOWN, door=1 + number % 2))


def head_of(entries: Sequence[Entry], first: int = 1, start: bytes = GENESIS) -> LogHead:
    at = start
    for number, one in enumerate(entries, first):
        at = link(at, number, one.hashed if isinstance(one, Erased) else payload_hash(one))
    return LogHead(ESTATE_ID, 1, EPOCH, first + len(entries) - 1, at)


def batch_of(entries: Sequence[Entry], first: int = 1, start: bytes = GENESIS) -> Batch:
    return Batch(EPOCH, first, list(entries), head_of(entries, first, start))


HONEST: list[Entry] = [payload(number) for number in range(1, 11)]


ATTACKS: dict[str, Attack] = {
    "edited": lambda log: [*log[:4], payload(5, EventKind.FIRE), *log[5:]],
    "deleted in the middle": lambda log: [*log[:4], *log[5:]],
    "deleted at the end": lambda log: log[:-1],
    "deleted at the begin": lambda log: log[1:],
    "reordered": lambda log: [log[1], log[0], *log[2:]],
    "repeated": lambda log: [*log[:5], log[4], *log[5:]],
    "added": lambda log: [*log, payload(11)],
    "erased by somebody else": lambda log: [*log[:4], Erased(bytes(32)), *log[5:]],
}
