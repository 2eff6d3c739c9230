"""Usage events: what a gate remembers, as office and gate both read it.

An event is identified by (gate, log epoch, number). The number is given inside the
commit and is not part of the payload; the chain binds number and payload hash:

    link(n) = SHA-256(link(n - 1) ‖ n as 8 bytes ‖ SHA-256(payload))

so a payload can be erased later while the chain still proves the rest.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum, unique
from typing import Final

import msgpack
from msgspec import Struct, field

from sync.records import ClockState, Credential, Direction, Reason, RecordError

EVENT_VERSION: Final = 1
MAX_EVENT_BYTES: Final = 1200
"""Cap on one payload: room for two texts of MAX_TEXT in any script, beside everything else
(an operator and a reason). A tap takes a tenth of it."""
MAX_DETAIL: Final = 12
MAX_TEXT: Final = 120
GENESIS: Final = bytes(32)
"""The link before event 1 of every log epoch."""


class EventError(ValueError):
    """Bytes that are not an event of a version we know; the text names the field."""


@unique
class EventKind(IntEnum):
    """What happened. Numbers are permanent."""

    TAP = 1
    """A decision on a credential; ``reason`` says which."""
    DOOR_OPENED = 2
    DOOR_CLOSED = 3
    DOOR_FORCED = 4
    DOOR_HELD = 5
    DOOR_HELD_SOON = 6
    """Pre-alarm: the door will be held open too long in a moment."""
    DOOR_NOT_USED = 7
    """Unlocked for a grant, and nobody passed."""
    EXIT_BUTTON = 8
    REMOTE_OPENED = 9
    FIRE = 10
    FIRE_CLEARED = 11
    CONTACT_FAULT = 12
    CONTACT_RESTORED = 13
    DOOR_HELD_ENDED = 14
    DOOR_FORCED_ENDED = 15
    BARRIER_BLOCKED = 16
    """The loop or a failed close keeps the boom from coming down."""
    FIRE_RESET = 17
    """Somebody with rights ended fire releases that wait for it."""
    WRONG_TRIES = 20
    REVOKED_CARD_TAPPED = 21
    """A lost, damaged, suspended … card was tapped: an alarm at the office (14.4)."""
    DURESS = 22
    SLIP_BOOKED = 23
    """A guard booked a slip number to their own earlier opening (15.2)."""
    COMPANION_REFUSED = 24
    PASSBACK_BREACH = 25
    """Soft anti-passback: opened, and noted."""
    MODE_CHANGED = 30
    LIST_CHANGED = 31
    LIST_FAULT = 32
    """The active list failed and the other one, or none, took its place."""
    READER_DOWN = 33
    READER_UP = 34
    INPUT_CHANGED = 35
    """Tamper, mains-fail, battery-low and other reporting inputs."""
    GPIO_DOWN = 36
    """The lines cannot be read: contacts, fire and buttons are not felt."""
    GPIO_UP = 37
    STARTED = 40
    STOPPED = 41
    CLOCK_CHANGED = 42
    EVENTS_LOST = 43
    """``detail['count']`` events could not be kept."""
    LOG_SET_ASIDE = 44
    """A damaged store was set aside and a new one begun."""
    PASSBACK_FORGIVEN = 45
    ACCESS_STATE_LOST = 46
    """Spends were lost: every counted grant refuses. Again with ``count``, once it is known which were
    on the list: they refuse until re-issued."""
    LIST_OLD = 47
    """The list has not been confirmed for a day: the office should know; nobody is locked out."""
    MAINTENANCE_BEGUN = 48
    """A technician's card or the office opened maintenance mode, or gave it more time (``renewed``)."""
    MAINTENANCE_ENDED = 49


Detail = int | str | bytes


class Event(Struct, frozen=True):
    """One usage event without its number. Times as the gate knew them then."""

    kind: EventKind
    boot_id: bytes
    """The kernel's boot id, 16 bytes."""
    boottime_ms: int
    """CLOCK_BOOTTIME: with a later anchor of the same boot, the office finds the time."""
    wall_ms: int | None
    """UTC milliseconds; ``None`` while the clock is unknown."""
    clock: ClockState
    door: int | None = None
    reader: int | None = None
    direction: Direction | None = None
    credential: Credential | None = None
    issue_id: int | None = None
    grant_id: int | None = None
    reason: Reason | None = None
    detail: dict[str, Detail] = field(default_factory=dict)
    """A few opaque extras (operator id, slip number, count); never personal data."""


