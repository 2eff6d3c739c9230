"""Noting in the store what was signed, with the held list that it leads to."""

from __future__ import annotations

from msgspec.structs import replace

from office.hub.braking import agreed
from office.hub.composing import Composed
from office.hub.facts import SignedList
from office.hub.port import HubStorage


def keep(
    store: HubStorage, composed: Composed, envelope: bytes, change: int, *, agreed_to: bool = False
) -> None:
    """Keep a signed statement; ``agreed_to``: the manager or the root let it pass."""
    statement, held = composed.statement, composed.held
    signed = SignedList(
        statement.gate_id,
        statement.version,
        statement.previous,
        statement.kind,
        statement.digest,
        statement.issued_at,
        change,
    )
    if agreed_to:
        held = replace(held, memory=agreed(held.memory))
    if statement.previous:
        store.signed.add_delta(signed, envelope, held)
    else:
        store.signed.add_snapshot(signed, envelope, held)
