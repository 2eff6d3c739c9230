"""The office computer's own clock: watched, doubted when it jumps, believed again when somebody says so."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from office.casework.actor import Actor
from office.casework.alarms import About, note_signal
from office.casework.trail import record
from office.procedures.alarms import Alarm, Signal
from office.procedures.clock import RULE, ClockWord, judge_clock
from office.procedures.errors import Refused, RuleError
from office.registry.models import Alarm as AlarmRow
from office.registry.models import StaffRole, WatchMark

MARK: Final = "clock"
"""Name of the mark that holds the latest time that was believed."""
_SUBJECT: Final = "watch/clock"


def see_clock(now: datetime) -> ClockWord:
    """The watcher's look: a time that can be believed is kept, any other is an alarm."""
    seen = latest()
    word = judge_clock(seen, now)
    with transaction.atomic():
        if word is ClockWord.FINE:
            WatchMark.objects.update_or_create(name=MARK, defaults={"at": max(seen or now, now)})
            note_signal(now, Signal(Alarm.HUB, _SUBJECT, ends=True), About(now))
        elif not AlarmRow.objects.filter(subject=_SUBJECT, cleared_at__isnull=True).exists():
            told = f"{word.value}: {now:%Y-%m-%d %H:%M}, {seen:%Y-%m-%d %H:%M} (UTC)"
            note_signal(now, Signal(Alarm.HUB, _SUBJECT, text=told), About(now))
    return word


def latest() -> datetime | None:
    """The latest time that was believed."""
    mark = WatchMark.objects.filter(name=MARK).first()
    return None if mark is None else mark.at


def check_clock(now: datetime) -> None:
    """Raises ``RuleError`` if the clock was set back: what is written now would be of a time that is over."""
    seen = latest()
    if seen is not None and judge_clock(seen, now) is ClockWord.SET_BACK:
        raise RuleError(RULE, Refused.CLOCK_SET_BACK, now=now, seen=seen)


@transaction.atomic
def confirm_clock(actor: Actor) -> None:
    """Somebody has compared the clock with another one: it is right as it is now; raises ``RuleError``."""
    if actor.roles.isdisjoint({StaffRole.ADMINISTRATOR, StaffRole.MANAGER}):
        raise RuleError(RULE, Refused.ROLE_MISSING, role=StaffRole.ADMINISTRATOR.value)
    seen = latest()
    WatchMark.objects.update_or_create(name=MARK, defaults={"at": actor.at})
    told = None if seen is None else seen.isoformat()
    record(actor.at, actor.user, RULE, "clock confirmed", "clock", was=told, now=actor.at.isoformat())
