"""From an envelope's signatures to what the signers may do: roots, delegations, withdrawals.

All that counts is what a root of this gate's anchor has signed. A key's end is judged
against a time that has surely passed, never against a clock that may be wrong, and it
never voids a list already in force.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.codec import CodecError
from sync.delegation import Delegation, Role, RootSigned, parse_delegation, parse_withdrawals
from sync.digest import ESTATE_ID_BYTES
from sync.envelope import Envelope
from sync.keys import DELEGATION_DOMAIN, LIST_DOMAIN, PUBLIC_KEY_BYTES, WITHDRAWALS_DOMAIN, key_id, verify
from sync.memory import MAX_KNOWN_DELEGATIONS
from sync.refusal import (
    EquivocationError,
    ExpiredKeyError,
    ListRefusedError,
    MalformedError,
    RoleTooWeakError,
    UnknownKeyError,
    WithdrawnKeyError,
    WrongEstateError,
    WrongSignatureError,
)

MAX_ROOTS: Final = 4


class Anchor(Struct, frozen=True):
    """What provisioning fixed: to which estate and gate this is, and whom it obeys."""

    estate_id: bytes
    gate_id: int
    roots: tuple[bytes, ...]
    """Public keys; several while a root is being replaced."""

    def __post_init__(self) -> None:
        if len(self.estate_id) != ESTATE_ID_BYTES:
            raise ValueError(f"anchor: estate_id needs {ESTATE_ID_BYTES} bytes, not {len(self.estate_id)}")
        if not 1 <= len(self.roots) <= MAX_ROOTS or any(len(one) != PUBLIC_KEY_BYTES for one in self.roots):
            raise ValueError(f"anchor: 1 to {MAX_ROOTS} root keys of {PUBLIC_KEY_BYTES} bytes are needed")

    def root(self, root_id: bytes) -> bytes | None:
        """The root's public key of this id."""
        return next((one for one in self.roots if key_id(one) == root_id), None)


class Withdrawn(Struct, frozen=True):
    """The withdrawals in force: the statement of the highest number ever seen."""

    version: int = 0
    key_ids: frozenset[bytes] = frozenset()


