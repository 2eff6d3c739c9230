"""A slip's book from what gates tell (15.2, 15.5): opened, refused by the guard, booked to their card.

A sensor (`office.casework.sensors`): called inside the transaction that projects the events.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from office.casework.slips import close_slip, count_of
from office.casework.trail import record
from office.lists.slips import take_one_use
from office.procedures.slips import slip_id_of
from office.registry.models import (
    ArchivedForm,
    Form,
    ReleaseSlip,
    SlipPassing,
    SlipSeen,
    SlipState,
    UsageEvent,
)
from sync.events import EventKind
from sync.records import Reason

MAX_NOTE: Final = 400


def note_slip_events(events: Sequence[UsageEvent], now: datetime) -> None:
    """Write down what these events say about slips; a slip whose trips are made is closed."""
    for event in events:
        slip, seen = _about(event)
        if slip is not None and seen is not None:
            _note(slip, seen, event, now)


def _about(event: UsageEvent) -> tuple[ReleaseSlip | None, SlipSeen | None]:
    match event.kind:
        case EventKind.TAP if event.reason == Reason.GRANTED:
            return _by_issue(event.issue_id), SlipSeen.OPENED
        case EventKind.COMPANION_REFUSED:
            return _by_issue(event.issue_id), SlipSeen.REFUSED
        case EventKind.SLIP_BOOKED:
            return _by_number(str(event.detail.get("slip", ""))), SlipSeen.BOOKED
        case _:
            return None, None


def _by_issue(issue_id: int | None) -> ReleaseSlip | None:
    slip_id = None if issue_id is None else slip_id_of(issue_id)
    if slip_id is None:
        return None
    return (
        ReleaseSlip.objects.select_for_update(of=("self",)).select_related("door").filter(pk=slip_id).first()
    )


def _by_number(text: str) -> ReleaseSlip | None:
    """By the number that is printed on it, such as KH-09-R02-2026-00017, or its end 2026-00017."""
    year, _, number = text.strip().upper().removeprefix(f"{Form.RELEASE_SLIP.value}-").partition("-")
    if not (year.isdecimal() and number.isdecimal() and len(year) == 4 and len(number) <= 9):
        return None
    found = ArchivedForm.objects.filter(form=Form.RELEASE_SLIP, year=int(year), number=int(number)).first()
    if found is None:
        return None
    slip_id = int(found.subject.removeprefix("slip:"))
    return (
        ReleaseSlip.objects.select_for_update(of=("self",)).select_related("door").filter(pk=slip_id).first()
    )


def _note(slip: ReleaseSlip, seen: SlipSeen, event: UsageEvent, now: datetime) -> None:
    before = count_of(slip)
    SlipPassing.objects.create(
        slip=slip,
        seen=seen,
        at=event.at,
        gate_id=event.gate_id,
        event_id=event.pk,
        guard_card=event.issue_id if seen == SlipSeen.BOOKED else None,
        good=seen != SlipSeen.REFUSED,
        note=str(event.detail.get("why", ""))[:MAX_NOTE],
    )
    count = count_of(slip)
    facts = {"gate": event.gate_id, "used": count.used, "trips": slip.trips}
    record(now, None, "15.2", f"slip {seen.value}", f"slip:{slip.pk}", **facts)
    if slip.state != SlipState.OPEN:
        return
    if count.booked > before.booked:
        # First, so that of a slip on its way to another gate nothing more arrives than is left.
        take_one_use(slip, int(now.timestamp()))
    if count.used >= slip.trips:
        close_slip(now, None, slip, SlipState.USED, "")
