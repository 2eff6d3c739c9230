"""Rule 15.4: the lift for a move, in or out: busy hours are advised against, a reason overrides."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from office.casework.actor import Actor
from office.casework.trail import record
from office.procedures.moving import Hours, Window, busy_hours, check_lift, read_hours
from office.registry.models import LiftUse, Place, Policy, StaffRole


@transaction.atomic
def book_lift(
    actor: Actor, unit: Place, start: datetime, end: datetime, *, inwards: bool, busy_reason: str = ""
) -> LiftUse:
    """Write down when the lift is used; raises ``RuleError`` 15.4 in busy hours without a reason."""
    actor.must_be(StaffRole.CLERK, "15.4")
    window, peaks = _local(start, end), lift_peaks()
    check_lift(window, peaks, busy_reason)
    busy = bool(busy_hours(window, peaks))
    made = LiftUse.objects.create(
        unit=unit,
        inwards=inwards,
        start=start,
        end=end,
        busy_reason=busy_reason if busy else "",
        clerk=actor.user,
    )
    facts = {"unit": unit.pk, "inwards": inwards, "busy": busy}
    record(actor.at, actor.user, "15.4", "lift booked", f"lift:{made.pk}", **facts)
    return made


def lift_peaks() -> tuple[Hours, ...]:
    """The estate's busy hours."""
    return read_hours(Policy.current().lift_peaks)


def _local(start: datetime, end: datetime) -> Window:
    zone = ZoneInfo(settings.TIME_ZONE)
    return Window(start.astimezone(zone), end.astimezone(zone))