class Signers(Struct, frozen=True):
    """On whose behalf an envelope speaks, once every signature on it was verified."""

    root: bool
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Whether one of the signers has this role; a root may do everything."""
        return self.root or role in self.roles


def newest_withdrawals(anchor: Anchor, known: Withdrawn, data: bytes | None) -> Withdrawn:
    """``known``, or the statement ``data`` if a root signed it and its number is higher.

    Raises:
        ListRefusedError: the statement is forged, damaged, or contradicts the known one.
    """
    if data is None:
        return known
    try:
        statement, signed = parse_withdrawals(data)
    except CodecError as error:
        raise MalformedError(f"the update's withdrawals are damaged: {error}; fetch it again") from None
    _check_root(anchor, statement.estate_id, signed, WITHDRAWALS_DOMAIN, "withdrawals")
    if statement.version < known.version:
        return known
    if statement.version == known.version and statement.key_ids != known.key_ids:
        raise EquivocationError(
            f"withdrawals number {statement.version} was known with other keys: two statements were signed"
            f" with one number; sign all withdrawals again as number {statement.version + 1}"
        )
    return Withdrawn(statement.version, statement.key_ids)


def known_delegations(
    anchor: Anchor, withdrawn: Withdrawn, remembered: tuple[bytes, ...], received: tuple[bytes, ...]
) -> dict[bytes, tuple[Delegation, bytes]]:
    """Root-signed delegations by key id with their bytes, of each key the newest.

    Raises:
        ListRefusedError: a received one is forged or damaged. A remembered one whose root
            was replaced since simply no longer counts.
    """
    found: dict[bytes, tuple[Delegation, bytes]] = {}
    for data in (*remembered, *received):
        try:
            delegation = _delegation(anchor, data)
        except ListRefusedError:
            if data in received:
                raise
            continue
        known = found.get(delegation.key_id)
        if delegation.key_id not in withdrawn.key_ids and (
            known is None or known[0].serial < delegation.serial
        ):
            found[delegation.key_id] = (delegation, data)
    newest = sorted(found.items(), key=lambda item: item[1][0].serial, reverse=True)
    return dict(newest[:MAX_KNOWN_DELEGATIONS])


def verify_signers(
    anchor: Anchor,
    withdrawn: Withdrawn,
    delegations: dict[bytes, tuple[Delegation, bytes]],
    envelope: Envelope,
    floor: int,
) -> Signers:
    """Whose signatures the envelope carries; each one must be valid and count here.

    Raises:
        ListRefusedError: a key is unknown, withdrawn, expired or of other gates, or a
            signature is wrong.
    """
    roles: set[Role] = set()
    root_signed = False
    for one in envelope.signatures:
        public = anchor.root(one.key_id)
        if public is not None:
            root_signed = True
        else:
            delegation = usable_delegation(anchor, withdrawn, delegations, one.key_id, floor)
            public = delegation.public
            roles.add(delegation.role)
        if not verify(public, LIST_DOMAIN, envelope.payload, one.signature):
            raise WrongSignatureError(
                f"the signature of key {one.key_id.hex()} does not fit the list: it was changed on its way"
                " or forged; fetch it again, and if this repeats, look who feeds the link"
            )
    return Signers(root_signed, frozenset(roles))


def usable_delegation(
    anchor: Anchor,
    withdrawn: Withdrawn,
    delegations: dict[bytes, tuple[Delegation, bytes]],
    signer: bytes,
    floor: int,
) -> Delegation:
    """The delegation by which key ``signer`` counts at this gate.

    Raises:
        ListRefusedError: it is unknown, withdrawn, expired or of other gates.
    """
    if signer in withdrawn.key_ids:
        raise WithdrawnKeyError(
            f"key {signer.hex()} was withdrawn (statement {withdrawn.version}): somebody still signs with it;"
            " sign with a key in force"
        )
    if signer not in delegations:
        raise UnknownKeyError(
            f"no root of this estate has delegated key {signer.hex()}: send the delegation along,"
            " or look who feeds the link"
        )
    delegation = delegations[signer][0]
    if not delegation.covers(anchor.gate_id):
        raise RoleTooWeakError(
            f"key {signer.hex()} counts at other gates, not at gate {anchor.gate_id}:"
            " sign with a key delegated for it"
        )
    if floor >= delegation.not_after:
        raise ExpiredKeyError(
            f"the delegation {delegation.serial} of key {signer.hex()} ended at {delegation.not_after},"
            f" and it is {floor} at least: let the root delegate it anew"
        )
    return delegation


def _delegation(anchor: Anchor, data: bytes) -> Delegation:
    try:
        delegation, signed = parse_delegation(data)
    except CodecError as error:
        raise MalformedError(f"a delegation of the update is damaged: {error}; fetch it again") from None
    _check_root(anchor, delegation.estate_id, signed, DELEGATION_DOMAIN, "delegation")
    return delegation


def _check_root(anchor: Anchor, estate_id: bytes, signed: RootSigned, domain: bytes, what: str) -> None:
    if estate_id != anchor.estate_id:
        raise WrongEstateError(
            f"the {what} belongs to estate {estate_id.hex()}, this gate to {anchor.estate_id.hex()}"
        )
    root = anchor.root(signed.root_id)
    if root is None:
        raise UnknownKeyError(
            f"the {what} is signed by key {signed.root_id.hex()}, which is no root of this gate:"
            " provision the gate with the new root, or look who feeds the link"
        )
    if not signed.holds(root, domain):
        raise WrongSignatureError(f"the signature of root {signed.root_id.hex()} does not fit the {what}")
