"""One request, one answer, and not a byte more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.codec import CodecError
from sync.enrolment import MAX_REQUEST_BYTES
from sync.enrolment_talk import (
    MAX_TEXT,
    EnrolmentAnswer,
    EnrolmentState,
    OneMessage,
    answer_reader,
    decode_answer,
    encode_answer,
    request_reader,
    with_length,
)
from tests.support.enrolments import signed_request
from tests.support.estate import CHAIN, withdraw

SIGNED = signed_request()
ANSWER = EnrolmentAnswer(EnrolmentState.PENDING, "waits for a person", CHAIN[:2], withdraw(1))


def byte_by_byte(reader: OneMessage, data: bytes) -> list[bytes]:
    found = [reader.feed(bytes([one])) for one in data]
    return [one for one in found if one is not None]


def test_a_request_comes_whole_or_byte_by_byte() -> None:
    assert request_reader().feed(with_length(SIGNED)) == SIGNED
    assert byte_by_byte(request_reader(), with_length(SIGNED)) == [SIGNED]
    assert request_reader().feed(with_length(SIGNED)[:-1]) is None


@pytest.mark.parametrize("more", [b"\0", with_length(SIGNED), bytes(5000)])
def test_nothing_may_follow_it(more: bytes) -> None:
    with pytest.raises(CodecError):
        request_reader().feed(with_length(SIGNED) + more)


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff\xff", with_length(bytes(MAX_REQUEST_BYTES + 1)), bytes(2000)]
)
def test_what_is_too_long_is_cut_before_it_is_kept(data: bytes) -> None:
    with pytest.raises(CodecError):
        byte_by_byte(request_reader(), data)


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=20))
def test_a_reader_never_keeps_more_than_its_bound(pieces: list[bytes]) -> None:
    reader, taken = request_reader(), 0
    for one in pieces:
        try:
            if reader.feed(one) is not None:
                return
        except CodecError:
            return
        taken += len(one)
    assert taken <= MAX_REQUEST_BYTES + 3


def test_an_answer_is_read_as_it_was_said() -> None:
    assert decode_answer(encode_answer(ANSWER)) == ANSWER
    assert byte_by_byte(answer_reader(), with_length(encode_answer(ANSWER))) == [encode_answer(ANSWER)]


def test_a_long_text_is_cut_where_it_is_said() -> None:
    said = EnrolmentAnswer(EnrolmentState.REFUSED, "x" * 1000)
    assert decode_answer(encode_answer(said)).text == "x" * MAX_TEXT


@given(st.binary(max_size=200))
def test_no_answer_raises_anything_else(data: bytes) -> None:
    try:
        answer = decode_answer(data)
    except CodecError:
        return
    assert encode_answer(answer) == data
