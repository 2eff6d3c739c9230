"""What looks at usage events as they come in: inside the transaction that projects them, so exactly once.

A sensor is a function of new events and of what the registry says; it may write. More of
them join `SENSORS`, each in a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from office.casework.alarms import About, note_signal
from office.casework.incidents import power_off_at
from office.casework.slip_events import note_slip_events
from office.procedures.alarms import Alarm, EventFact, signals, stopped_card_opened
from office.procedures.issue_states import State
from office.procedures.rights import ENDS
from office.registry.models import IssueStep, UsageEvent
from sync.events import EventKind
from sync.records import Reason

Sensor = Callable[[Sequence[UsageEvent], datetime], None]


def raise_alarms(events: Sequence[UsageEvent], now: datetime) -> None:
    """Alarms that events raise or end, a stopped card for which a gate opened among them."""
    lives = _lives({one.issue_id for one in events if one.issue_id is not None})
    for event in events:
        fact = fact_of(event)
        if fact is None:
            continue
        for signal in (*signals(fact), *stopped_card_opened(fact, lives.get(fact.issue_id or 0, ()))):
            if signal.alarm is Alarm.MAINS_FAIL and not signal.ends and power_off_at(event.gate_id, event.at):
                continue  # rule 16.2: within an announced outage it is expected
            about = About(event.at, event.gate_id, event.door, event.issue_id)
            note_signal(now, signal, about)


SENSORS: Final[tuple[Sensor, ...]] = (raise_alarms, note_slip_events)


def fact_of(event: UsageEvent) -> EventFact | None:
    """The event as the rules see it; ``None``: nobody can read it."""
    if event.kind is None:
        return None
    return EventFact(
        event.gate_id,
        EventKind(event.kind),
        event.door,
        event.reader,
        event.issue_id,
        None if event.reason is None else Reason(event.reason),
        event.detail,
        # What may have been before the stop, or after its end, perhaps was.
        event.at_ms - (event.uncertainty_ms or 0),
        event.at_ms + (event.uncertainty_ms or 0),
    )


def _lives(issues: set[int]) -> dict[int, list[tuple[int, State]]]:
    """How these cards have stood since which UTC millisecond, as far as they were ever stopped."""
    ended = [one.value for one in ENDS]
    stopped = IssueStep.objects.filter(issue_id__in=issues, state__in=ended).values("issue_id")
    lives: dict[int, list[tuple[int, State]]] = {}
    for one in IssueStep.objects.filter(issue_id__in=stopped).order_by("pk"):
        lives.setdefault(one.issue_id, []).append((int(one.at.timestamp() * 1000), State(one.state)))
    return lives
