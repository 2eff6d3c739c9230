"""A gate's request to be known by its key: two signatures, and nothing that would help a thief."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.codec import CodecError, decode, encode
from sync.enrolment import (
    FORM,
    EnrolmentRequest,
    enrolment_file,
    read_enrolment_file,
    sign_enrolment,
    verify_enrolment,
)
from sync.keys import TOKEN_DOMAIN
from sync.statements.refusal import MalformedError, StatementError, UnsupportedError, WrongSignatureError
from sync.statements.wire import sign_by_gate
from tests.support.bundles import TOKEN
from tests.support.enrolments import OWN, REQUEST, signed_request
from tests.support.estate import key

SIGNED = signed_request()


def inner_of(data: bytes) -> bytes:
    row = decode(data, max_bytes=2048)
    assert isinstance(row, list)
    return bytes(row[0])


def test_a_request_is_read_as_it_was_signed() -> None:
    assert verify_enrolment(SIGNED) == REQUEST
    assert verify_enrolment(signed_request(today=None)).today is None


def test_the_request_holds_nothing_that_would_let_another_ask() -> None:
    assert TOKEN.seed not in SIGNED
    assert OWN.seed not in SIGNED


@pytest.mark.parametrize("at", range(len(SIGNED)))
def test_any_changed_byte_is_refused(at: int) -> None:
    with pytest.raises(StatementError):
        verify_enrolment(SIGNED[:at] + bytes([SIGNED[at] ^ 4]) + SIGNED[at + 1 :])


@given(st.binary(max_size=400))
def test_no_bytes_whatever_raise_anything_else(data: bytes) -> None:
    with pytest.raises(StatementError):
        verify_enrolment(data)


def test_another_token_cannot_sign_for_the_one_named() -> None:
    forged = encode([inner_of(SIGNED), key("thief").sign(TOKEN_DOMAIN, inner_of(SIGNED))])
    with pytest.raises(WrongSignatureError, match="has no bundle of this gate"):
        verify_enrolment(forged)


def test_another_key_cannot_be_put_in() -> None:
    """The token's owner may name any key, but only one that he has."""
    parts = [REQUEST.estate_id, REQUEST.gate_id, key("victim").public, TOKEN.public, bytes(32), "x", None]
    inner = sign_by_gate(FORM, parts, OWN)
    with pytest.raises(WrongSignatureError):
        verify_enrolment(encode([inner, TOKEN.sign(TOKEN_DOMAIN, inner)]))


def test_a_later_version_is_told_as_one() -> None:
    body = encode([2, "whatever a later version has"])
    inner = encode([body, OWN.sign(FORM.domain, body)])
    with pytest.raises(UnsupportedError, match="update this side's software"):
        verify_enrolment(encode([inner, TOKEN.sign(TOKEN_DOMAIN, inner)]))


@pytest.mark.parametrize(
    "request_",
    [
        EnrolmentRequest(REQUEST.estate_id, 7, TOKEN.public, TOKEN.public, bytes(32), "x", None),
        EnrolmentRequest(REQUEST.estate_id, 7, OWN.public, TOKEN.public, bytes(31), "x", None),
        EnrolmentRequest(REQUEST.estate_id, 7, OWN.public, TOKEN.public, bytes(32), "x\n", None),
        EnrolmentRequest(REQUEST.estate_id, 7, OWN.public, TOKEN.public, bytes(32), "x" * 65, None),
        EnrolmentRequest(REQUEST.estate_id, 1 << 32, OWN.public, TOKEN.public, bytes(32), "x", None),
        EnrolmentRequest(REQUEST.estate_id, 7, OWN.public, TOKEN.public, bytes(32), "x", -1),
    ],
    ids=["token as key", "digest", "line break", "long software", "gate", "today"],
)
def test_no_request_outside_the_format_is_signed_or_read(request_: EnrolmentRequest) -> None:
    with pytest.raises(CodecError):
        sign_enrolment(request_, OWN, TOKEN)
    inner = sign_by_gate(
        FORM,
        [
            request_.estate_id,
            request_.gate_id,
            request_.public,
            request_.token,
            request_.bundle_digest,
            request_.software,
            request_.today,
        ],
        OWN,
    )
    with pytest.raises(MalformedError):
        verify_enrolment(encode([inner, TOKEN.sign(TOKEN_DOMAIN, inner)]))


def test_a_file_is_known_by_its_first_line() -> None:
    assert read_enrolment_file(enrolment_file(SIGNED)) == SIGNED
    assert read_enrolment_file(b"gatehouse file 1\n" + SIGNED) is None
    assert read_enrolment_file(b"") is None