def encode_event(event: Event) -> bytes:
    """The payload bytes; raises ``EventError`` when they would exceed their cap."""
    payload: bytes = msgpack.packb(
        [
            EVENT_VERSION,
            int(event.kind),
            event.boot_id,
            event.boottime_ms,
            event.wall_ms,
            int(event.clock),
            event.door,
            event.reader,
            None if event.direction is None else int(event.direction),
            None if event.credential is None else event.credential.key,
            event.issue_id,
            event.grant_id,
            None if event.reason is None else int(event.reason),
            event.detail,
        ]
    )
    if len(payload) > MAX_EVENT_BYTES:
        raise EventError(f"event {event.kind.name}: {len(payload)} bytes, allowed are {MAX_EVENT_BYTES}")
    return payload


def decode_event(payload: bytes) -> Event:
    """Inverse of ``encode_event``; refuses anything it would not have produced.

    Raises:
        EventError: too large, not msgpack, wrong types, unknown kind or version.
    """
    if len(payload) > MAX_EVENT_BYTES:
        raise EventError(f"event: {len(payload)} bytes, allowed are {MAX_EVENT_BYTES}")
    try:
        row = msgpack.unpackb(payload, max_map_len=MAX_DETAIL, max_array_len=14, max_ext_len=0)
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise EventError(f"event: not msgpack ({error})") from None
    if not isinstance(row, list) or len(row) != 14 or row[0] != EVENT_VERSION:
        raise EventError("event: not a version 1 event")
    return _event(row)


def _event(row: list[object]) -> Event:
    _, kind, boot_id, boottime, wall, clock, door, reader, direction, key, issue, grant, reason, detail = row
    if not isinstance(boot_id, bytes) or len(boot_id) != 16:
        raise EventError("event: boot id must have 16 bytes")
    if key is not None and not isinstance(key, bytes):
        raise EventError("event: credential must be bytes")
    try:
        return Event(
            EventKind(_whole(kind, "kind")),
            boot_id,
            _whole(boottime, "boottime"),
            _maybe(wall, "wall time"),
            ClockState(_whole(clock, "clock state")),
            _maybe(door, "door"),
            _maybe(reader, "reader"),
            None if direction is None else _direction(direction),
            None if key is None else Credential.from_key(key),
            _maybe(issue, "issue"),
            _maybe(grant, "grant"),
            None if reason is None else Reason(_whole(reason, "reason")),
            _details(detail),
        )
    except RecordError as error:
        raise EventError(f"event: {error}") from None
    except EventError:
        raise
    except ValueError as error:
        raise EventError(f"event: {error}") from None


def _direction(value: object) -> Direction:
    number = _whole(value, "direction")
    if number not in (1, 2, 3):  # an IntFlag would take any number
        raise EventError("event: direction must be 1, 2 or 3")
    return Direction(number)


def _whole(value: object, what: str) -> int:
    if type(value) is not int or value < 0:
        raise EventError(f"event: {what} must be a whole number")
    return value


def _maybe(value: object, what: str) -> int | None:
    return None if value is None else _whole(value, what)


def _details(value: object) -> dict[str, Detail]:
    if not isinstance(value, dict):
        raise EventError("event: detail must be a map")
    for name, one in value.items():
        if not isinstance(name, str) or type(one) not in (int, str, bytes):
            raise EventError("event: detail holds words with numbers, texts or bytes")
        if isinstance(one, str | bytes) and len(one) > MAX_TEXT:
            raise EventError(f"event: detail {name[:20]!r} is too long")
    return value


def payload_hash(payload: bytes) -> bytes:
    """What stays in the chain when the payload itself is erased."""
    return hashlib.sha256(payload).digest()


def link(previous: bytes, number: int, hashed: bytes) -> bytes:
    """The chain's next link (see the module's text)."""
    return hashlib.sha256(previous + number.to_bytes(8, "big") + hashed).digest()
