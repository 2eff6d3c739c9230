"""How a statement travels and is opened again, whatever it states.

Checks go from what costs nothing to what costs a signature: size, form, version, estate,
gate, chain, signature, role; only then a module reads its own parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from msgspec import Struct

from sync.codec import CodecError, decode, encode
from sync.delegation import MAX_GATE_ID, MAX_STATEMENT_BYTES, Role
from sync.digest import ESTATE_ID_BYTES
from sync.fields import array, octets, whole
from sync.keys import KEY_ID_BYTES, SIGNATURE_BYTES, SigningKey, verify
from sync.statements.authority import Authority
from sync.statements.refusal import (
    MalformedError,
    UnsupportedError,
    WrongEstateError,
    WrongGateError,
    WrongSignatureError,
)

STATEMENT_VERSION: Final = 1
MAX_BODY_BYTES: Final = 2048
"""Room for an order with two texts in any script; only a receipt may be longer."""
MAX_CHAIN: Final = 2
"""Delegations that come along: one key signs, and one may be about to replace it."""
_FRAME_BYTES: Final = 256

Parts = Sequence[object]
Statement = TypeVar("Statement")


class Form(Struct, frozen=True):
    """What is fixed about one kind of statement."""

    what: str
    """Its name in error texts."""
    domain: bytes
    parts: int
    """Of the body, head included."""
    roles: frozenset[Role] = frozenset()
    """Delegated roles that may state it; a root always may."""
    max_body_bytes: int = MAX_BODY_BYTES
    max_items: int = 64
    max_depth: int = 3


class Sender(Struct, frozen=True):
    """A gate as the office's register knows it."""

    estate_id: bytes
    gate_id: int
    public: bytes
    """Its own key."""


def sign_by_gate(form: Form, parts: Parts, key: SigningKey) -> bytes:
    """The signed bytes of a gate's statement."""
    body = encode([STATEMENT_VERSION, *parts])
    return encode([body, key.sign(form.domain, body)])


def sign_by_office(form: Form, parts: Parts, key: SigningKey, delegations: Sequence[bytes]) -> bytes:
    """The signed bytes of the office's statement; raises ``CodecError`` for too long a chain."""
    if len(delegations) > MAX_CHAIN:
        raise CodecError(f"{form.what}: {len(delegations)} delegations, allowed are {MAX_CHAIN}")
    body = encode([STATEMENT_VERSION, *parts])
    return encode([body, key.key_id, key.sign(form.domain, body), list(delegations)])


def open_from_gate(form: Form, data: bytes, sender: Sender) -> Parts:
    """The body's parts after the version, once the gate's signature was verified.

    Raises:
        StatementError: the bytes are not such a statement, or not of this gate.
    """
    body, signature = _gate_frame(form, data)
    parts = _body(form, body)
    _check_gate(form, parts, sender.estate_id, sender.gate_id)
    if not verify(sender.public, form.domain, body, signature):
        raise WrongSignatureError(
            f"the {form.what} is not signed by the registered key of gate {sender.gate_id}: it was changed on"
            " its way, or another device calls itself this gate"
        )
    return parts


def open_from_office(form: Form, data: bytes, authority: Authority, floor: int) -> Parts:
    """The body's parts after the version, once chain, signature and role were verified.

    Raises:
        StatementError: the bytes are not such a statement, or this gate must not believe it.
    """
    body, signer, signature, chain = _office_frame(form, data)
    parts = _body(form, body)
    _check_gate(form, parts, authority.anchor.estate_id, authority.anchor.gate_id)
    authority = authority.learn(chain)
    authority.check(form.what, signer, (form.domain, body, signature), roles=form.roles, floor=floor)
    return parts


def claimed_sender(form: Form, data: bytes) -> tuple[bytes, int]:
    """Estate and gate that a gate's statement names, unverified: whose key to look up.

    Raises:
        StatementError: the bytes are not such a statement.
    """
    parts = _body(form, _gate_frame(form, data)[0])
    try:
        return destination(parts)
    except CodecError as error:
        raise _malformed(form, error) from None


