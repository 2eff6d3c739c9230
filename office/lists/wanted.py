"""What each gate is to have of an issue: its grant, or why it ended.

Called inside the transaction of the step that changed the issue. The outbox row is written
with the record (`office.hub.wanted_rows`); a stop is urgent and overtakes whatever is under way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from office.errors import OfficeError, Trouble
from office.hub.port import HubStorage
from office.lists.settings import gate_settings
from office.lists.store import hub_store, wake_hub
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import OPENS, State
from office.procedures.rights import ALL_INSIDE, KINDS, DoorFact, ExceptionFact, end_reason, opened_doors
from office.registry.many_rows import insert_rows
from office.registry.models import Door, DoorException, GateGrant, GateSite, Issue
from sync.encoding import decode_record, decode_settings, encode_settings, stored
from sync.records import Access, Credential, Grant, MappingRule, Tombstone, project
from sync.update import StoredRecord


class CollisionError(OfficeError):
    """A reader of a gate cannot tell two chips apart."""


def publish_issues(issues: Sequence[Issue], at: datetime) -> int:
    """Bring every gate's wanted list in line with these issues; how many gates changed.

    A thousand issues ask the database hardly more often than one does. Larger batches only hold more
    in memory.

    Raises:
        CollisionError: a gate's reader could not tell a chip from another's.
        OfficeError: a gate has no list settings yet.
    """
    now = int(at.timestamp())
    store = hub_store()
    with store.transaction():
        chipped = [one for one in issues if one.chip is not None]
        access = _accesses(chipped, now)
        lists = _Lists(store)
        for issue, known in zip(chipped, _grants(chipped, access), strict=True):
            lists.add(issue, known, access[issue.pk])
        lists.check_free()
        changes = [
            store.wanted.put(gate_id, records, urgent=gate_id in lists.urgent, at=now)
            for gate_id, records in sorted(lists.puts.items())
        ]
    wake_hub()
    return sum(one is not None for one in changes)


def publish_settings(gates: Iterable[GateSite], at: datetime) -> None:
    """Bring the settings of these gates' lists in line with the registry.

    Raises:
        OfficeError: a row of the registry contradicts itself; which, and the cure.
    """
    store = hub_store()
    with store.transaction():
        for gate in gates:
            encoded = encode_settings(gate_settings(gate))
            store.wanted.put(gate.gate_id, settings=encoded, urgent=False, at=int(at.timestamp()))
    wake_hub()


class _Lists:
    """Records to put on lists; what a gate's list says is read once a gate."""

    def __init__(self, store: HubStorage) -> None:
        self.puts: dict[int, list[StoredRecord]] = defaultdict(list)
        self.urgent: set[int] = set()
        self._store = store
        self._rules: dict[int, list[MappingRule]] = {}
        self._taken: dict[int, dict[bytes, tuple[Issue, Credential]]] = defaultdict(dict)
        """By gate and key, who is granted something in this batch under which form."""

    def add(self, issue: Issue, grants: Mapping[int, int], access: Mapping[int, tuple[Access, ...]]) -> None:
        """One issue's grants, or why they end."""
        if issue.chip is None:
            raise RuleError("13.6", Refused.NO_CHIP)
        chip = issue.chip.credential
        for gate_id, grant_id in grants.items():
            forms = self._forms(chip, gate_id)
            if gate_id in access:
                for form in forms:
                    taken = self._taken[gate_id].setdefault(form.key, (issue, form))
                    _check_same(gate_id, form, issue, taken[0].pk)
                granted = _grant(issue, chip, grant_id, access[gate_id])
                self.puts[gate_id] += [
                    stored(granted if form == chip else replace(granted, credential=form)) for form in forms
                ]
            else:
                reason = end_reason(State(issue.state), moves_out=issue.moves_out)
                since = int(issue.state_since.timestamp())
                self.puts[gate_id] += [
                    stored(Tombstone(grant_id, issue.pk, form, reason, since)) for form in forms
                ]
                self.urgent.add(gate_id)

    def check_free(self) -> None:
        """That no gate has another issue's grant under a form of this batch; raises ``CollisionError``."""
        for gate_id, taken in sorted(self._taken.items()):
            for one in self._store.wanted.under(gate_id, taken):
                found, (issue, form) = decode_record(one), taken[one.key]
                if isinstance(found, Grant):
                    _check_same(gate_id, form, issue, found.issue_id)

    def _forms(self, chip: Credential, gate_id: int) -> list[Credential]:
        rules = self._rules.get(gate_id)
        if rules is None:
            settings = self._store.wanted.content(gate_id).settings()
            rules = self._rules[gate_id] = mapping_rules(gate_id, settings)
        return (
            sorted({project(chip, rule) for rule in rules}) if len(rules) > 1 else [project(chip, rules[0])]
        )


