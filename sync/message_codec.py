"""Messages as bytes: a canonical msgpack array [kind, field, …], every field checked and capped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

from sync.codec import CodecError, decode, encode
from sync.delegation import MAX_GATE_ID, MAX_STATEMENT_BYTES
from sync.digest import DIGEST_BYTES, ESTATE_ID_BYTES
from sync.envelope import MARK_BYTES, MAX_DELEGATIONS, MAX_ENVELOPE_BYTES
from sync.events import MAX_EVENT_BYTES
from sync.fields import array, member, octets, optional, text, truth, whole
from sync.memory import MAX_KNOWN_DELEGATIONS
from sync.messages import (
    MAX_MESSAGE_BYTES,
    NONCE_BYTES,
    Answered,
    Bye,
    FloorSent,
    FloorTaken,
    Hello,
    Kind,
    ListState,
    LogBatch,
    LogEntry,
    LogEpochSent,
    LogFrom,
    LogState,
    LogStored,
    Message,
    OrderAnswer,
    OrderSent,
    Piece,
    Pulse,
    PulseAnswer,
    ReceiptSent,
    Refused,
    Role,
    Status,
    Taken,
    Transfer,
    Unknown,
    Update,
    WantSnapshot,
)
from sync.update import ListVersion

BOOT_ID_BYTES: Final = 16
LOG_EPOCH_BYTES: Final = 16
MAX_TEXT: Final = 240
MAX_BATCH_EVENTS: Final = 512
MAX_NUMBERS: Final = 32
MAX_FACTS: Final = 64

Reader = Callable[[object, str], object]
_LEAST: Final = {Kind.HELLO: 15}
"""Fields of the first form of a message: what was added behind them is left off where it says nothing."""
_Form = tuple[type[Message], Mapping[str, Reader]]


def encode_message(message: Message) -> bytes:
    """The bytes of one message, without its length; raises ``CodecError`` beyond the cap."""
    values = list(astuple(message))
    while values and _may_be_left_off(message.kind, len(values) - 1, values[-1]):
        values.pop()
    data = encode([int(message.kind), *(_plain(one) for one in values)])
    if len(data) > MAX_MESSAGE_BYTES:
        raise CodecError(f"{message.kind.name}: {len(data)} bytes, allowed are {MAX_MESSAGE_BYTES}")
    return data


def decode_message(data: bytes) -> Message | int:
    """One message, or the number of a kind that is not known here.

    Raises:
        CodecError: not a message; names the field that is wrong.
    """
    row = array(decode(data, max_bytes=MAX_MESSAGE_BYTES, max_depth=4), "message")
    number = whole(row[0] if row else None, "message: kind")
    form = _FORMS.get(number)
    if form is None:
        return number
    made, readers = form
    name, values = made.kind.name, row[1:]
    if len(values) not in range(_LEAST.get(made.kind, len(readers)), len(readers) + 1):
        raise CodecError(f"{name}: has {len(values)} fields, needed are {len(readers)}")
    if values and _may_be_left_off(made.kind, len(values) - 1, values[-1]):
        raise CodecError(f"{name}: its last field says nothing and must be left off")
    fields = zip(values, readers.items(), strict=False)
    return made(*[read(value, f"{name}: {field}") for value, (field, read) in fields])


def _may_be_left_off(kind: Kind, place: int, value: object) -> bool:
    """Whether a last field is one that came later, and says nothing."""
    return kind in _LEAST and place >= _LEAST[kind] and value in (None, 0)


def _plain(value: object) -> object:
    """Structures and tuples as the arrays they are on the wire."""
    match value:
        case ListState(version, digest):
            return [version.epoch, version.revision, digest]
        case Struct():
            return [_plain(one) for one in astuple(value)]
        case tuple():
            return [_plain(one) for one in value]
        case IntEnum():
            return int(value)
        case dict():  # on the wire names ascend, in whatever order they were found
            return dict(sorted(value.items()))
        case _:
            return value


def _list_state(value: object, what: str) -> ListState:
    row = array(value, what, length=3)
    return ListState(_version(row[:2], what), octets(row[2], f"{what} digest", DIGEST_BYTES))


def _version(value: object, what: str) -> ListVersion:
    row = array(value, what, length=2)
    return ListVersion(whole(row[0], f"{what} epoch"), whole(row[1], f"{what} revision"))


def _log_state(value: object, what: str) -> LogState:
    row = array(value, what, length=2)
    return LogState(octets(row[0], f"{what} epoch", LOG_EPOCH_BYTES), whole(row[1], f"{what} last"))


def _answered(value: object, what: str) -> Answered:
    row = array(value, what, length=2)
    return Answered(octets(row[0], f"{what} nonce", NONCE_BYTES), whole(row[1], f"{what} boottime"))


def _entries(value: object, what: str) -> tuple[LogEntry, ...]:
    rows = array(value, what, at_most=MAX_BATCH_EVENTS)
    if not rows:
        raise CodecError(f"{what}: there must be one at least")
    return tuple(_entry(one, what) for one in rows)


def _entry(value: object, what: str) -> LogEntry:
    row = array(value, what, length=2)
    payload = optional(row[0], partial(_limited, at_most=MAX_EVENT_BYTES), what)
    hashed = optional(row[1], partial(octets, length=DIGEST_BYTES), what)
    if (payload is None) is (hashed is None):
        raise CodecError(f"{what}: either a payload or its hash")
    return LogEntry(payload, hashed)


def _facts(value: object, what: str) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MAX_FACTS:
        raise CodecError(f"{what}: must be a map of at most {MAX_FACTS}")
    return {_short(key, what): _short(one, what) for key, one in value.items()}


def _short(value: object, what: str) -> str:
    said = text(value, what)
    if len(said) > MAX_TEXT:
        raise CodecError(f"{what}: longer than {MAX_TEXT} characters")
    return said


def _limited(value: object, what: str, *, at_most: int = MAX_STATEMENT_BYTES) -> bytes:
    return octets(value, what, at_most=at_most)


def _several(value: object, what: str, *, read: Reader, at_most: int) -> tuple[object, ...]:
    return tuple(read(one, what) for one in array(value, what, at_most=at_most))


def _maybe(read: Reader) -> Reader:
    return lambda value, what: optional(value, read, what)


def _exactly(length: int) -> Reader:
    return lambda value, what: octets(value, what, length)


_ROLES: Final = {int(one): one for one in Role}
_NUMBERS: Final = partial(_several, read=whole, at_most=MAX_NUMBERS)
_NONCE: Final = _exactly(NONCE_BYTES)
_BOOT_ID: Final = _exactly(BOOT_ID_BYTES)
_LOG_EPOCH: Final = _exactly(LOG_EPOCH_BYTES)
_DIGEST: Final = _exactly(DIGEST_BYTES)
_BULKY: Final = partial(_limited, at_most=MAX_MESSAGE_BYTES)
_STATEMENTS: Final = partial(_several, read=_limited, at_most=MAX_DELEGATIONS)


def _form(made: type[Message], readers: Mapping[str, Reader]) -> tuple[int, _Form]:
    return int(made.kind), (made, readers)


_FORMS: Final[Mapping[int, _Form]] = dict(
    (
        _form(
            Hello,
            {
                "versions": _NUMBERS,
                "role": lambda value, what: member(_ROLES, value, what),
                "estate": _exactly(ESTATE_ID_BYTES),
                "gate": partial(whole, at_most=MAX_GATE_ID),
                "nonce": _NONCE,
                "software": _short,
                "formats": _NUMBERS,
                "features": _NUMBERS,
                "boot id": _maybe(_BOOT_ID),
                "list": _maybe(_list_state),
                "log": _maybe(_log_state),
                "delegations": _STATEMENTS,
                "withdrawals": _maybe(_limited),
                "known": partial(_several, read=_exactly(MARK_BYTES), at_most=MAX_KNOWN_DELEGATIONS),
                "withdrawals version": whole,
                "highest": _maybe(_list_state),
                "lowering": whole,
            },
        ),
        _form(Bye, {"code": _short, "text": _short}),
        _form(Unknown, {"kind": whole}),
        _form(
            Pulse,
            {"nonce": _NONCE, "boot id": _BOOT_ID, "boottime": whole, "answered": _maybe(_answered)},
        ),
        _form(PulseAnswer, {"signed": _BULKY}),
        _form(Status, {"facts": _facts}),
        _form(Update, {"envelope": _BULKY}),
        _form(Transfer, {"digest": _DIGEST, "total": partial(whole, at_most=MAX_ENVELOPE_BYTES)}),
        _form(Piece, {"offset": whole, "data": _BULKY}),
        _form(Taken, {"digest": _DIGEST, "offset": whole}),
        _form(ReceiptSent, {"signed": _BULKY}),
        _form(Refused, {"attack": _short, "text": _short, "version": _maybe(_version)}),
        _form(WantSnapshot, {"why": _short}),
        _form(LogFrom, {"epoch": _maybe(_LOG_EPOCH), "number": whole}),
        _form(LogEpochSent, {"signed": _limited}),
        _form(
            LogBatch,
            {
                "epoch": _LOG_EPOCH,
                "first": whole,
                "entries": _entries,
                "head": _limited,
                "before": _maybe(_limited),
            },
        ),
        _form(LogStored, {"epoch": _LOG_EPOCH, "number": whole}),
        _form(OrderSent, {"signed": _BULKY}),
        _form(OrderAnswer, {"counter": whole, "ok": truth, "text": _short}),
        _form(FloorSent, {"signed": _limited}),
        _form(FloorTaken, {"serial": whole}),
    )
)


def field_names() -> Mapping[Kind, tuple[str, ...]]:
    """What each kind of message holds, in its order; for docs/protocol.md."""
    return {made.kind: tuple(readers) for made, readers in _FORMS.values()}
