"""What a root says about keys: which may sign what, and which no longer may.

Both statements travel as [body, root's key id, root's signature].

    delegation   [version, estate, public key, role, gates or None, issued at, not after, serial]
    withdrawals  [version, estate, number of the statement, [key id, …]]

A withdrawals statement names every withdrawn key, so the highest number alone counts.
Roots are not delegated: they stand in a gate's anchor and change with provisioning.
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import Final

from msgspec import Struct

from sync.codec import CodecError, decode, encode
from sync.digest import ESTATE_ID_BYTES
from sync.fields import array, member, octets, whole
from sync.keys import (
    DELEGATION_DOMAIN,
    KEY_ID_BYTES,
    PUBLIC_KEY_BYTES,
    SIGNATURE_BYTES,
    WITHDRAWALS_DOMAIN,
    SigningKey,
    key_id,
    verify,
)

STATEMENT_VERSION: Final = 1
MAX_GATES: Final = 256
MAX_WITHDRAWN: Final = 256
MAX_STATEMENT_BYTES: Final = 4096
MAX_GATE_ID: Final = (1 << 32) - 1


@unique
class Role(IntEnum):
    """What a delegated key may sign; the value is its number on the wire."""

    LIST = 1
    """Everything in a list; may be kept offline."""
    ONLINE = 2
    """Deltas that only revoke. The key on the hub."""
    MANAGER = 3
    """A second signature, which lets a mass removal pass."""


_ROLES: Final = {int(one): one for one in Role}


class Delegation(Struct, frozen=True):
    """A root lets a key act in a role, at some gates or at all, up to a time."""

    estate_id: bytes
    public: bytes
    role: Role
    gates: frozenset[int] | None
    """Gate ids; ``None`` is every gate of the estate."""
    issued_at: int
    not_after: int
    """First second at which it no longer counts, UTC."""
    serial: int
    """Rises with each delegation of an estate; of one key's, the highest counts."""

    @property
    def key_id(self) -> bytes:
        """The id of the delegated key."""
        return key_id(self.public)

    def covers(self, gate_id: int) -> bool:
        """Whether it counts at this gate."""
        return self.gates is None or gate_id in self.gates


class Withdrawals(Struct, frozen=True):
    """All keys which a root has withdrawn so far."""

    estate_id: bytes
    version: int
    key_ids: frozenset[bytes]


class RootSigned(Struct, frozen=True):
    """A root's statement as it travels: body, and whose signature is said to be on it."""

    body: bytes
    root_id: bytes
    signature: bytes

    def holds(self, root: bytes, domain: bytes) -> bool:
        """Whether the public key ``root`` signed the body for this purpose."""
        return verify(root, domain, self.body, self.signature)


def sign_delegation(delegation: Delegation, root: SigningKey) -> bytes:
    """The signed bytes of a delegation."""
    gates = None if delegation.gates is None else sorted(delegation.gates)
    body = [
        STATEMENT_VERSION,
        delegation.estate_id,
        delegation.public,
        int(delegation.role),
        gates,
        delegation.issued_at,
        delegation.not_after,
        delegation.serial,
    ]
    return _sign(encode(body), root, DELEGATION_DOMAIN)


def sign_withdrawals(withdrawals: Withdrawals, root: SigningKey) -> bytes:
    """The signed bytes of a withdrawals statement."""
    ids = sorted(withdrawals.key_ids)
    body = [STATEMENT_VERSION, withdrawals.estate_id, withdrawals.version, ids]
    return _sign(encode(body), root, WITHDRAWALS_DOMAIN)


def _sign(body: bytes, root: SigningKey, domain: bytes) -> bytes:
    return encode([body, root.key_id, root.sign(domain, body)])


def parse_delegation(data: bytes) -> tuple[Delegation, RootSigned]:
    """A delegation and its signature, which is not verified yet.

    Raises:
        CodecError: not a delegation of a version we know.
    """
    signed = _parse_signed(data, "delegation")
    row = _parse_body(signed.body, "delegation", length=8)
    delegation = Delegation(
        octets(row[1], "delegation: estate", ESTATE_ID_BYTES),
        octets(row[2], "delegation: public key", PUBLIC_KEY_BYTES),
        member(_ROLES, row[3], "delegation: role"),
        _gates(row[4]),
        whole(row[5], "delegation: issued at"),
        whole(row[6], "delegation: not after"),
        whole(row[7], "delegation: serial"),
    )
    return delegation, signed


def parse_withdrawals(data: bytes) -> tuple[Withdrawals, RootSigned]:
    """A withdrawals statement and its signature, which is not verified yet.

    Raises:
        CodecError: not a withdrawals statement of a version we know.
    """
    signed = _parse_signed(data, "withdrawals")
    row = _parse_body(signed.body, "withdrawals", length=4)
    rows = array(row[3], "withdrawals: key ids", at_most=MAX_WITHDRAWN)
    ids = [octets(one, "withdrawals: key id", KEY_ID_BYTES) for one in rows]
    if ids != sorted(set(ids)):
        raise CodecError("withdrawals: key ids must be in order, each once")
    estate_id = octets(row[1], "withdrawals: estate", ESTATE_ID_BYTES)
    return Withdrawals(estate_id, whole(row[2], "withdrawals: version"), frozenset(ids)), signed


def _parse_signed(data: bytes, what: str) -> RootSigned:
    row = array(decode(data, max_bytes=MAX_STATEMENT_BYTES, max_depth=1), what, length=3)
    return RootSigned(
        octets(row[0], f"{what}: body"),
        octets(row[1], f"{what}: root's key id", KEY_ID_BYTES),
        octets(row[2], f"{what}: signature", SIGNATURE_BYTES),
    )


def _parse_body(body: bytes, what: str, *, length: int) -> list[object]:
    row = array(decode(body, max_bytes=MAX_STATEMENT_BYTES, max_depth=2), what)
    if whole(row[0] if row else None, f"{what}: version") != STATEMENT_VERSION:
        raise CodecError(f"{what}: not of version {STATEMENT_VERSION}")
    return array(row, what, length=length)


def _gates(value: object) -> frozenset[int] | None:
    if value is None:
        return None
    rows = array(value, "delegation: gates", at_most=MAX_GATES)
    gates = [whole(one, "delegation: gate", at_most=MAX_GATE_ID) for one in rows]
    if not gates or gates != sorted(set(gates)):
        raise CodecError("delegation: gates must be in order, each once, at least one")
    return frozenset(gates)
