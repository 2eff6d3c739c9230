"""The plain data that cross the hub's storage port."""

from __future__ import annotations

from enum import IntEnum, StrEnum, unique

from msgspec import Struct

from sync.envelope import UpdateKind
from sync.events import GENESIS
from sync.records import Access, ClockState
from sync.update import ListVersion, StoredRecord


@unique
class LinkKind(StrEnum):
    """How a gate is reached."""

    NETWORK = "network"
    SERIAL = "serial"
    FILE = "file"


class Gate(Struct, frozen=True):
    """A gate in the register."""

    gate_id: int
    name: str
    public_key: bytes
    """Its own; empty while the gate is planned and the office knows none."""
    link: LinkKind
    bus_address: int | None
    """On a serial pair; ``None`` on any other link."""
    registered_at: int
    format_version: int = 1
    struck_at: int | None = None
    """Since when its key is refused."""


@unique
class InvitationState(IntEnum):
    """How far an invitation has come; the value is its number in the store."""

    OPEN = 1
    """No key was presented."""
    PENDING = 2
    """A key was presented: a person compares fingerprints."""
    ACCEPTED = 3
    REFUSED = 4
    VOID = 5
    """A newer bundle of the same gate took its place."""


class Invitation(Struct, frozen=True):
    """A site bundle that was made, and what became of its token."""

    token: bytes
    """Public half: nobody can ask with what stands here."""
    gate_id: int
    made_at: int
    not_after: int
    digest: bytes
    """SHA-256 of the bundle's file."""
    replaces: bool
    """The gate's old unit serves no more."""
    state: InvitationState = InvitationState.OPEN
    key: bytes | None = None
    """The public key that was presented."""
    signed: bytes | None = None
    """The request by which it was (`sync.enrolment`)."""
    asked_at: int | None = None
    decided_at: int | None = None


class Change(Struct, frozen=True):
    """A row of the outbox: this gate's wanted list has changed."""

    number: int
    """Rises with every change of the store."""
    gate_id: int
    urgent: bool
    """A revocation: it goes out before anything else."""
    at: int


class Pair(Struct, frozen=True):
    """One record as it is held and as it is wanted; ``None`` where it is not there."""

    key: bytes
    grant_id: int
    held: bytes | None
    wanted: bytes | None
    change: int
    """Number of the change that wanted it so."""


class Difference(Struct, frozen=True):
    """Where a gate's wanted list differs from the held one."""

    gate_id: int
    change: int
    """The newest change of the gate's wanted list; 0 if it never had one."""
    pairs: tuple[Pair, ...]
    """None before the first list: everything differs then. Never more than 20,001."""
    settings: bytes | None
    """The wanted settings, if they differ."""


class GrantRow(Struct, frozen=True):
    """A wanted record at one gate."""

    gate_id: int
    record: StoredRecord
    held: bytes | None
    since: ListVersion | None
    """The version with which the held record came; ``None`` while it was never signed."""


class Held(Struct, frozen=True):
    """The list at the end of a gate's signed chain."""

    version: ListVersion
    digest: bytes
    issued_at: int
    settings: bytes
    buckets: bytes
    """The 1,024 bucket digests, one after the other."""
    memory: bytes
    """`sync.memory.TrustMemory` as far as the brake goes: what the gate will judge by."""
    puts: tuple[StoredRecord, ...] = ()
    """What the update that led here put …"""
    removed: tuple[tuple[bytes, int], ...] = ()
    """… and took away; a snapshot takes the wanted list as of its change."""
    touched: tuple[tuple[int, bytes], ...] = ()
    """Places in ``buckets``, and the bytes that a delta put there."""


class SignedList(Struct, frozen=True):
    """An update that was signed for a gate."""

    gate_id: int
    version: ListVersion
    previous: int
    kind: UpdateKind
    digest: bytes
    issued_at: int
    change: int
    """The newest change that its wanted list had."""
    kept: bool = True
    """Whether its bytes are still there."""


