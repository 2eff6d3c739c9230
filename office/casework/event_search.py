"""Finding usage events among millions: by one index, newest first, a page at a time; viewing is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db.models import F, Q, QuerySet
from msgspec import Struct
from msgspec.structs import replace

from office.casework.actor import Actor
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import OPENS, State
from office.registry.models import Chip, Issue, Person, Place, StaffRole, UsageEvent
from sync.events import EventKind
from sync.records import Technology

PAGE: Final = 50
EXPORT_PAGE: Final = 1_000
MAY_SEE_MOVEMENTS: Final = frozenset(
    {StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.MANAGER, StaffRole.GUARD}
)


class PageEnd(Struct, frozen=True):
    """Where a page ends: the next begins after it."""

    at_ms: int
    pk: int

    def __str__(self) -> str:
        return f"{self.at_ms}-{self.pk}"


class EventFilter(Struct, frozen=True):
    """What to look for; everything that is given must hold."""

    issues: tuple[int, ...] | None = None
    """Cards, by issue id."""
    credentials: tuple[str, ...] | None = None
    door: int | None = None
    gate: int | None = None
    outcome: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    """First moment that is not meant."""
    after: PageEnd | None = None


def matching(wanted: EventFilter) -> QuerySet[UsageEvent]:
    """The events, newest first.

    One condition leads by its index, which is in order of time; the others only sift: left to
    itself, SQLite may follow a million opened doors to find those of one gate.
    """
    found = UsageEvent.objects.order_by("-at_ms", "-pk")
    leads = False
    for name, value in (
        ("issue_id", wanted.issues),
        ("credential", wanted.credentials),
        ("door", wanted.door),
        ("gate_id", wanted.gate),
        ("outcome", wanted.outcome),
    ):
        if value is None:
            continue
        if isinstance(value, tuple):
            found = found.filter(**{f"{name}__in": value})
        elif leads:
            found = found.alias(**{f"sifted_{name}": F(name) + 0}).filter(**{f"sifted_{name}": value})
        else:
            found = found.filter(**{name: value})
        leads = True
    if wanted.since_ms is not None:
        found = found.filter(at_ms__gte=wanted.since_ms)
    if wanted.until_ms is not None:
        found = found.filter(at_ms__lt=wanted.until_ms)
    if (after := wanted.after) is not None:
        found = found.filter(
            Q(at_ms__lt=after.at_ms) | Q(at_ms=after.at_ms, pk__lt=after.pk), at_ms__lte=after.at_ms
        )
    return found


def page_of(wanted: EventFilter, size: int = PAGE) -> tuple[list[UsageEvent], PageEnd | None]:
    """One page, and where the next one begins; ``None``: there is none."""
    rows = list(matching(wanted)[: size + 1])
    if len(rows) <= size:
        return rows, None
    last = rows[size - 1]
    return rows[:size], PageEnd(last.at_ms, last.pk)


def every_event(wanted: EventFilter) -> Iterator[UsageEvent]:
    """All of them, a page in memory at a time."""
    after: PageEnd | None = wanted.after
    while True:
        rows, after = page_of(replace(wanted, after=after), EXPORT_PAGE)
        yield from rows
        if after is None:
            return


def cards_of_person(person: Person) -> tuple[int, ...]:
    """Issues that a person holds or held, those of their vehicles among them."""
    theirs = Issue.objects.filter(Q(holder=person) | Q(vehicle__keeper=person))
    return tuple(theirs.order_by("pk").values_list("pk", flat=True))


def cards_of_unit(unit: Place) -> tuple[int, ...]:
    """Issues of a unit."""
    return tuple(Issue.objects.filter(unit=unit).order_by("pk").values_list("pk", flat=True))


def by_number(number: str) -> EventFilter:
    """Events of a chip by its number: of its issues if the office has it, of what was read otherwise."""
    chips = Chip.objects.filter(Q(number=number) | Q(printed=number))
    issues = tuple(Issue.objects.filter(chip__in=chips).order_by("pk").values_list("pk", flat=True))
    if issues:
        return EventFilter(issues=issues)
    return EventFilter(credentials=tuple(f"{int(one)}:{number}" for one in Technology))


def taps_after_stop(issue: Issue, since: datetime | None = None) -> QuerySet[UsageEvent]:
    """Rule 14.4: each later tap of a stopped card, newest first; none of one that opens."""
    if State(issue.state) in OPENS:
        return UsageEvent.objects.none()
    stopped_ms = int((since or issue.state_since).timestamp() * 1000)
    taps = UsageEvent.objects.filter(issue_id=issue.pk, at_ms__gte=stopped_ms)
    return taps.filter(kind=int(EventKind.TAP)).order_by("-at_ms", "-pk")


def check_viewer(actor: Actor) -> None:
    """Raises ``RuleError`` if the role has no business with people's movements."""
    if not actor.roles & MAY_SEE_MOVEMENTS:
        raise RuleError("movements", Refused.ROLE_MISSING, role=StaffRole.CLERK.value)


def note_viewing(actor: Actor, subject: str, wanted: EventFilter, *, exported: bool = False) -> None:
    """Whoever looks at somebody's movements is on record.

    Raises:
        RuleError: the role has no business with them.
    """
    check_viewer(actor)
    facts = {"since_ms": wanted.since_ms, "until_ms": wanted.until_ms}
    action = "movements exported" if exported else "movements viewed"
    record(actor.at, actor.user, "movements", action, subject, **facts)
