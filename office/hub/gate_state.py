"""How each gate stands, and since when it refuses or accepts a card. Pure.

IN_SYNC       its receipt is for everything that is wanted
PENDING       something is on its way, and the gate is there
UNREACHABLE   it has not spoken for a while
ERROR         it refused, or somebody must act: a key, the manager, a clerk, the root
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum, unique
from typing import Final

from msgspec import Struct

from office.hub.facts import Contact, KeptReceipt, LinkKind
from office.hub.planner import Why
from sync.update import ListVersion

SILENT_S: Final = 90
"""A gate on the network says something every 20 s (`sync.session_events`)."""
SERIAL_SILENT_S: Final = 300
"""One on a pair of wires, which others share, every 120 s."""

_BLOCKED: Final = frozenset(
    (
        Why.NEEDS_MANAGER,
        Why.NEEDS_LIST_KEY,
        Why.NEEDS_ROOT,
        Why.NEEDS_CLERK,
        Why.REFUSED,
        Why.STRUCK_OFF,
    )
)


@unique
class GateState(StrEnum):
    """One word for the office's wall."""

    IN_SYNC = "in_sync"
    PENDING = "pending"
    UNREACHABLE = "unreachable"
    ERROR = "error"


class GateView(Struct, frozen=True):
    """A gate as the office shows it."""

    state: GateState
    why: str
    list_age_s: int | None
    """Since the newest receipt's list was applied; ``None`` without a receipt."""
    silent_s: int | None
    """Since the gate last spoke; ``None`` if it never did."""


class Confirmation(Struct, frozen=True):
    """Since when one gate refuses or accepts a card."""

    gate_id: int
    since: int | None
    """UTC second; ``None`` while the gate has not confirmed."""
    exact: bool
    """Whether the gate's own clock knew the second; else it is when the receipt came: at the latest."""


def silent_after_s(link: LinkKind) -> int:
    """After how long without a word from it a gate counts as silent."""
    return SERIAL_SILENT_S if link is LinkKind.SERIAL else SILENT_S


def view(
    contact: Contact,
    receipts: Sequence[KeptReceipt],
    *,
    why: Why,
    waits: bool,
    at: int,
    link: LinkKind = LinkKind.NETWORK,
) -> GateView:
    """How a gate stands; ``waits``: whether its wanted list differs from the one it has."""
    silent_s = None if contact.at is None else max(0, at - contact.at)
    newest = max(receipts, key=lambda one: one.version, default=None)
    age_s = None if newest is None else max(0, at - (newest.applied_at or newest.received_at))
    if why in (Why.STRUCK_OFF, Why.PLANNED):
        return GateView(GateState.ERROR, why.value, age_s, silent_s)
    if silent_s is None or silent_s > silent_after_s(link):
        return GateView(GateState.UNREACHABLE, "has not spoken", age_s, silent_s)
    if contact.refusal is not None:
        return GateView(GateState.ERROR, f"refused the last update: {contact.refusal}", age_s, silent_s)
    if why in _BLOCKED:
        return GateView(GateState.ERROR, why.value, age_s, silent_s)
    if waits or newest is None or newest.version != contact.version:
        return GateView(GateState.PENDING, why.value, age_s, silent_s)
    return GateView(GateState.IN_SYNC, why.value, age_s, silent_s)


def confirmation(
    gate_id: int, came_with: ListVersion | None, receipts: Sequence[KeptReceipt], contact: Contact
) -> Confirmation:
    """Since when a record is in force that came with this version; ``None``: it was not signed yet."""
    if came_with is None or contact.version is None or contact.version < came_with:
        return Confirmation(gate_id, None, exact=False)
    first = min(
        (one for one in receipts if one.version >= came_with), key=lambda one: one.version, default=None
    )
    if first is None:
        return Confirmation(gate_id, None, exact=False)
    exact = first.version == came_with and first.applied_at is not None
    return Confirmation(gate_id, first.applied_at or first.received_at, exact)
