"""What office and gate say to each other: the messages of a session.

`sync.message_codec` has their bytes, docs/protocol.md lists them all. Signed statements
inside are opaque here: whoever acts on one verifies it (`sync.statements`, `sync.trust`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, unique
from typing import ClassVar, Final

from msgspec import Struct

from sync.update import ListVersion

PROTOCOL_VERSION: Final = 1
NONCE_BYTES: Final = 16
MAX_MESSAGE_BYTES: Final = 64 * 1024
"""Cap on one message. Whole lists go in pieces; nothing else comes near it."""


@unique
class Kind(IntEnum):
    """The kinds of messages. Numbers are permanent."""

    HELLO = 1
    BYE = 2
    UNKNOWN = 3
    PULSE = 4
    PULSE_ANSWER = 5
    STATUS = 6
    UPDATE = 10
    TRANSFER = 11
    PIECE = 12
    TAKEN = 13
    RECEIPT = 14
    REFUSED = 15
    WANT_SNAPSHOT = 16
    LOG_FROM = 20
    LOG_EPOCH = 21
    LOG_BATCH = 22
    LOG_STORED = 23
    ORDER = 30
    ORDER_ANSWER = 31
    FLOOR = 40
    FLOOR_TAKEN = 41


@unique
class Role(IntEnum):
    """The two ends of a session."""

    GATE = 1
    OFFICE = 2


@unique
class Feature(IntEnum):
    """What an end can do beyond version 1 of the protocol; unknown numbers are passed over."""

    ORDERS = 1
    FLOOR_LOWERING = 2
    LOG_UPLOAD = 3


class ListState(Struct, frozen=True):
    """The list a gate has in force."""

    version: ListVersion
    digest: bytes


class LogState(Struct, frozen=True):
    """The usage log a gate has."""

    epoch: bytes
    last: int
    """Number of its newest event; 0 without any."""


class Message(Struct, frozen=True):
    """Base of every message; ``kind`` is its number on the wire."""

    kind: ClassVar[Kind]


class Hello(Message, frozen=True):
    """The first message of either end: who it is, what it has, what it can do."""

    kind = Kind.HELLO
    versions: tuple[int, ...]
    """Protocol versions it speaks."""
    role: Role
    estate_id: bytes
    gate_id: int
    nonce: bytes
    """Fresh for this session; orders are bound to the gate's."""
    software: str
    formats: tuple[int, ...] = ()
    """List formats it reads or writes."""
    features: tuple[int, ...] = ()
    boot_id: bytes | None = None
    list_state: ListState | None = None
    log_state: LogState | None = None
    delegations: tuple[bytes, ...] = ()
    """Root-signed: whom the gate is to obey."""
    withdrawals: bytes | None = None
    known: tuple[bytes, ...] = ()
    """Marks of the delegations that a gate remembers with its list: no update need carry them again."""
    withdrawals_version: int = 0
    """Number of the last withdrawals that a gate remembers with its list."""
    highest: ListState | None = None
    """The newest list that a gate ever had in force, where that one is lost."""
    lowering: int = 0
    """Number of the last lowering of its floor that a gate has taken."""


class Bye(Message, frozen=True):
    """The last message: why this end leaves, as a stable word and a text for a person."""

    kind = Kind.BYE
    code: str
    text: str = ""


class Unknown(Message, frozen=True):
    """The answer to a message of a kind that this end does not know."""

    kind = Kind.UNKNOWN
    unknown_kind: int


class Answered(Struct, frozen=True):
    """The gate got the answer to a question of this session at this reading of CLOCK_BOOTTIME."""

    nonce: bytes
    boottime_ms: int


class Pulse(Message, frozen=True):
    """The gate asks for the time and the newest version of its list, by a fresh nonce."""

    kind = Kind.PULSE
    nonce: bytes
    boot_id: bytes
    boottime_ms: int
    """CLOCK_BOOTTIME now."""
    answered: Answered | None = None
    """When the answer to an earlier question came: with it, the office can date what the gate logged."""


class PulseAnswer(Message, frozen=True):
    """A signed `sync.statements` pulse answer."""

    kind = Kind.PULSE_ANSWER
    signed: bytes


class Status(Message, frozen=True):
    """The gate's health in short words: key → text (readers, doors, clock, log)."""

    kind = Kind.STATUS
    facts: Mapping[str, str]


class Update(Message, frozen=True):
    """A whole envelope in one message (`sync.envelope`)."""

    kind = Kind.UPDATE
    envelope: bytes


class Transfer(Message, frozen=True):
    """An envelope too large for one message follows in pieces, named by its SHA-256."""

    kind = Kind.TRANSFER
    digest: bytes
    total: int


class Piece(Message, frozen=True):
    """Bytes of the announced envelope from ``offset`` on."""

    kind = Kind.PIECE
    offset: int
    data: bytes


class Taken(Message, frozen=True):
    """The gate has the announced envelope up to ``offset``: go on there."""

    kind = Kind.TAKEN
    digest: bytes
    offset: int


class ReceiptSent(Message, frozen=True):
    """A receipt signed by the gate (`sync.statements`)."""

    kind = Kind.RECEIPT
    signed: bytes


class Refused(Message, frozen=True):
    """Something signed was refused, by the attack's name (`sync.refusal`); the list in force stays."""

    kind = Kind.REFUSED
    attack: str
    text: str
    version: ListVersion | None = None
    """Of the update; ``None`` if it was no update, or one that says no version."""


class WantSnapshot(Message, frozen=True):
    """The gate cannot build on what it has: send the whole list."""

    kind = Kind.WANT_SNAPSHOT
    why: str


class LogFrom(Message, frozen=True):
    """The office has this log epoch up to ``number``: send what follows. No epoch: it has nothing."""

    kind = Kind.LOG_FROM
    epoch: bytes | None
    number: int


class LogEpochSent(Message, frozen=True):
    """A new log database, announced under the gate's signature (`sync.statements`)."""

    kind = Kind.LOG_EPOCH
    signed: bytes


class LogEntry(Struct, frozen=True):
    """One event: its payload, or the hash that stays when the payload was erased."""

    payload: bytes | None
    hashed: bytes | None


class LogBatch(Message, frozen=True):
    """Events in a row from ``first`` on, and the signed head of the log at their end."""

    kind = Kind.LOG_BATCH
    epoch: bytes
    first: int
    entries: tuple[LogEntry, ...]
    signed_head: bytes
    signed_before: bytes | None = None
    """The signed place up to which events are gone for good, where ``first`` leaves some out."""


class LogStored(Message, frozen=True):
    """The office has every event up to ``number`` on disk, for good."""

    kind = Kind.LOG_STORED
    epoch: bytes
    number: int


class OrderSent(Message, frozen=True):
    """A signed command (`sync.statements`)."""

    kind = Kind.ORDER
    signed: bytes


class OrderAnswer(Message, frozen=True):
    """What became of the order with this counter."""

    kind = Kind.ORDER_ANSWER
    counter: int
    ok: bool
    text: str


class FloorSent(Message, frozen=True):
    """A root-signed lowering of the time floor (`sync.statements`)."""

    kind = Kind.FLOOR
    signed: bytes


class FloorTaken(Message, frozen=True):
    """Number of the last lowering of the floor that this gate has taken; 0 before the first."""

    kind = Kind.FLOOR_TAKEN
    serial: int
