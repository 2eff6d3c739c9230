"""Judged records into the registry, a chunk at a time; each chunk is one transaction with its lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.db import transaction

from office.casework.places import add_place
from office.casework.trail import record
from office.errors import OfficeError
from office.exchange.cells import day_begins
from office.exchange.judging import DoorWord, NewCard, NewMember, NewPlace
from office.lists.wanted import publish_issues
from office.procedures.issue_states import TAKEN_OVER
from office.registry.many_rows import Value, column_time, insert_rows
from office.registry.models import (
    CasePart,
    CaseState,
    Chip,
    Door,
    ImportBatch,
    Issue,
    IssueState,
    IssueStep,
    LossCase,
    LossKind,
    Membership,
    Origin,
    Part,
    Person,
    Place,
    PlaceKind,
    UnitUse,
    Vehicle,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHUNK: Final = 1_000
"""Rows of one transaction: the desk waits for none longer than a second or so."""
RULE: Final = TAKEN_OVER


class Writer:
    """Writes what the judge let pass. An interrupted import goes on where it stopped."""

    def __init__(self, batch: ImportBatch, user: User | None, at: datetime, zone: ZoneInfo) -> None:
        self._batch = batch
        self._user = user
        self._at = at
        self._zone = zone
        self._places: dict[str, tuple[int, str]] = {}

    @transaction.atomic
    def places(self, rows: Sequence[NewPlace]) -> None:
        """Places with those around them; those that are there are left as they are."""
        root = Place.objects.filter(parent__isnull=True).first() or add_place(None, PlaceKind.ESTATE, "小区")
        known = {one.full_name: one for one in Place.objects.filter(kind__in=_AROUND)} | {"": root}
        leaves = []
        for row in rows:
            parent = root
            for end, (kind, name) in enumerate(row.levels, start=1):
                full_name = " ".join(one for _, one in row.levels[:end])
                if kind in _AROUND:
                    if full_name not in known:
                        known[full_name] = add_place(parent, kind, name)
                    parent = known[full_name]
                else:
                    leaves.append(_leaf(parent, row))
        made = Place.objects.bulk_create(leaves)
        for one in made:
            one.path = f"{'' if one.parent is None else one.parent.path}{one.pk}."
        Place.objects.bulk_update(made, ["path"], batch_size=200)
        self._places.clear()
        self._record("places taken over", len(rows))

    @transaction.atomic
    def doors(self, rows: Sequence[DoorWord]) -> None:
        """What each door serves; cards that are there follow (``republish``)."""
        root = Place.objects.filter(parent__isnull=True).first()
        for row in rows:
            serves = root if row.place is None else Place.objects.get(full_name=row.place)
            Door.objects.filter(name=row.door).update(
                serves=serves, for_vehicles=row.for_vehicles, exit_for_slips=row.exit_for_slips
            )
        self._record("doors taken over", len(rows))

    @transaction.atomic
    def persons(self, rows: Sequence[NewMember]) -> None:
        """Persons who are new, and memberships that are."""
        places = self._place_ids()
        known = self._numbers([one.number for one in rows])
        new = {one.number: one for one in rows if one.number not in known}
        made = Person.objects.bulk_create(
            Person(
                name=one.name,
                phone=one.phone,
                identity=one.identity,
                legacy=one.number,
                recorded_at=self._at,
            )
            for one in new.values()
        )
        known |= {one.legacy: one.pk for one in made}
        there = set(
            Membership.objects.filter(person__in=set(known.values())).values_list(
                "person_id", "unit_id", "role", "since"
            )
        )
        memberships = {}
        for one in rows:
            key = (known[one.number], places[one.place][0], one.role, one.since)
            if key not in there:
                memberships[key] = Membership(
                    person_id=key[0], unit_id=key[1], role=one.role, since=one.since, until=one.until
                )
        Membership.objects.bulk_create(memberships.values(), ignore_conflicts=True)
        self._record("persons taken over", len(made))

    @transaction.atomic
    def cards(self, rows: Sequence[NewCard]) -> None:
        """Cards, with their chips and vehicles; the running ones go onto the lists of the gates."""
        chips, vehicles = self._chips(rows), self._vehicles(rows)
        places, persons = self._place_ids(), self._numbers([one.number for one in rows])
        issues = []
        for row in rows:
            place_id, path = places[row.place]
            issue = Issue(
                kind=row.kind,
                state=row.state,
                state_since=self._at,
                chip=chips[row.chip.key],
                holder_id=None if row.plate else persons[row.number],
                vehicle_id=vehicles[row.plate] if row.plate else None,
                unit=Place(pk=place_id, path=path),
                relation_id=row.relation or None,
                origin=Origin.LEGACY,
                batch=self._batch.name,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
            )
            issues.append(issue)
        made = Issue.objects.bulk_create(issues)
        self._steps(rows, made)
        self._cases(made)
        publish_issues([one for one in made if one.state == IssueState.ACTIVE], self._at)
        self._record("cards taken over", len(made), first=made[0].pk, last=made[-1].pk)

    def _steps(self, rows: Sequence[NewCard], issues: Sequence[Issue]) -> None:
        at, clerk_id = column_time(self._at), None if self._user is None else self._user.pk
        signed = {row.signed_on for row in rows if row.signed_on is not None}
        signed_at = {day: column_time(day_begins(day, self._zone)) for day in signed}
        steps: list[tuple[Value, ...]] = []
        for row, issue in zip(rows, issues, strict=True):
            if row.signed_on is not None:
                steps.append((issue.pk, IssueState.SIGNED.value, signed_at[row.signed_on], None, RULE))
            steps.append((issue.pk, str(issue.state), at, clerk_id, RULE))
        insert_rows(IssueStep, ("issue_id", "state", "at", "clerk_id", "rule"), steps)

    def _cases(self, issues: Sequence[Issue]) -> None:
        """A lost card is an open case: it can be replaced, or found, like any other."""
        lost = [one for one in issues if one.state == IssueState.LOST]
        if not lost:
            return
        if self._user is None:
            raise OfficeError("lost cards are taken over by a member of staff")
        cases = LossCase.objects.bulk_create(
            LossCase(
                issue=one,
                kind=LossKind.LOST,
                cause=self._batch.name,
                state=CaseState.REPORTED,
                in_person=False,
                reported_at=self._at,
                clerk=self._user,
            )
            for one in lost
        )
        CasePart.objects.bulk_create(CasePart(case=one, user=self._user, part=Part.CLERK) for one in cases)

    def _chips(self, rows: Sequence[NewCard]) -> dict[bytes, Chip]:
        numbers = [one.chip.number.hex().upper() for one in rows]
        known = {one.credential.key: one for one in Chip.objects.filter(number__in=numbers)}
        new = {
            one.chip.key: Chip(
                technology=int(one.chip.technology),
                number=one.chip.number.hex().upper(),
                printed=one.printed,
            )
            for one in rows
            if one.chip.key not in known
        }
        return known | {one.credential.key: one for one in Chip.objects.bulk_create(new.values())}

    def _vehicles(self, rows: Sequence[NewCard]) -> dict[str, int]:
        with_plate = {one.plate: one for one in rows if one.plate}
        known = dict(Vehicle.objects.filter(plate__in=with_plate, gone_on=None).values_list("plate", "pk"))
        places, persons = self._place_ids(), self._numbers([one.number for one in with_plate.values()])
        made = Vehicle.objects.bulk_create(
            Vehicle(
                plate=plate,
                unit_id=places[one.place][0],
                keeper_id=persons[one.number],
                parking_until=one.parking_until,
            )
            for plate, one in with_plate.items()
            if plate not in known
        )
        return known | {one.plate: one.pk for one in made}

    def _place_ids(self) -> dict[str, tuple[int, str]]:
        if not self._places:
            rows = Place.objects.values_list("full_name", "pk", "path").iterator()
            self._places = {name: (pk, path) for name, pk, path in rows}
        return self._places

    def _numbers(self, numbers: Sequence[str]) -> dict[str, int]:
        wanted = set(numbers)
        return dict(Person.objects.filter(legacy__in=wanted).values_list("legacy", "pk"))

    def _record(self, action: str, rows: int, **facts: object) -> None:
        subject = f"importbatch:{self._batch.pk}"
        record(self._at, self._user, RULE, action, subject, rows=rows, **facts)


def republish(at: datetime, progress: Callable[[str, int], None]) -> None:
    """Bring the lists in line with what doors serve now, for every active card, a chunk at a time."""
    last, done = 0, 0
    while True:
        active = Issue.objects.filter(state=IssueState.ACTIVE, pk__gt=last).select_related("chip", "unit")
        chunk = list(active.order_by("pk")[:CHUNK])
        if not chunk:
            return
        publish_issues(chunk, at)
        last, done = chunk[-1].pk, done + len(chunk)
        progress("doors of cards", done)


_AROUND: Final = frozenset((PlaceKind.ESTATE, PlaceKind.PHASE, PlaceKind.BUILDING, PlaceKind.ENTRANCE))


def _leaf(parent: Place, row: NewPlace) -> Place:
    kind, name = row.levels[-1]
    use = row.use or (UnitUse.COMMERCIAL if kind is PlaceKind.SHOP else UnitUse.RESIDENTIAL)
    return Place(
        parent=parent,
        kind=kind,
        name=name,
        path=f"new {parent.pk} {name}",
        full_name=row.full_name,
        floor_area_m2=row.area,
        use="" if kind is PlaceKind.GARAGE else use,
    )
