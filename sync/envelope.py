"""The signed envelope in which a permission list travels.

    envelope   [payload, [[key id, signature], …], [delegation, …], withdrawals or None]
    payload    [format version, estate, gate, epoch, revision, previous revision,
                issued at, kind, digest of the resulting list, content]

Every signature covers `LIST_DOMAIN` and the payload. Delegations a gate already knows
may be left out on a slow line: the signatures do not cover them, each has its own.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from enum import IntEnum, unique
from hashlib import sha256
from typing import Final

from msgspec import Struct

from sync.codec import CodecError, decode, encode
from sync.delegation import MAX_GATE_ID, MAX_STATEMENT_BYTES, parse_withdrawals
from sync.digest import DIGEST_BYTES, ESTATE_ID_BYTES
from sync.fields import array, member, octets, whole
from sync.keys import KEY_ID_BYTES, LIST_DOMAIN, SIGNATURE_BYTES, SigningKey
from sync.refusal import MalformedError, OversizeError, UnsupportedVersionError
from sync.update import ListVersion

FORMAT_VERSION: Final = 1
MAX_ENVELOPE_BYTES: Final = 16 << 20
"""A million cards with random ids need about 12 MB."""
MAX_SIGNATURES: Final = 8
MAX_DELEGATIONS: Final = 8
MARK_BYTES: Final = 8


@unique
class UpdateKind(IntEnum):
    """How the content changes the list; the value is its number on the wire."""

    SNAPSHOT = 1
    """The content is the whole list (`sync.snapshot`)."""
    DELTA = 2
    """The content is what changed since the previous revision (`sync.delta`)."""


_KINDS: Final = {int(one): one for one in UpdateKind}


class ListStatement(Struct, frozen=True):
    """What is signed: a list, or a step to it, for one gate."""

    estate_id: bytes
    gate_id: int
    version: ListVersion
    previous: int
    """Revision a delta builds on; 0 in a snapshot."""
    issued_at: int
    kind: UpdateKind
    digest: bytes
    """Of the list that results (`sync.digest.list_digest`)."""
    content: bytes


class Signature(Struct, frozen=True):
    """A signature and the id of the key said to have made it."""

    key_id: bytes
    signature: bytes


class Envelope(Struct, frozen=True):
    """A parsed envelope: nothing in it has been verified yet."""

    payload: bytes
    signatures: tuple[Signature, ...]
    delegations: tuple[bytes, ...]
    withdrawals: bytes | None
    statement: ListStatement


def parse_envelope(data: bytes) -> Envelope:
    """The parts of an envelope, of the right types and sizes, and nothing more.

    Raises:
        OversizeError, UnsupportedVersionError, MalformedError: as they say.
    """
    if len(data) > MAX_ENVELOPE_BYTES:
        raise OversizeError(f"the update has {len(data)} bytes, allowed are {MAX_ENVELOPE_BYTES}")
    try:
        return _parse(data)
    except CodecError as error:
        raise MalformedError(f"the update is damaged or not an update: {error}; fetch it again") from None


def claimed_version(data: bytes) -> ListVersion | None:
    """The version that an update names, whoever made it; ``None`` if it names none."""
    try:
        return parse_envelope(data).statement.version
    except (OversizeError, UnsupportedVersionError, MalformedError):
        return None


def statement_mark(data: bytes) -> bytes:
    """By what two ends tell a root's statement they both have; proves nothing."""
    return sha256(data).digest()[:MARK_BYTES]


def slim(data: bytes, known: Container[bytes], withdrawals_version: int) -> bytes:
    """The envelope without what its gate has: delegations with these marks, withdrawals up to this number.

    Signatures do not cover them, each has its own. At 9600 baud they would be most of a revocation.

    Raises:
        ListRefusedError: ``data`` is not an envelope.
    """
    envelope = parse_envelope(data)
    signatures = [[one.key_id, one.signature] for one in envelope.signatures]
    chain = [one for one in envelope.delegations if statement_mark(one) not in known]
    withdrawals = envelope.withdrawals
    if withdrawals is not None and parse_withdrawals(withdrawals)[0].version <= withdrawals_version:
        withdrawals = None
    return encode([envelope.payload, signatures, chain, withdrawals])