class KeptReceipt(Struct, frozen=True):
    """A gate's receipt, and when the office got it."""

    version: ListVersion
    digest: bytes
    applied_at: int | None
    clock: ClockState
    received_at: int


class Contact(Struct, frozen=True):
    """What is known of a gate's last words."""

    at: int | None = None
    asked: bool = False
    """Whether the gate has ever told which list it has."""
    version: ListVersion | None = None
    digest: bytes = b""
    refusal: str | None = None
    """The attack's name under which it refused its last update, until something has changed."""
    refused: ListVersion | None = None
    refused_change: int = 0
    refused_at: int | None = None
    resumed: bool = False
    """A clerk let the office go on although the gate knows a list the office does not."""
    highest: ListVersion | None = None
    """The newest list that it ever had, where that one is lost …"""
    highest_digest: bytes = b""
    """… and its digest."""


class Alarm(Struct, frozen=True):
    """A named refusal or fault, counted."""

    gate_id: int | None
    name: str
    count: int
    first_at: int
    last_at: int
    text: str
    """What the last one said."""


class LogPosition(Struct, frozen=True):
    """The end of what was taken in of one log."""

    number: int = 0
    link: bytes = GENESIS


class JudgedEvent(Struct, frozen=True):
    """One event of a batch whose chain was proved."""

    number: int
    payload: bytes | None
    """``None``: it was erased at the gate."""
    hashed: bytes
    link: bytes
    set_aside: str | None = None
    """Why nobody can read it; it is kept and told, and stops nothing."""
    waits_for: bytes | None = None
    """The boot whose anchors will tell its time better."""
    boottime_ms: int | None = None
    utc_ms: int | None = None
    uncertainty_ms: int | None = None


class StoredEvents(Struct, frozen=True):
    """What a batch adds to a log."""

    events: tuple[JudgedEvent, ...]
    position: LogPosition
    """The end of the log after it."""
    lost: int = 0
    """Numbers that were skipped because the gate, short of room, had dropped them."""


class EventRow(Struct, frozen=True):
    """One event as the office keeps it."""

    number: int
    payload: bytes | None
    hashed: bytes
    link: bytes
    set_aside: str | None
    received_at: int
    utc_ms: int | None
    uncertainty_ms: int | None


class BootAnchor(Struct, frozen=True, order=True):
    """At this reading of a boot's clock it was this time."""

    boottime_ms: int
    utc_ms: int
    uncertainty_ms: int


class Lowering(Struct, frozen=True):
    """The root's word that a gate's time floor is too high, kept until the gate has it."""

    gate_id: int
    serial: int
    floor: int
    """UTC second."""
    signed: bytes
    taken_in_at: int
    told: int | None = None
    """Number of the last one that the gate says it has taken; ``None``: it has not said."""


@unique
class MoveState(IntEnum):
    """How far a counted grant has moved; the value is its number in the store."""

    ENDING = 1
    """Its end was ordered at the first gate; the receipt is awaited."""
    CLERK = 2
    """Nobody can tell how much was spent: a clerk decides."""
    DONE = 3
    SPENT = 4
    """Nothing was left to move."""
    DOUBTFUL = 5
    """Its end was ordered at the first gate, whose list was not ours: after the receipt a clerk decides."""


class Move(Struct, frozen=True):
    """A counted grant that leaves one gate's list for another's."""

    grant_id: int
    from_gate: int
    to_gate: int
    uses: int
    """Uses it had at the first gate, less those that guards made by their own cards since."""
    access: tuple[Access, ...]
    """The doors of the second gate."""
    grant: bytes
    """The grant as it was (`sync.encoding`), of the chip …"""
    chip: bytes
    """… with this key."""
    new_grant_id: int
    asked_at: int
    state: MoveState = MoveState.ENDING
    left: int | None = None
