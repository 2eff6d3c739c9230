"""Making a site bundle: the gate's first list signed, its token drawn, the invitation noted."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.enrolment_intake import end_counted
from office.hub.facts import Gate, Invitation, InvitationState
from office.hub.port import HubStorage
from office.hub.publisher import Publisher
from office.keys import KeyDirectory
from sync.bundle import SealedBundle, seal_bundle
from sync.bundle_code import SALT_BYTES, bundle_key, new_code
from sync.bundle_content import DAY_S, BundleContent, sign_content
from sync.codec import CodecError
from sync.delegation import Role
from sync.envelope import MAX_DELEGATIONS, parse_envelope
from sync.gate_key import fingerprint
from sync.keys import SEED_BYTES, SigningKey
from sync.update import ListVersion

MAX_DAYS: Final = 90
"""A bundle that lies about for longer is a key under the mat."""

RandomBytes = Callable[[int], bytes]


class Asked(Struct, frozen=True):
    """What a clerk wants a bundle for."""

    gate_id: int
    days: int
    replaces: bool = False
    """Another unit is to take the place of the one that is there."""
    stolen: bool = False
    """That unit's key is refused from now on, not only once the new one is accepted."""


class MadeBundle(Struct, frozen=True):
    """A bundle, the code that opens it, and what the clerk should know."""

    file: bytes
    code: str
    not_after: int
    version: ListVersion
    to_settle: tuple[int, ...]
    """Counted grants of the old unit: a clerk says what is left of each."""


def find_gate(store: HubStorage, named: str) -> Gate:
    """The gate of this name, or of this id; raises ``OfficeError``."""
    gates = store.gates.all()
    found = next((one for one in gates if one.name == named), None)
    if found is None and named.isascii() and named.isdigit():
        found = next((one for one in gates if one.gate_id == int(named)), None)
    if found is None:
        known = ", ".join(one.name for one in gates[:20]) or "none"
        raise OfficeError(f"there is no gate {named!r}; known are: {known}; plan one with: hub register")
    return found


def make_bundle(
    store: HubStorage,
    keys: KeyDirectory,
    publisher: Publisher,
    asked: Asked,
    config: bytes,
    *,
    at: int,
    random_bytes: RandomBytes,
    key_of: Callable[[str, bytes], bytes] = bundle_key,
) -> MadeBundle:
    """A bundle for one gate; every earlier one of this gate that nobody was accepted with is void.

    ``key_of``: what makes a key of code and salt.

    Raises:
        OfficeError: the gate cannot have one, or a key to sign it is not here.
    """
    token = SigningKey(random_bytes(SEED_BYTES))
    code, salt = new_code(random_bytes), random_bytes(SALT_BYTES)
    key = key_of(code, salt)  # slow: not under the store's lock
    with store.transaction():
        gate = _checked(store, asked)
        to_settle = _put_the_old_unit_away(store, asked, at) if asked.replaces else []
        first_list = publisher.first_list(gate.gate_id, at)
        content = _content(store, keys, gate, asked, (token, config, first_list), at)
        file = _sealed(content, keys, (key, salt), at)
        _void(store, gate.gate_id, at)
        store.invitations.put(
            Invitation(
                token.public, gate.gate_id, at, content.not_after, sha256(file).digest(), asked.replaces
            )
        )
    return MadeBundle(file, code, content.not_after, content.minimum, tuple(to_settle))


def _content(
    store: HubStorage,
    keys: KeyDirectory,
    gate: Gate,
    asked: Asked,
    brings: tuple[SigningKey, bytes, bytes],
    at: int,
) -> BundleContent:
    """What the bundle says; ``brings``: its token, configuration and first list."""
    token, config, first_list = brings
    return BundleContent(
        store.gates.estate_id(),
        gate.gate_id,
        gate.name,
        at,
        at + asked.days * DAY_S,
        asked.replaces,
        keys.roots,
        token,
        config,
        first_list,
        parse_envelope(first_list).statement.version,
        _hub_chains(keys, gate.gate_id, at),
        keys.signed_withdrawals(),
    )


def _checked(store: HubStorage, asked: Asked) -> Gate:
    gate = store.gates.get(asked.gate_id)
    if not 1 <= asked.days <= MAX_DAYS:
        raise OfficeError(f"a bundle serves for 1 to {MAX_DAYS} days, not for {asked.days}")
    if gate.struck_at is not None:
        raise OfficeError(f"gate {gate.name!r} was struck off: it never comes back; register another id")
    if gate.public_key and not asked.replaces:
        raise OfficeError(
            f"gate {gate.name!r} is in service with key {fingerprint(gate.public_key)}: to put another unit"
            " in its place, say --replace"
        )
    return gate


def _put_the_old_unit_away(store: HubStorage, asked: Asked, at: int) -> list[int]:
    """What it counted is for a clerk to settle; a bundle made once more does not ask for it twice."""
    before = [one for one in _alive(store, asked.gate_id) if one.replaces]
    ended: list[int] = []
    if store.signed.newest(asked.gate_id) > ListVersion(0, 0):
        ended = end_counted(store, asked.gate_id, at, held_only=bool(before))
    if asked.stolen:
        store.gates.strike_key(asked.gate_id, at)
    return ended


def _sealed(content: BundleContent, keys: KeyDirectory, by: tuple[bytes, bytes], at: int) -> bytes:
    """The file; ``by``: the code's key and its salt."""
    signer, chain = keys.signer(Role.LIST, content.gate_id, at)
    claim = SealedBundle(content.estate_id, content.gate_id, content.not_after, by[1], b"")
    try:
        return seal_bundle(sign_content(content, signer, (chain,)), by[0], claim)
    except CodecError as error:
        raise OfficeError(f"gate {content.name!r}: no bundle can be made of this: {error}") from None


def _hub_chains(keys: KeyDirectory, gate_id: int, at: int) -> tuple[bytes, ...]:
    names = keys.in_force(Role.ONLINE, at, gate_id)
    return tuple(keys.delegations()[name][1] for name in names[:MAX_DELEGATIONS])


def _void(store: HubStorage, gate_id: int, at: int) -> None:
    for one in _alive(store, gate_id):
        store.invitations.put(replace(one, state=InvitationState.VOID, decided_at=at))


def _alive(store: HubStorage, gate_id: int) -> list[Invitation]:
    return [one for one in store.invitations.alive() if one.gate_id == gate_id]
