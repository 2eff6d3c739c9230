"""The alarm inbox: raised and ended by what gates tell, taken notice of and cleared by people."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.trail import record
from office.procedures.alarms import LOOK_AGAIN, RULE_OF, Signal
from office.procedures.alarms import Alarm as AlarmWord
from office.procedures.errors import Refused, RuleError
from office.registry.models import Alarm, AlarmKind, StaffRole

MAX_TEXT = 500


class About(Struct, frozen=True):
    """What an alarm is about, and when it happened."""

    at: datetime
    gate_id: int | None = None
    door_id: int | None = None
    issue_id: int | None = None
    count: int = 1


def note_signal(now: datetime, signal: Signal, about: About) -> Alarm | None:
    """Raise an alarm, count it in the open one, or note its end; inside the caller's transaction."""
    kind = AlarmKind(signal.alarm.value)
    known = (
        Alarm.objects.select_for_update()
        .filter(kind=kind, subject=signal.subject, cleared_at__isnull=True)
        .first()
    )
    if signal.ends:
        if known is not None and known.ended_at is None:
            _end(now, known, about.at)
        return known
    if known is not None:
        _repeat(known, signal, about)
        return known
    made = Alarm.objects.create(
        kind=kind,
        subject=signal.subject,
        gate_id=about.gate_id,
        door_id=about.door_id,
        issue_id=about.issue_id,
        text=signal.text[:MAX_TEXT],
        count=about.count,
        raised_at=now,
        first_at=about.at,
        last_at=about.at,
    )
    facts = {"kind": kind.value, "about": signal.subject}
    record(now, None, RULE_OF.get(signal.alarm, "alarm"), "alarm raised", f"alarm:{made.pk}", **facts)
    return made


@transaction.atomic
def acknowledge(actor: Actor, alarm_id: int, told_to: str, note: str) -> Alarm:
    """Somebody takes notice, and says whom they told; raises ``RuleError`` if another was faster."""
    _check_staff(actor)
    alarm = Alarm.objects.select_for_update().get(pk=alarm_id)
    if alarm.acknowledged_at is not None or alarm.cleared_at is not None:
        raise RuleError("alarm", Refused.STALE)
    alarm.acknowledged_by, alarm.acknowledged_at = actor.user, actor.at
    alarm.told_to, alarm.note = told_to, note
    if alarm.ended_at is not None:
        alarm.cleared_at = actor.at
    alarm.save()
    rule = RULE_OF.get(AlarmWord(alarm.kind), "alarm")
    record(actor.at, actor.user, rule, "alarm acknowledged", f"alarm:{alarm.pk}", count=alarm.count)
    return alarm


@transaction.atomic
def clear(actor: Actor, alarm_id: int, note: str) -> Alarm:
    """What was to be done is done; raises ``RuleError`` if nobody has taken notice, or it is cleared."""
    _check_staff(actor)
    alarm = Alarm.objects.select_for_update().get(pk=alarm_id)
    if alarm.acknowledged_at is None or alarm.cleared_at is not None:
        raise RuleError("alarm", Refused.WRONG_STATE)
    alarm.note, alarm.cleared_at = note or alarm.note, actor.at
    alarm.save()
    rule = RULE_OF.get(AlarmWord(alarm.kind), "alarm")
    record(actor.at, actor.user, rule, "alarm cleared", f"alarm:{alarm.pk}", count=alarm.count)
    return alarm


def _check_staff(actor: Actor) -> None:
    if not actor.roles - {StaffRole.ADMINISTRATOR}:
        raise RuleError("alarm", Refused.ROLE_MISSING, role=StaffRole.GUARD.value)


def _repeat(alarm: Alarm, signal: Signal, about: About) -> None:
    alarm.count += about.count
    alarm.last_at = max(alarm.last_at, about.at)
    alarm.ended_at = None
    alarm.text = signal.text[:MAX_TEXT] or alarm.text
    if signal.alarm in LOOK_AGAIN:  # who took notice of what came before stands in the trail
        alarm.acknowledged_by, alarm.acknowledged_at = None, None
    alarm.save()


def _end(now: datetime, alarm: Alarm, ended_at: datetime) -> None:
    alarm.ended_at = ended_at
    if alarm.acknowledged_at is not None:
        alarm.cleared_at = now
    alarm.save(update_fields=["ended_at", "cleared_at"])
