"""Usage events as a page shows them: words, names of gates and doors, cards by number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.functional import Promise
from msgspec import Struct

from office.desk.event_words import detail_words, direction_word, kind_word, reason_word
from office.procedures.slips import slip_id_of
from office.registry.models import Door, GateSite, Outcome, UsageEvent

ROUGH_MS = 1_000
"""A worse time is shown with its uncertainty."""


class EventLine(Struct, frozen=True):
    """One row."""

    event: UsageEvent
    at: datetime
    rough_s: int | None
    """How far the time may be off, if that matters."""
    known: bool
    """Whether the time is known at all; else it is when the office got it."""
    gate: str
    door: str
    kind: Promise
    outcome: str
    reason: Promise | str
    direction: Promise | str
    detail: str
    slip: int | None
    """The release slip, where the gate knows one by this issue id."""


class Names(Struct, frozen=True):
    """Names of gates and doors; read once a page."""

    gates: Mapping[int, str]
    doors: Mapping[int, str]


def names() -> Names:
    """As the registry has them."""
    return Names(
        dict(GateSite.objects.values_list("gate_id", "name")),
        dict(Door.objects.values_list("door_id", "name")),
    )


def lines(events: Iterable[UsageEvent], known: Names | None = None) -> list[EventLine]:
    """The events in words."""
    known = known or names()
    return [line(one, known) for one in events]


def line(event: UsageEvent, known: Names) -> EventLine:
    """One event in words."""
    rough = event.uncertainty_ms
    return EventLine(
        event,
        event.at,
        None if rough is None or rough <= ROUGH_MS else -(-rough // 1000),
        rough is not None,
        known.gates.get(event.gate_id, str(event.gate_id)),
        "" if event.door is None else known.doors.get(event.door, str(event.door)),
        kind_word(event.kind),
        Outcome(event.outcome).name.lower(),
        reason_word(event.reason),
        direction_word(event.direction),
        event.set_aside or detail_words(event.detail),
        None if event.issue_id is None else slip_id_of(event.issue_id),
    )
