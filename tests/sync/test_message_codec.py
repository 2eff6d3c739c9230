"""Messages and their bytes: one spelling each, every field checked, any bytes survived."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.codec import CodecError, encode
from sync.message_codec import decode_message, encode_message
from sync.message_stream import MessageReader, framed
from sync.messages import (
    MAX_MESSAGE_BYTES,
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

VECTORS = Path(__file__).parents[2] / "sync" / "vectors" / "messages.json"
SIXTEEN = bytes(range(16))
DIGEST = bytes(range(32))
EXAMPLES: tuple[Message, ...] = (
    Hello((1,), Role.OFFICE, b"estate-1", 7, SIXTEEN, "gatehouse 0.1"),
    Hello(
        (1, 2),
        Role.GATE,
        b"estate-1",
        7,
        SIXTEEN,
        "gatehouse 0.1",
        (1,),
        (1, 2, 3),
        SIXTEEN,
        ListState(ListVersion(1, 5), DIGEST),
        LogState(SIXTEEN, 99),
        (b"delegation",),
        b"withdrawals",
        (bytes(8),),
        3,
    ),
    Hello(
        (1,),
        Role.GATE,
        b"estate-1",
        7,
        SIXTEEN,
        "gatehouse 0.1",
        highest=ListState(ListVersion(1, 9), DIGEST),
    ),
    Hello((1,), Role.GATE, b"estate-1", 7, SIXTEEN, "gatehouse 0.1", lowering=4),
    Bye("done", "the gate stops"),
    Unknown(99),
    Pulse(SIXTEEN, SIXTEEN, 123_456),
    Pulse(SIXTEEN, SIXTEEN, 123_456, Answered(SIXTEEN, 123_400)),
    PulseAnswer(b"signed"),
    Status({"clock": "trusted", "readers": "2 of 2"}),
    Update(b"envelope"),
    Transfer(DIGEST, 66_000),
    Piece(512, b"piece"),
    Taken(DIGEST, 1_024),
    ReceiptSent(b"signed"),
    Refused("rollback", "revision 1.2 is older than 1.3", ListVersion(1, 2)),
    Refused("malformed", "the update is damaged"),
    WantSnapshot("gap"),
    LogFrom(SIXTEEN, 17),
    LogFrom(None, 0),
    LogEpochSent(b"signed"),
    LogBatch(SIXTEEN, 18, (LogEntry(b"payload", None), LogEntry(None, DIGEST)), b"head", b"before"),
    LogStored(SIXTEEN, 19),
    OrderSent(b"signed"),
    OrderAnswer(3, ok=True, text=""),
    FloorSent(b"signed"),
    FloorTaken(4),
)
HELLO = [1, [1], 1, b"estate-1", 7, SIXTEEN, "gatehouse", [], [], None, None, None, [], None, [], 0]
"""In its first form, before fields were added behind it."""


def test_a_hello_of_the_first_form_says_nothing_of_what_was_added() -> None:
    assert decode_message(encode(HELLO)) == Hello((1,), Role.GATE, b"estate-1", 7, SIXTEEN, "gatehouse")


def test_the_frozen_vectors_are_these_bytes_and_are_read_as_they_were_meant() -> None:
    vectors = json.loads(VECTORS.read_text("utf-8"))["messages"]
    assert [one["kind"] for one in vectors] == [one.kind.name.lower() for one in EXAMPLES]
    for vector, example in zip(vectors, EXAMPLES, strict=True):
        assert framed(example).hex() == vector["bytes"]
        reader = MessageReader()
        reader.feed(bytes.fromhex(vector["bytes"]))
        assert decode_message(reader.next_message() or b"") == example


def test_every_kind_has_an_example() -> None:
    assert {one.kind for one in EXAMPLES} == set(Kind)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda one: one.kind.name)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    assert decode_message(encode_message(message)) == message


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda one: one.kind.name)
def test_a_field_too_many_or_too_few_is_refused(message: Message) -> None:
    body = encode_message(message)
    with pytest.raises(CodecError):
        decode_message(bytes([body[0] + 1]) + body[1:] + b"\x00")
    with pytest.raises(CodecError):
        decode_message(encode([int(message.kind)]))


@pytest.mark.parametrize(
    "row",
    [
        [int(Kind.LOG_FROM), b"short", 1],
        [int(Kind.LOG_FROM), None, -1],
        [int(Kind.LOG_FROM), None, True],
        [int(Kind.LOG_BATCH), SIXTEEN, 1, [], b"head", None],
        [int(Kind.LOG_BATCH), SIXTEEN, 1, [[None, None]], b"head", None],
        [int(Kind.LOG_BATCH), SIXTEEN, 1, [[b"x", DIGEST]], b"head", None],
        [int(Kind.TRANSFER), DIGEST, 1 << 40],
        [int(Kind.STATUS), {1: "x"}],
        [int(Kind.STATUS), {"x": "y" * 300}],
        [int(Kind.ORDER_ANSWER), 1, 1, "x"],
        [int(Kind.BYE), "x" * 300, ""],
        [*HELLO, None],
        [*HELLO, None, 0],
        [*HELLO, [1, 2, DIGEST], 0],
        [*HELLO, [1, 2, DIGEST], 3, 0],
        HELLO[:-1],
        ["hello"],
        [],
    ],
)
def test_wrong_fields_are_refused(row: list[object]) -> None:
    with pytest.raises(CodecError):
        decode_message(encode(row))


def test_a_kind_of_a_later_version_is_named() -> None:
    assert decode_message(encode([99, "whatever", {"a": 1}])) == 99


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_the_one_error(data: bytes) -> None:
    try:
        message = decode_message(data)
    except CodecError:
        return
    if isinstance(message, Message):
        assert encode_message(message) == data


@given(st.sampled_from(EXAMPLES), st.data())
def test_a_changed_byte_is_another_message_or_the_one_error(message: Message, data: st.DataObject) -> None:
    body = bytearray(encode_message(message))
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decode_message(bytes(body))
    except CodecError:
        return


@given(st.lists(st.sampled_from(EXAMPLES), max_size=5), st.integers(1, 50))
def test_a_stream_is_cut_into_its_messages(messages: list[Message], step: int) -> None:
    stream = b"".join(framed(one) for one in messages)
    reader, found = MessageReader(), []
    for at in range(0, len(stream), step):
        reader.feed(stream[at : at + step])
        while (data := reader.next_message()) is not None:
            found.append(decode_message(data))
    assert found == messages


@pytest.mark.parametrize("length", [b"\xff\xff\xff\x7f", b"\xff\xff\x7f", b"\x81\x80\x04"])
def test_an_endless_message_is_refused_before_it_comes(length: bytes) -> None:
    reader = MessageReader()
    reader.feed(length)
    with pytest.raises(CodecError):
        reader.next_message()


def test_no_message_is_sent_beyond_the_cap() -> None:
    with pytest.raises(CodecError):
        framed(Update(bytes(MAX_MESSAGE_BYTES)))
