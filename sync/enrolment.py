"""A gate's request to be taken into the office's register with the key it has made itself.

    [request, token's signature over it]
    request    [body, the gate's signature]
    body       [1, estate, gate, gate's public key, token's public key, bundle digest, software,
                today or None]

Both signatures are needed: the gate's own shows that the key is there, the token's that
whoever has it was given the site bundle. The request itself is no secret: it travels over
a link that TLS admits by the token (`sync.enrolment_talk`), or as a file on a stick.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.codec import CodecError, decode, encode
from sync.digest import DIGEST_BYTES
from sync.fields import array, octets, optional, text, whole
from sync.keys import ENROLMENT_DOMAIN, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, TOKEN_DOMAIN, SigningKey, verify
from sync.statements.refusal import MalformedError, WrongSignatureError
from sync.statements.wire import (
    Form,
    Parts,
    Sender,
    claimed_parts,
    destination,
    open_from_gate,
    parse,
    sign_by_gate,
)

FILE_MAGIC: Final = b"gatehouse enrolment 1\n"
MAX_REQUEST_BYTES: Final = 1024
MAX_SOFTWARE: Final = 64
FORM: Final = Form("enrolment request", ENROLMENT_DOMAIN, parts=8, max_body_bytes=512, max_depth=1)


class EnrolmentRequest(Struct, frozen=True):
    """A gate asks the office to know its key."""

    estate_id: bytes
    gate_id: int
    public: bytes
    """The key that the gate has made."""
    token: bytes
    """Public half of the token of its bundle."""
    bundle_digest: bytes
    """SHA-256 of the bundle's file: the gate obeys what the office put into it, nobody else."""
    software: str
    today: int | None
    """UTC second of the day that the technician confirmed; ``None``: the gate's clock was certain."""


def sign_enrolment(request: EnrolmentRequest, key: SigningKey, token: SigningKey) -> bytes:
    """The request, signed by the gate's ``key`` and by its ``token``.

    Raises:
        CodecError: it is outside the format.
    """
    parts = [
        request.estate_id,
        request.gate_id,
        request.public,
        request.token,
        request.bundle_digest,
        request.software,
        request.today,
    ]
    _read(parts)
    inner = sign_by_gate(FORM, parts, key)
    return encode([inner, token.sign(TOKEN_DOMAIN, inner)])


def verify_enrolment(data: bytes) -> EnrolmentRequest:
    """The request in ``data``; whether it was invited is for the office to judge by its token.

    Raises:
        StatementError: not such a request, or a signature does not fit.
    """
    try:
        row = array(decode(data, max_bytes=MAX_REQUEST_BYTES, max_depth=1), FORM.what, length=2)
        inner = octets(row[0], f"{FORM.what}: request")
        by_token = octets(row[1], f"{FORM.what}: token's signature", SIGNATURE_BYTES)
    except CodecError as error:
        raise MalformedError(f"the {FORM.what} is damaged or none: {error}; have it sent again") from None
    claimed = parse(FORM, claimed_parts(FORM, inner), _read)
    open_from_gate(FORM, inner, Sender(claimed.estate_id, claimed.gate_id, claimed.public))
    if not verify(claimed.token, TOKEN_DOMAIN, inner, by_token):
        raise WrongSignatureError(
            f"the {FORM.what} of gate {claimed.gate_id} is not signed by the token it names: whoever sends it"
            " has no bundle of this gate"
        )
    return claimed


def enrolment_file(signed: bytes) -> bytes:
    """A request as a stick carries it."""
    return FILE_MAGIC + signed


def read_enrolment_file(data: bytes) -> bytes | None:
    """The request in a file's bytes; ``None`` if the file is of another kind."""
    return data.removeprefix(FILE_MAGIC) if data.startswith(FILE_MAGIC) else None


def _read(parts: Parts) -> EnrolmentRequest:
    estate_id, gate_id = destination(parts)
    public = octets(parts[2], "public key", PUBLIC_KEY_BYTES)
    token = octets(parts[3], "token", PUBLIC_KEY_BYTES)
    if public == token:
        raise CodecError("public key: a gate makes its own, the token is none")
    software = text(parts[5], "software")
    if len(software) > MAX_SOFTWARE or not software.isprintable():
        raise CodecError(f"software: must be printable and of {MAX_SOFTWARE} characters at most")
    return EnrolmentRequest(
        estate_id,
        gate_id,
        public,
        token,
        octets(parts[4], "bundle digest", DIGEST_BYTES),
        software,
        optional(parts[6], whole, "today"),
    )