def claimed_parts(form: Form, data: bytes) -> Parts:
    """The parts of a gate's statement that names its own key, unverified: to know which key to verify by.

    Raises:
        StatementError: the bytes are not such a statement.
    """
    return _body(form, _gate_frame(form, data)[0])


def claimed_by_office(form: Form, data: bytes) -> Parts:
    """The parts of an office's statement, unverified: whose it is, for which gate or question.

    Raises:
        StatementError: the bytes are not such a statement.
    """
    return _body(form, _office_frame(form, data)[0])


def parse(form: Form, parts: Parts, read: Callable[[Parts], Statement]) -> Statement:
    """What ``read`` makes of verified parts; what it cannot read is ``MalformedError``."""
    try:
        return read(parts)
    except CodecError as error:
        raise _malformed(form, error) from None


def _office_frame(form: Form, data: bytes) -> tuple[bytes, bytes, bytes, list[bytes]]:
    """Body, signer, signature and delegations."""
    try:
        limit = form.max_body_bytes + MAX_CHAIN * MAX_STATEMENT_BYTES + _FRAME_BYTES
        row = array(decode(data, max_bytes=limit, max_depth=2, max_items=16), form.what, length=4)
        body = octets(row[0], f"{form.what}: body")
        signer = octets(row[1], f"{form.what}: key id", KEY_ID_BYTES)
        signature = octets(row[2], f"{form.what}: signature", SIGNATURE_BYTES)
        delegations = array(row[3], f"{form.what}: delegations", at_most=MAX_CHAIN)
        return body, signer, signature, [octets(one, f"{form.what}: delegation") for one in delegations]
    except CodecError as error:
        raise _malformed(form, error) from None


def _gate_frame(form: Form, data: bytes) -> tuple[bytes, bytes]:
    try:
        limit = form.max_body_bytes + _FRAME_BYTES
        row = array(decode(data, max_bytes=limit, max_depth=1), form.what, length=2)
        body = octets(row[0], f"{form.what}: body")
        return body, octets(row[1], f"{form.what}: signature", SIGNATURE_BYTES)
    except CodecError as error:
        raise _malformed(form, error) from None


def _body(form: Form, body: bytes) -> Parts:
    try:
        value = decode(
            body, max_bytes=form.max_body_bytes, max_depth=form.max_depth, max_items=form.max_items
        )
        row = array(value, form.what)
        # Judged before the number of parts: a later version may have more of them.
        version = whole(row[0] if row else None, f"{form.what}: version")
        if version != STATEMENT_VERSION:
            raise UnsupportedError(
                f"the {form.what} is of version {version}, known here is {STATEMENT_VERSION}:"
                " update this side's software"
            )
        return array(row, form.what, length=form.parts)[1:]
    except CodecError as error:
        raise _malformed(form, error) from None


def _check_gate(form: Form, parts: Parts, estate_id: bytes, gate_id: int) -> None:
    try:
        estate, gate = destination(parts)
    except CodecError as error:
        raise _malformed(form, error) from None
    if estate != estate_id:
        raise WrongEstateError(
            f"the {form.what} is of estate {estate.hex()}, expected is {estate_id.hex()}: send it there"
        )
    if gate != gate_id:
        raise WrongGateError(f"the {form.what} is of gate {gate}, expected is gate {gate_id}")


def destination(parts: Parts) -> tuple[bytes, int]:
    """Estate and gate, the first two parts of every statement; raises ``CodecError``."""
    return octets(parts[0], "estate", ESTATE_ID_BYTES), whole(parts[1], "gate", at_most=MAX_GATE_ID)


def _malformed(form: Form, error: CodecError) -> MalformedError:
    return MalformedError(f"the {form.what} is damaged or none: {error}; have it sent again")
