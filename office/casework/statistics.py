"""KH-13-R01: how many cards, of which kind, in which state, where and since when; counted by the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, Exists, OuterRef, Q, Sum, Value, When
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.archive import archive
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import TAKEN_OVER
from office.registry.models import (
    ArchivedForm,
    CardKind,
    Form,
    Issue,
    IssueState,
    IssueStep,
    Origin,
    Payment,
    PaymentKind,
    Place,
    PlaceKind,
    StaffRole,
)

_RETURNED: Final = "returned"
"""What a refund of a deposit is called among the kinds of payments."""


class Line(Struct, frozen=True):
    """Cards of one building or kind, by state."""

    name: str
    by_state: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_state.values())

    @property
    def cells(self) -> list[int]:
        """In the order of the states shown."""
        return [self.by_state.get(one, 0) for one in SHOWN]


class Month(Struct, frozen=True):
    """What happened in one month."""

    number: int
    issued: int
    """Signed for, each once, whatever became of the card."""
    lost: int
    damaged: int
    withdrawn: int
    """Of those that were handed out: a cancelled application is none."""
    replaced: int
    fees: Decimal
    refunds: Decimal
    """Of fees."""
    deposits: Decimal
    returned: Decimal
    """Of deposits."""


class CardStatistics(Struct, frozen=True):
    """The whole form."""

    year: int
    at: datetime
    buildings: list[Line]
    kinds: list[Line]
    months: list[Month]
    legacy: int
    """Taken over from the former system."""
    total: int

    @property
    def subject(self) -> str:
        """What the archive calls it: the year as it stood on a day, for it goes on growing."""
        return f"statistics:{self.year}@{self.at.astimezone(ZoneInfo(settings.TIME_ZONE)).date().isoformat()}"

    @property
    def sums(self) -> list[int]:
        """Of all buildings, by state."""
        return [sum(one.by_state.get(state, 0) for one in self.buildings) for state in SHOWN]

    @property
    def fees(self) -> Decimal:
        """Of the year, less those given back. Deposits are no fees, whichever way they go."""
        return sum((one.fees - one.refunds for one in self.months), Decimal(0))


SHOWN = (
    IssueState.ACTIVE,
    IssueState.SUSPENDED,
    IssueState.LOST,
    IssueState.DAMAGED,
    IssueState.APPLIED,
    IssueState.PAID,
    IssueState.FOUND,
    IssueState.REPLACED,
    IssueState.WITHDRAWN,
    IssueState.COLLECTED,
)
"""States of the form, running ones first. Signed is a moment within the step to active."""


def card_statistics(year: int, at: datetime) -> CardStatistics:
    """Count as of now, and the months of one year in the estate's time zone."""
    places = _buildings()
    by_building: dict[str, Counter[str]] = defaultdict(Counter)
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for path, kind, state, count in (
        Issue.objects.values_list("unit__parent__path", "kind", "state")
        .annotate(count=Count("pk"))
        .order_by()
    ):
        by_building[places.get(_building_id(path, places), "")][state] += count
        by_kind[kind][state] += count
    order = {name: place for place, name in enumerate(places.values())}
    buildings = sorted(by_building.items(), key=lambda one: order.get(one[0], len(order)))
    return CardStatistics(
        year,
        at,
        [Line(name, states) for name, states in buildings],
        [Line(str(CardKind(kind).label), by_kind[kind]) for kind in CardKind.values if kind in by_kind],
        _months(year),
        Issue.objects.filter(origin=Origin.LEGACY).count(),
        sum(sum(one.values()) for one in by_building.values()),
    )


@transaction.atomic
def archive_statistics(actor: Actor, year: int) -> ArchivedForm:
    """Rule 13.7: the form as it stands now gets its number, once a day; the trail keeps its sums."""
    if not actor.roles & {StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.MANAGER}:
        raise RuleError("13.7", Refused.ROLE_MISSING, role=StaffRole.CLERK.value)
    found = card_statistics(year, actor.at)
    known = ArchivedForm.objects.filter(form=Form.CARD_STATISTICS, subject=found.subject).first()
    if known is not None:
        return known
    facts = {"cards": found.total, "legacy": found.legacy, "fees": str(found.fees)}
    record(actor.at, actor.user, "13.7", "statistics drawn up", found.subject, **facts)
    return archive(actor, Form.CARD_STATISTICS, found.subject, "13.7")


def _buildings() -> dict[int, str]:
    """Names by id, in the order in which they were added."""
    found = Place.objects.filter(kind=PlaceKind.BUILDING).order_by("pk")
    return dict(found.values_list("pk", "full_name"))


def _building_id(path: str | None, buildings: Mapping[int, str]) -> int:
    return next((int(one) for one in (path or "").split(".") if one and int(one) in buildings), 0)


def _months(year: int) -> list[Month]:
    firsts = [date(year, one, 1) for one in range(1, 13)] + [date(year + 1, 1, 1)]
    happened, paid = _steps(firsts), _sums(firsts)

    def money(kind: str, month: int) -> Decimal:
        return Decimal(paid.get(kind, {}).get(f"m{month}") or 0).quantize(Decimal("0.01"))

    def count(state: IssueState, month: int) -> int:
        return int(happened.get(state, {}).get(f"m{month}", 0))

    return [
        Month(
            month + 1,
            count(IssueState.SIGNED, month),
            count(IssueState.LOST, month),
            count(IssueState.DAMAGED, month),
            count(IssueState.WITHDRAWN, month),
            count(IssueState.REPLACED, month),
            money(PaymentKind.FEE, month),
            money(PaymentKind.REFUND, month),
            money(PaymentKind.DEPOSIT, month),
            money(_RETURNED, month),
        )
        for month in range(12)
    ]


def _steps(firsts: Sequence[date]) -> dict[str, dict[str, Any]]:
    """How many cards came to each state, by month."""
    zone = ZoneInfo(settings.TIME_ZONE)
    starts = [datetime(one.year, one.month, 1, tzinfo=zone).astimezone(UTC) for one in firsts]
    counts = {
        f"m{one}": Count("pk", filter=Q(at__gte=starts[one], at__lt=starts[one + 1])) for one in range(12)
    }
    signed = IssueStep.objects.filter(issue=OuterRef("issue"), state=IssueState.SIGNED)
    handed_out = Q(issue__origin=Origin.LEGACY) | Exists(signed)
    of_year = IssueStep.objects.filter(
        handed_out | ~Q(state=IssueState.WITHDRAWN),
        Q(state=IssueState.SIGNED) | ~Q(rule=TAKEN_OVER),  # an import finds cards lost: nobody loses one then
        at__gte=starts[0],
        at__lt=starts[12],
    )
    return {row["state"]: row for row in of_year.values("state").annotate(**counts).order_by()}


def _sums(firsts: Sequence[date]) -> dict[str, dict[str, Any]]:
    """What was paid of each kind, by month; what goes back of a card with a deposit is the deposit."""
    sums = {
        f"m{one}": Sum("amount", filter=Q(day__gte=firsts[one], day__lt=firsts[one + 1])) for one in range(12)
    }
    of_year = Payment.objects.filter(day__gte=firsts[0], day__lt=firsts[12], voided_at__isnull=True)
    deposit = Payment.objects.filter(issue=OuterRef("issue"), kind=PaymentKind.DEPOSIT)
    returned = Case(When(Exists(deposit), kind=PaymentKind.REFUND, then=Value(_RETURNED)), default="kind")
    return {row["what"]: row for row in of_year.values(what=returned).annotate(**sums).order_by()}
