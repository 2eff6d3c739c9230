"""Changes that wait for the manager: what the desk shows of them, and by which mark one is meant."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from msgspec import Struct

from office.hub.facts import Difference, Gate, Held, Pair
from office.hub.port import HubStorage
from office.hub.publisher import Publisher
from office.hub.signers import NoSigners
from sync.encoding import decode_record, split_issue
from sync.records import Grant
from sync.update import StoredRecord

MARK_BYTES: Final = 16


class HeldChange(Struct, frozen=True):
    """One gate's change that the brake holds."""

    gate: Gate
    lost: int
    """Credentials that would stop opening …"""
    openers: int
    """… of so many that can open."""
    ended: tuple[int, ...]
    """Issues whose grants end or go."""
    put: tuple[int, ...]
    """Issues that are granted something, or something else than before."""
    settings: bool
    since: int
    """UTC second of its oldest part."""
    mark: str
    """Names exactly this change of exactly this list: whatever is added or taken back changes it."""


def held_changes(store: HubStorage, at: int) -> list[HeldChange]:
    """Every gate's, by gate."""
    standings = store.standings.all()
    gates = [one for one in store.gates.all() if one.struck_at is None and standings[one.gate_id].differs]
    found = [held_change(store, one, at) for one in gates]
    return [one for one in found if one is not None]


def held_change(store: HubStorage, gate: Gate, at: int) -> HeldChange | None:
    """What waits at this gate; ``None``: nothing does."""
    back = Publisher(store, NoSigners()).held_back(gate.gate_id, at)
    held = store.signed.held(gate.gate_id)
    if back is None or held is None:
        return None
    difference = store.wanted.difference(gate.gate_id)
    return HeldChange(
        gate,
        back.lost,
        back.openers,
        tuple(sorted({_issue(one) for one in difference.pairs if not _grants(one)})),
        tuple(sorted({_issue(one) for one in difference.pairs if _grants(one)})),
        difference.settings is not None,
        _since(store, difference),
        _mark(gate, held, difference),
    )


def _since(store: HubStorage, difference: Difference) -> int:
    oldest = min((one.change for one in difference.pairs), default=difference.change)
    changes = store.wanted.changes_after(oldest - 1, 1)
    return changes[0].at if changes else 0


def _issue(pair: Pair) -> int:
    return split_issue(pair.wanted or pair.held or b"")[1]


def _grants(pair: Pair) -> bool:
    if pair.wanted is None:
        return False
    return isinstance(decode_record(StoredRecord(pair.key, pair.grant_id, pair.wanted)), Grant)


def _mark(gate: Gate, held: Held, difference: Difference) -> str:
    digest = sha256(gate.gate_id.to_bytes(8, "big") + held.digest)
    parts = [difference.settings or b""]
    for one in difference.pairs:
        parts += [one.key, one.grant_id.to_bytes(8, "big"), one.wanted or b""]
    for part in parts:
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()[: 2 * MARK_BYTES]
