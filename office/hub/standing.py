"""What the store knows of how a gate stands, and the view of it. Pure."""

from __future__ import annotations

from msgspec import Struct

from office.hub.facts import Contact, Gate, KeptReceipt
from office.hub.gate_state import GateView, view
from office.hub.planner import Why
from sync.update import ListVersion


class Standing(Struct, frozen=True):
    """What the store knows of how a gate stands."""

    contact: Contact
    held: tuple[ListVersion, bytes] | None
    """Version and digest at the end of its signed chain."""
    newest: KeptReceipt | None
    """Of the highest version."""
    differs: bool
    """Something is wanted that is not signed."""
    change: int
    """Number of the newest change of what is wanted."""


def standing_view(gate: Gate, standing: Standing, at: int, why: Why | None = None) -> GateView:
    """How a gate stands by what the store knows; ``why`` is what the hub last said of it."""
    contact, newest = standing.contact, standing.newest
    waits = standing.differs or standing.held != (contact.version, contact.digest)
    if gate.struck_at is not None:
        why = Why.STRUCK_OFF
    elif not gate.public_key:
        why = Why.PLANNED
    receipts = [] if newest is None else [newest]
    return view(
        contact,
        receipts,
        why=why or (Why.SENDING if waits else Why.IN_SYNC),
        waits=waits,
        at=at,
        link=gate.link,
    )
