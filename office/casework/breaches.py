"""Anti-passback across gates: found in what gates sent, reported on a page, stopping nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.event_search import EventFilter, note_viewing
from office.procedures.breaches import FORGIVEN_AFTER_MS, Breach, Passage, breaches
from office.registry.models import Door, UsageEvent
from sync.events import EventKind
from sync.records import Direction, Reason

MOST: Final = 200
"""Shown at once, the newest."""
A_READ: Final = 2_000


class Found(Struct, frozen=True):
    """The newest breaches of a time, and how many there were."""

    newest: tuple[Breach, ...]
    count: int


@transaction.atomic
def find_breaches(actor: Actor, since: datetime, until: datetime) -> Found:
    """Whoever looks is on record, as with all movements of people.

    Raises:
        RuleError: the role has no business with them.
    """
    begin_ms, end_ms = (int(one.timestamp() * 1000) for one in (since, until))
    note_viewing(actor, "breaches", EventFilter(since_ms=begin_ms, until_ms=end_ms))
    found = [one for one in breaches(_passages(begin_ms, end_ms)) if one.second.at_ms >= begin_ms]
    return Found(tuple(reversed(found[-MOST:])), len(found))


def days_before(now: datetime, days: int) -> datetime:
    """The beginning of a time to look at."""
    return now - timedelta(days=days)


def _passages(begin_ms: int, end_ms: int) -> Iterator[Passage]:
    leads = _shared_doors()
    taps = UsageEvent.objects.filter(
        at_ms__gte=begin_ms - FORGIVEN_AFTER_MS,
        at_ms__lt=end_ms,
        kind=int(EventKind.TAP),
        reason=int(Reason.GRANTED),
        direction__in=[int(Direction.IN), int(Direction.OUT)],
        issue_id__isnull=False,
        uncertainty_ms__isnull=False,
    ).order_by("at_ms", "pk")
    rows = taps.values_list("issue_id", "gate_id", "door", "direction", "at_ms", "uncertainty_ms")
    for issue_id, gate_id, door, direction, at_ms, slack_ms in rows.iterator(A_READ):
        if door in leads and issue_id is not None and slack_ms is not None:
            yield Passage(issue_id, leads[door], gate_id, direction == Direction.IN, at_ms, slack_ms, door)


def _shared_doors() -> dict[int, int]:
    """By door, what it leads into, where doors of several gates lead into it."""
    gates: dict[int, set[int]] = defaultdict(set)
    rows = Door.objects.filter(serves__isnull=False).values_list("door_id", "gate_id", "serves_id")
    leads: dict[int, int] = {}
    for door, gate, place in rows:
        if place is not None:
            gates[place].add(gate)
            leads[door] = place
    return {door: place for door, place in leads.items() if len(gates[place]) > 1}