def seal(
    statement: ListStatement,
    signers: Sequence[SigningKey],
    *,
    delegations: Sequence[bytes] = (),
    withdrawals: bytes | None = None,
) -> bytes:
    """The envelope of ``statement``, signed by each of ``signers`` in this order."""
    payload = encode_statement(statement)
    signatures = [[key.key_id, key.sign(LIST_DOMAIN, payload)] for key in signers]
    return encode([payload, signatures, list(delegations), withdrawals])


def countersign(data: bytes, signer: SigningKey, *, delegations: Sequence[bytes] = ()) -> bytes:
    """The same envelope with one more signature: the manager's, made on their own computer.

    Raises:
        ListRefusedError: ``data`` is not an envelope.
    """
    envelope = parse_envelope(data)
    signatures = [[one.key_id, one.signature] for one in envelope.signatures]
    signatures.append([signer.key_id, signer.sign(LIST_DOMAIN, envelope.payload)])
    chain = list(dict.fromkeys((*envelope.delegations, *delegations)))
    return encode([envelope.payload, signatures, chain, envelope.withdrawals])


def encode_statement(statement: ListStatement) -> bytes:
    """The payload: the bytes that signatures cover."""
    return encode(
        [
            FORMAT_VERSION,
            statement.estate_id,
            statement.gate_id,
            statement.version.epoch,
            statement.version.revision,
            statement.previous,
            statement.issued_at,
            int(statement.kind),
            statement.digest,
            statement.content,
        ]
    )


def _parse(data: bytes) -> Envelope:
    row = array(decode(data, max_bytes=MAX_ENVELOPE_BYTES, max_depth=3, max_items=64), "update", length=4)
    payload = octets(row[0], "payload")
    signatures = [_signature(one) for one in array(row[1], "update: signatures", at_most=MAX_SIGNATURES)]
    if not signatures or len({one.key_id for one in signatures}) != len(signatures):
        raise CodecError("update: needs a signature, and no key signs twice")
    delegations = [
        _statement_bytes(one) for one in array(row[2], "update: delegations", at_most=MAX_DELEGATIONS)
    ]
    withdrawals = None if row[3] is None else _statement_bytes(row[3])
    return Envelope(payload, tuple(signatures), tuple(delegations), withdrawals, _parse_statement(payload))


def _signature(value: object) -> Signature:
    row = array(value, "signature", length=2)
    return Signature(
        octets(row[0], "signature: key id", KEY_ID_BYTES), octets(row[1], "signature", SIGNATURE_BYTES)
    )


def _statement_bytes(value: object) -> bytes:
    data = octets(value, "root's statement")
    if len(data) > MAX_STATEMENT_BYTES:
        raise CodecError(f"root's statement: {len(data)} bytes, allowed are {MAX_STATEMENT_BYTES}")
    return data


def _parse_statement(payload: bytes) -> ListStatement:
    row = array(decode(payload, max_bytes=MAX_ENVELOPE_BYTES), "payload")
    # Judged before the number of parts: a later format may have more of them.
    version = whole(row[0] if row else None, "format version")
    if version != FORMAT_VERSION:
        raise UnsupportedVersionError(
            f"the list is written in format version {version}, this gate reads version {FORMAT_VERSION}:"
            " update the gate's software or let the office write the older format"
        )
    array(row, "payload", length=10)
    statement = ListStatement(
        octets(row[1], "estate", ESTATE_ID_BYTES),
        whole(row[2], "gate", at_most=MAX_GATE_ID),
        ListVersion(whole(row[3], "epoch"), whole(row[4], "revision")),
        whole(row[5], "previous revision"),
        whole(row[6], "issued at"),
        member(_KINDS, row[7], "kind"),
        octets(row[8], "digest", DIGEST_BYTES),
        octets(row[9], "content"),
    )
    if statement.kind is UpdateKind.SNAPSHOT and statement.previous:
        raise CodecError("a snapshot builds on no revision: its previous revision must be 0")
    return statement
