"""What an attacker (or an accident) sends to the gate of `at_home`, each function by the attack's name."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from sync import codec
from sync.delegation import Delegation, Role, sign_delegation
from sync.delta import Put, Remove, ReplaceSettings, Revoke
from sync.encoding import encode_settings, stored
from sync.envelope import MAX_ENVELOPE_BYTES, countersign, seal
from sync.keys import LIST_DOMAIN
from sync.publishing import Destination, delta, snapshot
from sync.records import RevocationReason
from sync.update import ListVersion
from tests.support import estate
from tests.support.estate import (
    CHAIN,
    DAY,
    ESTATE_ID,
    HERE,
    LISTS,
    MANAGER,
    NOW,
    ONLINE,
    ROOT,
    Gate,
    delegate,
    first_list,
    gate_with,
    key,
    resident,
    signed_snapshot,
    withdraw,
)

OTHER = key("somebody else")


def revoke(number: int, reason: RevocationReason = RevocationReason.LOST) -> Revoke:
    return Revoke(estate.card(number).key, 1000 + number, reason, NOW)


def put(number: int) -> Put:
    return Put(stored(resident(number)))


def at_home() -> Gate:
    """A gate at revision 3: a snapshot and two deltas."""
    gate = gate_with(first_list())
    gate.offer(gate.signed_delta([put(21)]))
    gate.offer(gate.signed_delta([put(22)]))
    return gate


def flip(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def wrong_signature(gate: Gate) -> bytes:
    data = gate.signed_delta([put(30)])
    return flip(data, data.rindex(stored(resident(30)).data) + 1)


def wrong_signature_second(gate: Gate) -> bytes:
    row = codec.decode(gate.signed_delta([put(30)]), max_bytes=10_000)
    assert isinstance(row, list)
    row[1].append([MANAGER.key_id, LISTS.sign(LIST_DOMAIN, row[0])])
    return codec.encode(row)


def wrong_signature_other_purpose(gate: Gate) -> bytes:
    row = codec.decode(gate.signed_delta([put(30)]), max_bytes=10_000)
    assert isinstance(row, list)
    row[1] = [[LISTS.key_id, LISTS.sign(b"", row[0])]]
    return codec.encode(row)


def wrong_signature_delegation(gate: Gate) -> bytes:
    return gate.signed_delta([put(30)], chain=[flip(CHAIN[0], 20)])


def wrong_estate(gate: Gate) -> bytes:
    statement = snapshot(Destination(b"estate 2", 7), first_list(), ListVersion(1, 9), issued_at=NOW)
    return seal(statement, [LISTS], delegations=CHAIN)


def wrong_estate_delegation(gate: Gate) -> bytes:
    foreign = sign_delegation(Delegation(b"estate 2", OTHER.public, Role.LIST, None, 0, NOW * 2, 9), ROOT)
    return gate.signed_delta([put(30)], OTHER, chain=[foreign])


def wrong_gate(gate: Gate) -> bytes:
    statement = snapshot(Destination(ESTATE_ID, 8), first_list(), ListVersion(1, 9), issued_at=NOW)
    return seal(statement, [LISTS], delegations=CHAIN)


def rollback(gate: Gate) -> bytes:
    return gate.kept[1]


def rollback_snapshot(gate: Gate) -> bytes:
    return signed_snapshot(first_list(), 2, at=NOW + DAY)


def rollback_epoch(gate: Gate) -> bytes:
    return signed_snapshot(first_list(), 99, ROOT, epoch=0)


def gap(gate: Gate) -> bytes:
    assert gate.content is not None
    statement, _ = delta(HERE, (ListVersion(1, 4), gate.content), [put(30)], issued_at=NOW)
    return seal(statement, [LISTS])


def gap_other_epoch(gate: Gate) -> bytes:
    assert gate.content is not None
    statement, _ = delta(HERE, (ListVersion(2, 3), gate.content), [put(30)], issued_at=NOW)
    return seal(statement, [ROOT])


def equivocation(gate: Gate) -> bytes:
    return signed_snapshot(first_list(19), 3)


def digest_mismatch(gate: Gate) -> bytes:
    statement = snapshot(HERE, first_list(), ListVersion(1, 4), issued_at=NOW)
    return seal(replace(statement, digest=bytes(32)), [LISTS])


def digest_mismatch_delta(gate: Gate) -> bytes:
    """A delta made over another list than the one here."""
    statement, _ = delta(HERE, (ListVersion(1, 3), first_list(19)), [put(30)], issued_at=NOW)
    return seal(statement, [LISTS])


def unknown_key(gate: Gate) -> bytes:
    return gate.signed_delta([put(30)], OTHER)


def unknown_key_self_delegated(gate: Gate) -> bytes:
    own = sign_delegation(Delegation(ESTATE_ID, OTHER.public, Role.LIST, None, 0, NOW * 2, 9), OTHER)
    return gate.signed_delta([put(30)], OTHER, chain=[own])


def withdrawn_key(gate: Gate) -> bytes:
    return gate.signed_delta([put(30)], chain=CHAIN, withdrawals=withdraw(1, LISTS))


def expired_key(gate: Gate) -> bytes:
    ended = delegate(OTHER, Role.LIST, 9, until=gate.floor)
    return gate.signed_delta([put(30)], OTHER, chain=[ended])


def role_too_weak_manager_alone(gate: Gate) -> bytes:
    return gate.signed_delta([revoke(1)], MANAGER)


def role_too_weak_online_snapshot(gate: Gate) -> bytes:
    return signed_snapshot(first_list(), 4, ONLINE)


def role_too_weak_online_put(gate: Gate) -> bytes:
    return gate.signed_delta([revoke(1), put(30)], ONLINE)


def role_too_weak_online_remove(gate: Gate) -> bytes:
    return gate.signed_delta([Remove(estate.card(1).key, 1001)], ONLINE)


def role_too_weak_online_settings(gate: Gate) -> bytes:
    settings = replace(estate.SETTINGS, time_zone="UTC")
    return gate.signed_delta([ReplaceSettings(encode_settings(settings))], ONLINE)


def role_too_weak_online_and_manager(gate: Gate) -> bytes:
    return countersign(gate.signed_delta([put(30)], ONLINE), MANAGER)


def role_too_weak_epoch(gate: Gate) -> bytes:
    return signed_snapshot(first_list(), 1, LISTS, MANAGER, epoch=2)


def role_too_weak_other_gate(gate: Gate) -> bytes:
    elsewhere = delegate(OTHER, Role.LIST, 9, gates=frozenset({6, 8}))
    return gate.signed_delta([put(30)], OTHER, chain=[elsewhere])


def oversize(gate: Gate) -> bytes:
    return bytes(MAX_ENVELOPE_BYTES + 1)


def malformed(gate: Gate) -> bytes:
    return gate.signed_delta([put(30)])[:-1]


def malformed_trailing(gate: Gate) -> bytes:
    return gate.signed_delta([put(30)]) + b"\0"


def malformed_content(gate: Gate) -> bytes:
    statement = snapshot(HERE, first_list(), ListVersion(1, 4), issued_at=NOW)
    return seal(replace(statement, content=b"\x90"), [LISTS])


def malformed_delta_twice(gate: Gate) -> bytes:
    statement, _ = delta(HERE, (ListVersion(1, 3), first_list()), [put(30)], issued_at=NOW)
    record = stored(resident(30))
    step = [1, record.key, record.grant_id, record.data]
    return seal(replace(statement, content=codec.encode([step, step])), [LISTS])


def malformed_revocation_of_nothing(gate: Gate) -> bytes:
    assert gate.content is not None
    statement, _ = delta(HERE, (ListVersion(1, 3), gate.content), [revoke(1)], issued_at=NOW)
    step = [2, estate.card(99).key, 1099, 1, NOW]
    return seal(replace(statement, content=codec.encode([step])), [ONLINE])


def malformed_signed_twice(gate: Gate) -> bytes:
    return countersign(gate.signed_delta([put(30)]), LISTS)


def malformed_unsigned(gate: Gate) -> bytes:
    row = codec.decode(gate.signed_delta([put(30)]), max_bytes=10_000)
    assert isinstance(row, list)
    return codec.encode([row[0], [], row[2], row[3]])


def unsupported_version(gate: Gate) -> bytes:
    payload = codec.encode([2, "a later format", {"has": "other parts"}])
    return codec.encode([payload, [[LISTS.key_id, LISTS.sign(LIST_DOMAIN, payload)]], [], None])


def mass_removal(gate: Gate) -> bytes:
    return gate.signed_delta([revoke(number) for number in range(1, 12)])


def mass_removal_online(gate: Gate) -> bytes:
    return gate.signed_delta([revoke(number) for number in range(1, 12)], ONLINE)


def mass_removal_settings(gate: Gate) -> bytes:
    settings = replace(estate.SETTINGS, doors=estate.SETTINGS.doors[1:])
    return gate.signed_delta([ReplaceSettings(encode_settings(settings))])


def mass_removal_snapshot(gate: Gate) -> bytes:
    return signed_snapshot(first_list(5), 4)


ATTACKS: list[Callable[[Gate], bytes]] = [
    wrong_signature,
    wrong_signature_second,
    wrong_signature_other_purpose,
    wrong_signature_delegation,
    wrong_estate,
    wrong_estate_delegation,
    wrong_gate,
    rollback,
    rollback_snapshot,
    rollback_epoch,
    gap,
    gap_other_epoch,
    equivocation,
    digest_mismatch,
    digest_mismatch_delta,
    unknown_key,
    unknown_key_self_delegated,
    withdrawn_key,
    expired_key,
    role_too_weak_manager_alone,
    role_too_weak_online_snapshot,
    role_too_weak_online_put,
    role_too_weak_online_remove,
    role_too_weak_online_settings,
    role_too_weak_online_and_manager,
    role_too_weak_epoch,
    role_too_weak_other_gate,
    oversize,
    malformed,
    malformed_trailing,
    malformed_content,
    malformed_delta_twice,
    malformed_revocation_of_nothing,
    malformed_signed_twice,
    malformed_unsigned,
    unsupported_version,
    mass_removal,
    mass_removal_online,
    mass_removal_settings,
    mass_removal_snapshot,
]
