"""The watcher's rounds: which duty comes how often, and that one that fails stops no other.

Everything that a duty has to remember is in the database, or found out again: a watcher may
be killed at any point, and two of them do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from msgspec import Struct, field

from office.casework import departures, words_typed
from office.casework.alarms import About, note_signal
from office.casework.departures import note_departures
from office.casework.due_dates import end_exceptions, end_expired_cards, end_parking_rights
from office.casework.events import BATCH, correct_times, project_events
from office.casework.gate_watch import (
    HubSeen,
    MassSeen,
    hub_status,
    take_hub_alarms,
    watch_gates,
    watch_hub,
    watch_mass_changes,
)
from office.casework.incidents import open_incidents
from office.casework.move_ends import end_moves, end_slips
from office.casework.office_clock import latest, see_clock
from office.casework.retention import erase_departed, purge_events
from office.casework.stop_receipts import attach_receipts
from office.casework.words_typed import purge_words
from office.procedures.alarms import Alarm, Signal, printable
from office.procedures.clock import ClockWord, judge_clock
from office.registry.models import WatchMark

WATCH: Final = "watch"
"""Name of the mark that says when the watcher last came round."""
SEEN_S: Final = 10
OVERDUE: Final = timedelta(seconds=60)
"""A mark that is older: the watcher does not run."""


class Memory(Struct):
    """What rounds remember from one to the next; a new watcher begins with none."""

    after_case: int = 0
    hub: HubSeen = field(default_factory=HubSeen)
    mass: dict[int, MassSeen] = field(default_factory=dict)
    """By gate."""
    due: dict[str, datetime] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)


class Duty(Struct, frozen=True):
    """One duty of the round."""

    name: str
    every_s: float
    run: Callable[[datetime, Memory], int]
    """Takes the time; how much was done."""
    full: int = 0
    """Having done so much, it has more to do: it comes again at once. 0: never."""


class Round(Struct, frozen=True):
    """What a round did."""

    done: dict[str, int]
    failed: dict[str, str]
    more: bool
    """Whether a duty has more to do now."""


def make_round(now: datetime, memory: Memory, duties: Sequence[Duty] | None = None) -> Round:
    """Do what is due; a duty that fails is an alarm of its own and comes again later."""
    done: dict[str, int] = {}
    failed: dict[str, str] = {}
    more = False
    for duty in DUTIES if duties is None else duties:
        if (due := memory.due.get(duty.name)) is not None and now < due:
            continue
        memory.due[duty.name] = now + timedelta(seconds=duty.every_s)
        try:
            done[duty.name] = duty.run(now, memory)
            _told(now, memory, duty.name, "")
        except Exception as error:  # noqa: BLE001 - the outermost loop: whatever it is, others go on
            failed[duty.name] = f"{type(error).__name__}: {error}"
            _told(now, memory, duty.name, failed[duty.name])
        if duty.full and done.get(duty.name, 0) >= duty.full:
            memory.due[duty.name], more = now, True
    return Round(done, failed, more)


def watcher_seen() -> datetime | None:
    """When the watcher last came round."""
    mark = WatchMark.objects.filter(name=WATCH).first()
    return None if mark is None else mark.at


def _told(now: datetime, memory: Memory, name: str, failure: str) -> None:
    if bool(failure) == (name in memory.failing):
        return
    try:
        with transaction.atomic():
            signal = Signal(Alarm.HUB, f"watch/{name}", ends=not failure, text=printable(failure))
            note_signal(now, signal, About(now))
        memory.failing ^= {name}
    except Exception:  # noqa: BLE001, S110 - the database is what fails: it is said again next time
        pass


def _receipts(now: datetime, memory: Memory) -> int:
    memory.after_case = attach_receipts(now, memory.after_case)
    return 0


def _hub(now: datetime, memory: Memory) -> int:
    watch_hub(now, memory.hub, answers=hub_status() is not None)
    watch_gates(now, memory.hub)
    return take_hub_alarms(now)


def _mass_changes(now: datetime, memory: Memory) -> int:
    watch_mass_changes(now, memory.mass)
    return 0


def _mark(now: datetime, _memory: Memory) -> int:
    WatchMark.objects.update_or_create(name=WATCH, defaults={"at": now})
    return 0


def _sure(duty: Callable[[datetime], int]) -> Callable[[datetime, Memory], int]:
    """What ends or goes for good waits as long as the clock is in doubt."""

    def done(now: datetime, _memory: Memory) -> int:
        return duty(now) if judge_clock(latest(), now) is ClockWord.FINE else 0

    return done


def _clock(now: datetime, _memory: Memory) -> int:
    see_clock(now)
    return 0


DUTIES: Final = (
    Duty("clock", SEEN_S, _clock),
    Duty("events", 1, lambda now, _: project_events(now), full=BATCH),
    Duty("receipts", 1, _receipts),
    Duty("times", 5, lambda _now, _: correct_times()),
    Duty("hub", 5, _hub),
    Duty("mass changes", 10, _mass_changes),
    Duty("incidents", 5, lambda now, _: open_incidents(now)),
    Duty("moves", 30, _sure(end_moves)),
    Duty("slips", 10, _sure(end_slips)),
    Duty("cards", 5, _sure(end_expired_cards)),
    Duty("exceptions", 5, _sure(end_exceptions)),
    Duty("parking", 60, _sure(end_parking_rights)),
    Duty("events' retention", 60, _sure(purge_events)),
    Duty("words' retention", 600, _sure(purge_words), full=words_typed.A_ROUND),
    Duty("departures", 3_600, _sure(note_departures), full=departures.A_ROUND),
    Duty("persons' retention", 600, _sure(erase_departed)),
    Duty("mark", SEEN_S, _mark),
)
