"""What a site bundle says, signed by the list key or a root.

    [1, estate, gate, name, made at, not after, replaces, [root, …], token, config, first list,
     [minimum epoch, minimum revision], [delegation, …], withdrawals or None]

The token is the seed of a key pair made for this bundle alone: a gate proves by it that it
was invited, and neither the office's store nor the enrolment request holds what would let
somebody else do so. docs/adr/0013 tells why the list key signs, and what a signature is
worth to a gate that has no roots yet.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.bundle import SealedBundle
from sync.bundle_errors import DamagedBundleError, ExpiredBundleError, UnsignedBundleError
from sync.chain import MAX_ROOTS, Anchor
from sync.codec import CodecError
from sync.delegation import MAX_STATEMENT_BYTES, Role
from sync.envelope import MAX_DELEGATIONS, MAX_ENVELOPE_BYTES, UpdateKind, parse_envelope
from sync.fields import array, octets, optional, text, truth, whole
from sync.keys import BUNDLE_DOMAIN, PUBLIC_KEY_BYTES, SEED_BYTES, SigningKey
from sync.refusal import ListRefusedError
from sync.statements.authority import Authority
from sync.statements.refusal import MalformedError, StatementError, UnsupportedError
from sync.statements.wire import (
    Form,
    Parts,
    claimed_by_office,
    destination,
    open_from_office,
    sign_by_office,
)
from sync.update import ListVersion

MAX_NAME: Final = 64
MAX_CONFIG_BYTES: Final = 256 * 1024
FORM: Final = Form(
    "bundle",
    BUNDLE_DOMAIN,
    parts=14,
    roles=frozenset({Role.LIST}),
    max_body_bytes=MAX_ENVELOPE_BYTES + MAX_CONFIG_BYTES + 10 * MAX_STATEMENT_BYTES,
    max_depth=2,
)
DAY_S: Final = 86_400


class BundleContent(Struct, frozen=True):
    """Everything that one gate needs to come into service."""

    estate_id: bytes
    gate_id: int
    name: str
    made_at: int
    """UTC second; it has surely passed."""
    not_after: int
    """First UTC second at which it no longer serves."""
    replaces: bool
    """Another unit served at this gate before, and is to serve no more."""
    roots: tuple[bytes, ...]
    token: SigningKey
    """The key by which the gate asks to be enrolled; its seed travels."""
    config: bytes
    """The gate's TOML file."""
    first_list: bytes
    """The signed snapshot."""
    minimum: ListVersion
    """No older list may ever come into force here."""
    delegations: tuple[bytes, ...]
    """Root-signed: by which key the gate knows its hub."""
    withdrawals: bytes | None

    @property
    def anchor(self) -> Anchor:
        """What the gate is to obey."""
        return Anchor(self.estate_id, self.gate_id, self.roots)


def sign_content(content: BundleContent, key: SigningKey, chain: tuple[bytes, ...]) -> bytes:
    """The signed bytes; raises ``CodecError`` for a content outside the format."""
    parts = content_parts(content)
    _read(parts)
    return sign_by_office(FORM, parts, key, chain)


def open_content(
    data: bytes, claim: SealedBundle, *, floor: int, roots: tuple[bytes, ...] | None = None
) -> BundleContent:
    """The content of an unsealed bundle; ``floor`` is UTC seconds surely passed.

    ``roots``: those that this gate obeys already. A gate that obeys none yet takes the
    bundle's word for them: the code and the person at the other end stand for that.

    Raises:
        BundleError: by what is wrong.
    """
    try:
        content = _read(claimed_by_office(FORM, data))
        anchor = Anchor(content.estate_id, content.gate_id, roots or content.roots)
        open_from_office(FORM, data, Authority(anchor), max(floor, content.made_at))
    except (CodecError, MalformedError, UnsupportedError) as error:
        raise DamagedBundleError(
            f"what the bundle holds cannot be read: {error}; have it made anew"
        ) from None
    except StatementError as error:
        raise UnsignedBundleError(
            f"the bundle is not signed by a key that may ({error.attack}): {error}; do not use it, and tell"
            " the office"
        ) from None
    if (content.estate_id, content.gate_id, content.not_after) != (
        claim.estate_id,
        claim.gate_id,
        claim.not_after,
    ):
        raise UnsignedBundleError(
            "the bundle says another gate or end date outside than what was signed inside: somebody who"
            " knows the code repacked it; do not use it, and tell the office"
        )
    check_end(content, floor)
    return content


def check_end(content: BundleContent, now: int) -> None:
    """Refuse a bundle that has ended at ``now``; raises ``ExpiredBundleError``."""
    if now >= content.not_after:
        days = (now - content.not_after) // DAY_S
        raise ExpiredBundleError(
            f"the bundle ended {days} days ago" if days else "the bundle's last day has passed"
        )


def content_parts(content: BundleContent) -> list[object]:
    """The parts of the signed body, after the version."""
    return [
        content.estate_id,
        content.gate_id,
        content.name,
        content.made_at,
        content.not_after,
        content.replaces,
        list(content.roots),
        content.token.seed,
        content.config,
        content.first_list,
        [content.minimum.epoch, content.minimum.revision],
        list(content.delegations),
        content.withdrawals,
    ]


def _read(parts: Parts) -> BundleContent:
    estate_id, gate_id = destination(parts)
    lowest = array(parts[10], "minimum", length=2)
    content = BundleContent(
        estate_id,
        gate_id,
        _name(parts[2]),
        whole(parts[3], "made at"),
        whole(parts[4], "not after"),
        truth(parts[5], "replaces"),
        _roots(parts[6]),
        SigningKey(octets(parts[7], "token", SEED_BYTES)),
        octets(parts[8], "config", at_most=MAX_CONFIG_BYTES),
        octets(parts[9], "first list"),
        ListVersion(whole(lowest[0], "minimum epoch"), whole(lowest[1], "minimum revision")),
        tuple(
            octets(one, "delegation", at_most=MAX_STATEMENT_BYTES)
            for one in array(parts[11], "delegations", at_most=MAX_DELEGATIONS)
        ),
        optional(
            parts[12], lambda value, what: octets(value, what, at_most=MAX_STATEMENT_BYTES), "withdrawals"
        ),
    )
    if content.not_after <= content.made_at:
        raise CodecError("not after: must be later than made at")
    _check_list(content)
    return content


def _check_list(content: BundleContent) -> None:
    """The first list is for this gate, whole, and not older than the least allowed."""
    try:
        first = parse_envelope(content.first_list).statement
    except ListRefusedError as error:
        raise CodecError(f"first list: {error}") from None
    if (first.estate_id, first.gate_id) != (content.estate_id, content.gate_id):
        raise CodecError("first list: is for another gate")
    if first.kind is not UpdateKind.SNAPSHOT:
        raise CodecError("first list: must be a snapshot")
    if first.version < content.minimum:
        raise CodecError(f"first list: is {first.version}, older than the least allowed {content.minimum}")


def _name(value: object) -> str:
    name = text(value, "name")
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise CodecError(f"name: must be a printable text of 1 to {MAX_NAME} characters")
    return name


def _roots(value: object) -> tuple[bytes, ...]:
    roots = [octets(one, "root", PUBLIC_KEY_BYTES) for one in array(value, "roots", at_most=MAX_ROOTS)]
    if not roots or len(set(roots)) != len(roots):
        raise CodecError("roots: one is needed, and none twice")
    return tuple(roots)
