"""What rows may refer to: the registry as it stands, and what the tables before them bring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from django.db.models import Count, Q
from msgspec import Struct

from office.errors import OfficeError
from office.lists.store import hub_store
from office.lists.wanted import mapping_rules
from office.procedures.issue_states import COUNTS
from office.procedures.quota import CountedCard, Quota, QuotaRules, quota
from office.registry.models import (
    CardKind,
    Door,
    GateSite,
    Issue,
    IssueState,
    Person,
    Place,
    PlaceKind,
    Policy,
    Vehicle,
)
from sync.records import Credential, MappingRule, project

RUNNING: Final = [one.value for one in COUNTS]


class PlaceFact(Struct, frozen=True):
    """A place that rows may name."""

    kind: PlaceKind
    area: Decimal | None
    row: int | None
    """Of this import; ``None``: it is in the registry."""


class Running(Struct, frozen=True):
    """Whose a card is."""

    who: str
    """Former number of the holder, or the plate."""
    batch: str


class Household(Struct):
    """Resident cards of one unit."""

    direct: int = 0
    others: int = 0
    last: tuple[str, int] | None = None
    """Table and row of the last one that this import brings."""


class Known:
    """Names and numbers only: a few dozen bytes for each, whatever the rows hold."""

    def __init__(self) -> None:
        self.places: dict[str, PlaceFact] = {
            name: PlaceFact(PlaceKind(kind), area, None)
            for name, kind, area in Place.objects.values_list("full_name", "kind", "floor_area_m2").iterator()
        }
        numbered = Person.objects.exclude(legacy="").values_list("legacy", "name")
        self.persons: dict[str, tuple[str, int | None]] = {
            number: (name, None) for number, name in numbered.iterator()
        }
        self.doors = set(Door.objects.values_list("name", flat=True))
        self.vehicles: dict[str, tuple[str, str]] = {
            plate: (unit, keeper)
            for plate, unit, keeper in Vehicle.objects.filter(gone_on=None)
            .values_list("plate", "unit__full_name", "keeper__legacy")
            .iterator()
        }
        self.households: dict[str, Household] = defaultdict(Household)
        for name, direct, every in (
            Issue.objects.filter(kind=CardKind.RESIDENT, state__in=RUNNING, unit__isnull=False)
            .values_list("unit__full_name")
            .annotate(direct=Count("pk", filter=Q(relation__direct=True)), every=Count("pk"))
        ):
            self.households[name] = Household(direct, every - direct)
        self.chips: dict[bytes, int] = {}
        """Row of each chip of this import."""
        self.running: dict[bytes, Running] = {}
        """Running cards by their chips."""
        self.ended: set[tuple[bytes, str]] = set()
        """Chips of cards that were taken over as withdrawn, and whose they were."""
        self._rules = _rules()
        self._forms: list[dict[bytes, bytes]] = [{} for _ in self._rules]
        issues = Issue.objects.filter(chip__isnull=False).select_related("chip", "holder", "vehicle")
        for one in issues.filter(state__in=RUNNING).iterator():
            chip, running = _running(one)
            self.running[chip.key] = running
            self.alike(chip)
        for one in issues.filter(state=IssueState.WITHDRAWN).exclude(batch="").iterator():
            chip, ended = _running(one)
            self.ended.add((chip.key, ended.who))

    def alike(self, chip: Credential) -> bytes | None:
        """Key of another chip that a reader takes for this one; it is remembered for the next."""
        found = None
        for rule, seen in zip(self._rules, self._forms, strict=True):
            other = seen.setdefault(project(chip, rule).key, chip.key)
            if other != chip.key:
                found = other
        return found

    def exceeded(self) -> Iterator[tuple[str, int, Quota]]:
        """Table, row and quota of each unit in which this import makes or leaves too many cards."""
        policy = Policy.current()
        rules = QuotaRules(policy.quota_area_m2, policy.quota_below, policy.quota_from)
        for name, one in self.households.items():
            if one.last is None or not one.others:
                continue
            cards = [CountedCard(True)] * one.direct + [CountedCard(False)] * one.others
            stands = quota(self.places[name].area or Decimal(0), cards, rules)
            if stands.exceeded:
                yield *one.last, stands


def _rules() -> list[MappingRule]:
    """Every way in which a reader of this estate shortens a chip's number."""
    store = hub_store()
    found: dict[MappingRule, None] = {}
    for gate_id in GateSite.objects.values_list("gate_id", flat=True):
        settings = store.wanted.content(gate_id).settings()
        if settings:
            found |= dict.fromkeys(mapping_rules(gate_id, settings))
    found.pop(MappingRule(), None)
    return list(found)


def _running(issue: Issue) -> tuple[Credential, Running]:
    if issue.chip is None:
        raise OfficeError(f"issue {issue.pk} has no chip")
    who = issue.vehicle.plate if issue.vehicle else issue.holder.legacy if issue.holder else ""
    return issue.chip.credential, Running(who, issue.batch)
