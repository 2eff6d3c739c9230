"""The office's answer to a gate's fresh nonce: what time it is, and which list is the newest.

    [1, estate, gate, nonce, utc ms, epoch or None, revision, digest]

The nonce is drawn by the gate for this one question, so the answer is not older than
the question: the time is right to within the round trip, and a link that holds back
updates cannot hide that there are newer ones.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.codec import CodecError
from sync.delegation import Role
from sync.digest import DIGEST_BYTES
from sync.fields import octets, whole
from sync.keys import PULSE_DOMAIN, SigningKey
from sync.statements.authority import Authority
from sync.statements.refusal import ReplayedError, StatementError
from sync.statements.wire import (
    Form,
    Parts,
    claimed_by_office,
    destination,
    open_from_office,
    parse,
    sign_by_office,
)
from sync.update import ListVersion

NONCE_BYTES: Final = 16
FORM: Final = Form(
    "answer to the pulse", PULSE_DOMAIN, parts=8, roles=frozenset({Role.ONLINE, Role.LIST}), max_depth=1
)


class NewestList(Struct, frozen=True):
    """The newest list that the office has signed for a gate."""

    version: ListVersion
    digest: bytes


class PulseAnswer(Struct, frozen=True):
    """What the office knew when it answered."""

    estate_id: bytes
    gate_id: int
    nonce: bytes
    """The gate's question."""
    utc_ms: int
    newest: NewestList | None
    """``None``: no list was ever signed for this gate."""


def sign_pulse_answer(answer: PulseAnswer, key: SigningKey, delegations: tuple[bytes, ...] = ()) -> bytes:
    """The signed bytes of an answer; raises ``CodecError`` for one outside the format."""
    newest = answer.newest
    version = [None, 0, b""] if newest is None else [newest.version.epoch, newest.version.revision]
    parts = [answer.estate_id, answer.gate_id, answer.nonce, answer.utc_ms, *version]
    if newest is not None:
        parts.append(newest.digest)
    _read(parts)
    return sign_by_office(FORM, parts, key, delegations)


def verify_pulse_answer(data: bytes, authority: Authority, *, nonce: bytes, floor: int) -> PulseAnswer:
    """The office's answer to the question ``nonce``; ``floor`` is UTC seconds surely passed.

    Raises:
        StatementError: nothing of it may be believed.
    """
    answer = parse(FORM, open_from_office(FORM, data, authority, floor), _read)
    if answer.nonce != nonce:
        raise ReplayedError(
            "the answer to the pulse belongs to another question: an old answer was sent again;"
            " if this repeats, look who feeds the link"
        )
    return answer


def claimed_nonce(data: bytes) -> bytes | None:
    """The question that an answer names, unverified; ``None`` if it names none."""
    try:
        return _read(claimed_by_office(FORM, data)).nonce
    except (StatementError, CodecError):
        return None


def _read(parts: Parts) -> PulseAnswer:
    estate_id, gate_id = destination(parts)
    nonce, utc_ms = octets(parts[2], "nonce", NONCE_BYTES), whole(parts[3], "time")
    return PulseAnswer(estate_id, gate_id, nonce, utc_ms, _newest(parts))


def _newest(parts: Parts) -> NewestList | None:
    if parts[4] is None:
        if [type(parts[5]), parts[5:]] != [int, [0, b""]]:
            raise CodecError("newest list: without an epoch, revision 0 and an empty digest are needed")
        return None
    version = ListVersion(whole(parts[4], "epoch"), whole(parts[5], "revision"))
    return NewestList(version, octets(parts[6], "digest", DIGEST_BYTES))
