"""Alarms of gates that are silent or refuse their list, of the hub, and those that the hub has counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from msgspec import Struct
from msgspec.structs import replace

from office.casework.alarms import About, note_signal
from office.hub.control_client import GateFacts, HubAwayError
from office.hub.facts import Contact, Gate
from office.hub.gate_state import SILENT_S, silent_after_s
from office.hub.held_changes import held_change
from office.lists.store import hub_control, hub_store
from office.procedures.alarms import Alarm as AlarmWord
from office.procedures.alarms import Signal, hub_alarm
from office.registry.models import Alarm, AlarmKind, HubAlarmCount

HUB: Final = "hub"
AWAY_S: Final = 15
"""A hub that is restarted is back sooner."""
MAX_NAME: Final = 100
JUDGED_ANEW: Final = timedelta(minutes=10)


class HubSeen(Struct):
    """Since when the hub answers, or does not, as far as this process has seen."""

    answers_since: datetime | None = None
    away_since: datetime | None = None


class MassSeen(Struct, frozen=True):
    """Whether a change waited for the manager at a gate, when it was judged last."""

    about: tuple[object, ...]
    """What is wanted, signed and told of the gate."""
    waits: bool
    until: datetime
    """What the gate's brake remembers fades within a day: then it is judged again."""


def hub_status() -> Mapping[int, GateFacts] | None:
    """What connected gates last told; ``None``: no hub answers."""
    try:
        return hub_control().status()
    except HubAwayError:
        return None


def take_hub_alarms(now: datetime) -> int:
    """Take over what the hub has counted since; how many alarms had grown."""
    counts = {(one.gate_id, one.name): one.count for one in HubAlarmCount.objects.all()}
    grown = 0
    for told in hub_store().diary.alarms():
        gate_id, name = told.gate_id or 0, told.name[:MAX_NAME]
        more = told.count - counts.get((gate_id, name), 0)
        if more > 0:
            with transaction.atomic():
                HubAlarmCount.objects.update_or_create(
                    gate_id=gate_id, name=name, defaults={"count": told.count}
                )
                subject = f"gate:{gate_id}/{name}" if gate_id else f"hub/{name}"
                about = About(datetime.fromtimestamp(told.last_at, UTC), told.gate_id, count=more)
                note_signal(now, Signal(hub_alarm(name), subject[:120], text=told.text), about)
            grown += 1
    return grown


def watch_hub(now: datetime, seen: HubSeen, *, answers: bool) -> None:
    """The hub itself: an alarm while it does not answer, if there are gates that it should serve."""
    if answers:
        seen.answers_since, seen.away_since = seen.answers_since or now, None
    else:
        seen.answers_since, seen.away_since = None, seen.away_since or now
    away = seen.away_since is not None and now - seen.away_since >= timedelta(seconds=AWAY_S)
    if answers or (away and any(_in_service(one) for one in hub_store().gates.all())):
        note_states(now, AlarmWord.HUB, {HUB: (not answers, None, "")}, now)


def watch_gates(now: datetime, seen: HubSeen) -> None:
    """Gates that do not speak, and gates that refused their last update.

    While no hub answers nothing is known of gates; when it is back they need time to call.
    """
    if seen.answers_since is None or now - seen.answers_since <= timedelta(seconds=SILENT_S):
        return
    store = hub_store()
    silent: dict[str, tuple[bool, int | None, str]] = {}
    refuse: dict[str, tuple[bool, int | None, str]] = {}
    for gate in store.gates.all():
        contact = store.diary.contact(gate.gate_id)
        if contact.at is not None:
            subject, serves = f"gate:{gate.gate_id}", _in_service(gate)
            silent[subject] = (
                serves and _is_silent(gate, contact, seen.answers_since, now),
                gate.gate_id,
                "",
            )
            refuse[subject] = (serves and contact.refusal is not None, gate.gate_id, contact.refusal or "")
    note_states(now, AlarmWord.GATE_SILENT, silent, now)
    note_states(now, AlarmWord.GATE_REFUSES, refuse, now)


def watch_mass_changes(now: datetime, seen: dict[int, MassSeen] | None = None) -> None:
    """Changes that wait for the manager: an alarm of each gate, as long as one waits there.

    What exactly waits, by whose steps and since when, stands on the page of mass changes. What a
    round has judged, ``seen`` keeps for the next: thousands of cards may wait for a gate for days.
    """
    store, seen = hub_store(), {} if seen is None else seen
    standings = store.standings.all()
    states = {}
    for gate in store.gates.all():
        stands = standings[gate.gate_id]
        about = (stands.change, stands.held, replace(stands.contact, at=None))
        known = seen.get(gate.gate_id)
        if known is None or known.about != about or now >= known.until:
            waits = gate.struck_at is None and stands.differs
            waits = waits and held_change(store, gate, int(now.timestamp())) is not None
            known = seen[gate.gate_id] = MassSeen(about, waits, now + JUDGED_ANEW)
        states[f"gate:{gate.gate_id}"] = (known.waits, gate.gate_id, "")
    note_states(now, AlarmWord.MASS_CHANGE, states, now)


def note_states(
    now: datetime, word: AlarmWord, states: Mapping[str, tuple[bool, int | None, str]], at: datetime
) -> None:
    """Raise what has begun and end what is over; what goes on is neither counted nor raised again."""
    open_ones = Alarm.objects.filter(kind=AlarmKind(word.value), cleared_at__isnull=True)
    running = {one.subject: one.ended_at is None for one in open_ones}
    for subject, (holds, gate_id, text) in states.items():
        if holds != running.get(subject, False):
            with transaction.atomic():
                note_signal(now, Signal(word, subject, not holds, text), About(at, gate_id))


def _in_service(gate: Gate) -> bool:
    return bool(gate.public_key) and gate.struck_at is None


def _is_silent(gate: Gate, contact: Contact, since: datetime, now: datetime) -> bool:
    """Neither has it spoken for too long, nor was the hub, which answers ``since`` then, away meanwhile."""
    after_s = silent_after_s(gate.link)
    spoke_s = since.timestamp() if contact.at is None else max(contact.at, since.timestamp())
    return now.timestamp() - spoke_s > after_s