def _check_same(gate_id: int, form: Credential, issue: Issue, other: int) -> None:
    """Another issue's grant under this form: the gate could not tell the two chips apart."""
    if other != issue.pk:
        raise CollisionError(
            f"gate {gate_id}: chip {issue.chip} is {form} to a reader, and so is issue"
            f" {other}; end that one first, or take another chip",
            Trouble.CHIPS_ALIKE,
            gate=gate_id,
            card=other,
        )


def mapping_rules(gate_id: int, settings: bytes) -> list[MappingRule]:
    """How the readers of a gate deliver chips, by the settings of its list; raises ``OfficeError``."""
    if not settings:
        raise OfficeError(
            f"gate {gate_id} has no list settings yet; save its doors first",
            Trouble.GATE_WITHOUT_LIST,
            gate=gate_id,
        )
    return list(dict.fromkeys([MappingRule(), *(rule for _, rule in decode_settings(settings).mappings)]))


def _accesses(issues: Sequence[Issue], now: int) -> dict[int, dict[int, tuple[Access, ...]]]:
    """What each issue opens, by gate."""
    book = _DoorBook()
    exceptions: dict[int, list[ExceptionFact]] = defaultdict(list)
    for issue_id, door_id, allows, until in DoorException.objects.filter(
        issue__in=[one.pk for one in issues]
    ).values_list("issue_id", "door_id", "allows", "until"):
        exceptions[issue_id].append(ExceptionFact(door_id, allows, int(until.timestamp())))
    found: dict[int, dict[int, tuple[Access, ...]]] = {}
    for issue in issues:
        if State(issue.state) not in OPENS:
            found[issue.pk] = {}
            continue
        place = None if issue.unit is None else issue.unit.path
        said = exceptions[issue.pk]
        doors = book.every if said or KINDS[issue.kind] in ALL_INSIDE else book.above(place)
        of_vehicle = issue.vehicle_id is not None
        found[issue.pk] = opened_doors(KINDS[issue.kind], place, doors, said, now, of_vehicle=of_vehicle)
    return found


class _DoorBook:
    """All doors, and which of them serve a place or something around it."""

    def __init__(self) -> None:
        rows = Door.objects.values_list("door_id", "gate_id", "serves__path", "for_vehicles")
        self.every = [DoorFact(*row) for row in rows]
        self._by_place: dict[str, list[DoorFact]] = defaultdict(list)
        for one in self.every:
            if one.serves is not None:
                self._by_place[one.serves].append(one)

    def above(self, place: str | None) -> list[DoorFact]:
        """Doors that serve the place or one that it lies in."""
        found: list[DoorFact] = []
        at = 0 if place is None else place.find(".") + 1
        while place is not None and at:
            found += self._by_place.get(place[:at], [])
            at = place.find(".", at) + 1
        return found


def _grants(
    issues: Sequence[Issue], access: Mapping[int, dict[int, tuple[Access, ...]]]
) -> list[dict[int, int]]:
    """Of each issue, grant ids by gate: those it has had, and new ones where it opens now."""
    known = _known_grants(issues)
    new = [
        (issue_id, gate_id)
        for issue_id, had in known.items()
        for gate_id in sorted(access[issue_id].keys() - had.keys())
    ]
    if new:
        insert_rows(GateGrant, ("issue_id", "gate_id"), new)
        known = _known_grants(issues)
    return [known[one.pk] for one in issues]


def _known_grants(issues: Sequence[Issue]) -> dict[int, dict[int, int]]:
    known: dict[int, dict[int, int]] = {one.pk: {} for one in issues}
    grants = GateGrant.objects.filter(issue__in=known)
    for issue_id, gate_id, pk in grants.values_list("issue_id", "gate_id", "pk"):
        known[issue_id][gate_id] = pk
    return known


def _grant(issue: Issue, chip: Credential, grant_id: int, access: tuple[Access, ...]) -> Grant:
    return Grant(
        grant_id,
        issue.pk,
        chip,
        KINDS[issue.kind],
        access,
        valid_from=None if issue.valid_from is None else int(issue.valid_from.timestamp()),
        valid_until=None if issue.valid_until is None else int(issue.valid_until.timestamp()),
    )
