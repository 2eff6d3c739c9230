"""Mass changes of gates' lists: what the brake holds, whose steps it comes from, and the manager's word.

The manager's key lives on the manager's own computer (docs/keys.md): the page gives out a file,
and takes it back signed. What this module adds is who may, what stands in the trail, and the
way back: lists that are not what the register says are made so again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.trail import record
from office.errors import OfficeError
from office.hub.control_client import HubControl, TakenFile
from office.hub.held_changes import HeldChange, held_changes
from office.lists.going_back import as_registered
from office.lists.store import hub_store
from office.parcel import is_parcel, pack, unpack
from office.procedures.errors import Refused, RuleError
from office.registry.models import Alarm, AlarmKind, AuditEntry, StaffRole

RULE: Final = "mass change"
MOST_ORIGINS: Final = 20
AT_ONCE: Final = 500
"""Subjects asked for in one query: SQLite binds at most 32,766 values, and less is as fast."""


class Origin(Struct, frozen=True):
    """Steps of one kind, by one person, that the change comes from."""

    rule: str
    action: str
    user: str
    """Empty: the office itself, by the clock."""
    cards: int
    first_at: datetime
    last_at: datetime


class WaitingChange(Struct, frozen=True):
    """A held change, as the page shows it."""

    held: HeldChange
    since: datetime
    origins: tuple[Origin, ...]
    """Empty: it was made by a command at the hub, by no step of the desk."""


class Answer(Struct, frozen=True):
    """What became of one update that came back signed."""

    name: str
    taken: TakenFile | None
    refused: OfficeError | None = None


def waiting_changes(at: datetime) -> list[WaitingChange]:
    """Every gate's, by gate."""
    return [_waiting(one) for one in held_changes(hub_store(), int(at.timestamp()))]


def alarms_of_waiting() -> QuerySet[Alarm]:
    """The alarms of what waits: as quickly asked for as any, while judging every list takes its time."""
    return Alarm.objects.filter(kind=AlarmKind.MASS_CHANGE, cleared_at__isnull=True, ended_at__isnull=True)


def give_out(actor: Actor, hub: HubControl, shown: Mapping[int, str]) -> bytes:
    """One file of what waits at these gates, for the manager to sign. Not inside a transaction.

    Raises:
        RuleError: not the manager, or it is not any more what was ``shown`` (mark by gate).
        OfficeError: no hub answers, or the list key's stick is away.
    """
    chosen = _chosen(actor, shown)
    files = {f"gate-{one.gate.gate_id}.list": hub.propose(one.gate.gate_id, one.mark) for one in chosen}
    with transaction.atomic():
        for one in chosen:
            _note(actor, "given out to be signed", one)
    return pack(files)


def take_back(actor: Actor, hub: HubControl, data: bytes) -> list[Answer]:
    """Hand the hub what the manager has signed; each gate's is judged by itself. Not inside a transaction.

    Raises:
        RuleError: not the manager.
        OfficeError: the file is damaged, or no hub answers.
    """
    actor.must_be(StaffRole.MANAGER, RULE)
    files = unpack(data) if is_parcel(data) else {"": data}
    answers = [_hand_over(hub, name, one) for name, one in files.items()]
    with transaction.atomic():
        for one in answers:
            if one.taken is not None:
                facts = {"version": one.taken.version, "by": one.taken.signed_by}
                record(actor.at, actor.user, RULE, "signed", f"gate:{one.taken.gate}", **facts)
    return answers


@transaction.atomic
def go_back(actor: Actor, shown: Mapping[int, str]) -> list[HeldChange]:
    """Make these gates' lists what the register says; what still waits then, the register itself asks for.

    Raises:
        RuleError: not the manager, or it is not any more what was ``shown``.
    """
    chosen = _chosen(actor, shown)
    as_registered([one.gate.gate_id for one in chosen], actor.at)
    for one in chosen:
        _note(actor, "not signed: as the register says", one)
    left = held_changes(hub_store(), int(actor.at.timestamp()))
    return [one for one in left if one.gate.gate_id in shown]


def _chosen(actor: Actor, shown: Mapping[int, str]) -> list[HeldChange]:
    actor.must_be(StaffRole.MANAGER, RULE)
    waits = {one.gate.gate_id: one for one in held_changes(hub_store(), int(actor.at.timestamp()))}
    if not shown or any(gate not in waits or waits[gate].mark != mark for gate, mark in shown.items()):
        raise RuleError(RULE, Refused.STALE)
    return [waits[gate] for gate in sorted(shown)]


def _hand_over(hub: HubControl, name: str, data: bytes) -> Answer:
    try:
        return Answer(name, hub.take(data))
    except OfficeError as error:
        return Answer(name, None, error)


def _note(actor: Actor, action: str, one: HeldChange) -> None:
    facts = {"mark": one.mark, "lost": one.lost, "openers": one.openers}
    record(actor.at, actor.user, RULE, action, f"gate:{one.gate.gate_id}", **facts)


def _waiting(held: HeldChange) -> WaitingChange:
    since = datetime.fromtimestamp(held.since, UTC)
    subjects = [f"issue:{one}" for one in (*held.ended, *held.put)]
    return WaitingChange(held, since, _origins(subjects, since))


def _origins(subjects: Sequence[str], since: datetime) -> tuple[Origin, ...]:
    """What the trail says of these cards since then, the largest first."""
    found: dict[tuple[str, str, str], Origin] = {}
    for some in (subjects[at : at + AT_ONCE] for at in range(0, len(subjects), AT_ONCE)):
        for one in _steps(some, since):
            name = (one.rule, one.action, one.user)
            found[name] = one if name not in found else _together(found[name], one)
    largest = sorted(found.values(), key=lambda one: (-one.cards, one.first_at))
    return tuple(largest[:MOST_ORIGINS])


def _steps(subjects: Sequence[str], since: datetime) -> Iterable[Origin]:
    rows = (
        AuditEntry.objects.filter(subject__in=subjects, at__gte=since)
        .values("rule", "action", "user__username")
        .annotate(cards=Count("subject", distinct=True), first_at=Min("at"), last_at=Max("at"))
    )
    for row in rows.order_by():
        user = row["user__username"] or ""
        yield Origin(row["rule"], row["action"], user, row["cards"], row["first_at"], row["last_at"])


def _together(one: Origin, other: Origin) -> Origin:
    first, last = min(one.first_at, other.first_at), max(one.last_at, other.last_at)
    return Origin(one.rule, one.action, one.user, one.cards + other.cards, first, last)
