"""What is said on a link that TLS admitted by a token: one request, one answer, the end.

    gate      request                                   `sync.enrolment`
    office    [state, text, [delegation, …], withdrawals or None]

Each with its length before it, as a varint. Sans-I/O: bytes in, bytes out. No session is
begun here, so nothing else can be said: whoever sends anything else is cut.
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import Final

from msgspec import Struct

from sync.codec import CodecError, decode, encode
from sync.delegation import MAX_STATEMENT_BYTES
from sync.enrolment import MAX_REQUEST_BYTES
from sync.fields import array, member, octets, optional, text
from sync.message_stream import MessageReader
from sync.varint import append_varint

MAX_TEXT: Final = 240
MAX_CHAIN: Final = 2
MAX_ANSWER_BYTES: Final = 4 * MAX_TEXT + (MAX_CHAIN + 1) * MAX_STATEMENT_BYTES + 64
_LENGTH_BYTES: Final = 3


@unique
class EnrolmentState(IntEnum):
    """How a request stands at the office; the value is its number on the wire."""

    PENDING = 1
    """The office has it: a person compares the fingerprints."""
    ACCEPTED = 2
    """The gate is registered with this key: it may dial with it."""
    REFUSED = 3
    """It will not be accepted; the text says why."""


_STATES: Final = {int(one): one for one in EnrolmentState}


class EnrolmentAnswer(Struct, frozen=True):
    """The office's word on a request."""

    state: EnrolmentState
    text: str
    delegations: tuple[bytes, ...] = ()
    """By which the gate knows that a hub of its estate speaks."""
    withdrawals: bytes | None = None


class OneMessage:
    """Takes the single message that a peer may send, and not a byte more."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._left = most_bytes + _LENGTH_BYTES
        self._reader = MessageReader()

    def feed(self, data: bytes) -> bytes | None:
        """The message once it is whole; raises ``CodecError`` for anything beyond it."""
        self._left -= len(data)
        if self._left < 0:
            raise CodecError(f"more than the {self._most_bytes} bytes that may come here")
        self._reader.feed(data)
        message = self._reader.next_message()
        if message is not None and (len(message) > self._most_bytes or not self._reader.is_empty):
            raise CodecError("one short message may come here, and more came")
        return message


def request_reader() -> OneMessage:
    """For the office: what a gate may say."""
    return OneMessage(MAX_REQUEST_BYTES)


def answer_reader() -> OneMessage:
    """For the gate: what the office may answer."""
    return OneMessage(MAX_ANSWER_BYTES)


def with_length(message: bytes) -> bytes:
    """A message as it goes over the link."""
    data = bytearray()
    append_varint(data, len(message))
    return bytes(data + message)


def encode_answer(answer: EnrolmentAnswer) -> bytes:
    """The bytes of an answer, without their length."""
    return encode([int(answer.state), answer.text[:MAX_TEXT], list(answer.delegations), answer.withdrawals])


def decode_answer(data: bytes) -> EnrolmentAnswer:
    """An answer; raises ``CodecError`` for anything else."""
    row = array(decode(data, max_bytes=MAX_ANSWER_BYTES, max_depth=2, max_items=16), "answer", length=4)
    said = text(row[1], "answer: text")
    if len(said) > MAX_TEXT:
        raise CodecError(f"answer: text: longer than {MAX_TEXT} characters")
    chain = array(row[2], "answer: delegations", at_most=MAX_CHAIN)
    return EnrolmentAnswer(
        member(_STATES, row[0], "answer: state"),
        said,
        tuple(_statement(one, "answer: delegation") for one in chain),
        optional(row[3], _statement, "answer: withdrawals"),
    )


def _statement(value: object, what: str) -> bytes:
    data = octets(value, what)
    if len(data) > MAX_STATEMENT_BYTES:
        raise CodecError(f"{what}: {len(data)} bytes, allowed are {MAX_STATEMENT_BYTES}")
    return data
