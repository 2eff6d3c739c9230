"""From wanted lists that are not what the register says, back to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from office.hub.facts import Pair
from office.hub.port import HubStorage
from office.lists.store import hub_store, wake_hub
from office.lists.wanted import publish_issues, publish_settings
from office.procedures.slips import SLIP_IDS
from office.registry.models import GateGrant, GateSite, Issue
from sync.update import StoredRecord

AT_ONCE: Final = 1_000


def as_registered(gate_ids: Iterable[int], at: datetime) -> None:
    """Make what differs at these gates what the register says, in the caller's transaction.

    A grant that the register does not know stays as the gate has it: the office cannot say what it
    should be, and nothing shall end by a refusal. Release slips stay, too: their uses are counted at
    gates, and only their own steps may touch them.
    """
    store = hub_store()
    chosen = sorted(set(gate_ids))
    with store.transaction():
        found = [(gate_id, one) for gate_id in chosen for one in store.wanted.difference(gate_id).pairs]
        known = _known({one.grant_id for _, one in found})
        for some in _parts(set(known.values())):
            publish_issues(list(Issue.objects.filter(pk__in=some).select_related("chip", "unit")), at)
        publish_settings(GateSite.objects.filter(gate_id__in=chosen), at)
        for gate_id in chosen:
            strange = [
                one
                for other, one in found
                if other == gate_id and one.grant_id not in known and one.grant_id <= SLIP_IDS
            ]
            _as_held(store, gate_id, strange, at)
    wake_hub()


def _known(grant_ids: set[int]) -> dict[int, int]:
    """Issue by grant."""
    found: dict[int, int] = {}
    for some in _parts(grant_ids):
        found |= dict(GateGrant.objects.filter(pk__in=some).values_list("pk", "issue_id"))
    return found


def _parts(ids: set[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for at in range(0, len(ordered), AT_ONCE):
        yield ordered[at : at + AT_ONCE]


def _as_held(store: HubStorage, gate_id: int, pairs: list[Pair], at: datetime) -> None:
    back = [StoredRecord(one.key, one.grant_id, one.held) for one in pairs if one.held is not None]
    gone = [(one.key, one.grant_id) for one in pairs if one.held is None]
    store.wanted.put(gate_id, back, removed=gone, urgent=False, at=int(at.timestamp()))
