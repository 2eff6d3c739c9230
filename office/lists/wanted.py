"""What each gate is to have of an issue: its grant, or why it ended.

Called inside the transaction of the step that changed the issue. The outbox row is written
with the record (`office.hub.wanted_rows`); a stop is urgent and overtakes whatever is under way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.port import HubStorage
from office.lists.settings import gate_settings
from office.lists.store import hub_store, wake_hub
from office.procedures.issue_states import OPENS, State
from office.procedures.rights import ENDS, KINDS, DoorFact, ExceptionFact, opened_doors
from office.registry.models import Door, GateGrant, GateSite, Issue
from sync.encoding import decode_record, decode_settings, encode_settings, stored
from sync.records import Access, Credential, Grant, MappingRule, RevocationReason, Tombstone, project
from sync.update import StoredRecord


class CollisionError(OfficeError):
    """A reader of a gate cannot tell two chips apart."""


def publish_issues(issues: Sequence[Issue], at: datetime) -> int:
    """Bring every gate's wanted list in line with these issues; how many gates changed.

    Raises:
        CollisionError: a gate's reader could not tell a chip from another's.
        OfficeError: a gate has no list settings yet.
    """
    now = int(at.timestamp())
    store = hub_store()
    doors = [_door_fact(one) for one in Door.objects.select_related("serves")]
    puts: dict[int, list[StoredRecord]] = defaultdict(list)
    urgent: set[int] = set()
    with store.transaction():
        rules = {one.gate_id: _rules(store, one.gate_id) for one in GateSite.objects.all()}
        for issue in issues:
            if issue.chip is None:
                continue
            access = _access(issue, doors, now)
            for gate_id, grant_id in _grants(issue, access).items():
                forms = _forms(issue.chip.credential, rules[gate_id])
                if gate_id in access:
                    _check_free(store, gate_id, forms, issue)
                    granted = _grant(issue, grant_id, access[gate_id])
                    puts[gate_id] += [stored(replace(granted, credential=form)) for form in forms]
                else:
                    reason = ENDS.get(State(issue.state), RevocationReason.WITHDRAWN)
                    since = int(issue.state_since.timestamp())
                    puts[gate_id] += [
                        stored(Tombstone(grant_id, issue.pk, form, reason, since)) for form in forms
                    ]
                    urgent.add(gate_id)
        changes = [
            store.wanted.put(gate_id, records, urgent=gate_id in urgent, at=now)
            for gate_id, records in sorted(puts.items())
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


def _access(issue: Issue, doors: list[DoorFact], now: int) -> dict[int, tuple[Access, ...]]:
    if State(issue.state) not in OPENS:
        return {}
    exceptions = [
        ExceptionFact(one.door_id, one.allows, int(one.until.timestamp())) for one in issue.exceptions.all()
    ]
    place = None if issue.unit is None else issue.unit.path
    of_vehicle = issue.vehicle_id is not None
    return opened_doors(KINDS[issue.kind], place, doors, exceptions, now, of_vehicle=of_vehicle)


def _grants(issue: Issue, access: dict[int, tuple[Access, ...]]) -> dict[int, int]:
    """Grant ids by gate: those it has had, and new ones where it opens now."""
    known = {one.gate_id: one.pk for one in GateGrant.objects.filter(issue=issue)}
    for gate_id in sorted(access.keys() - known.keys()):
        known[gate_id] = GateGrant.objects.create(issue=issue, gate_id=gate_id).pk
    return known


def _grant(issue: Issue, grant_id: int, access: tuple[Access, ...]) -> Grant:
    if issue.chip is None:
        raise OfficeError(f"issue {issue.pk} has no chip")
    return Grant(
        grant_id,
        issue.pk,
        issue.chip.credential,
        KINDS[issue.kind],
        access,
        valid_from=None if issue.valid_from is None else int(issue.valid_from.timestamp()),
        valid_until=None if issue.valid_until is None else int(issue.valid_until.timestamp()),
    )


def _rules(store: HubStorage, gate_id: int) -> list[MappingRule]:
    settings = store.wanted.content(gate_id).settings()
    if not settings:
        raise OfficeError(f"gate {gate_id} has no list settings yet; save its doors first")
    return [MappingRule(), *(rule for _, rule in decode_settings(settings).mappings)]


def _forms(chip: Credential, rules: list[MappingRule]) -> list[Credential]:
    return sorted({project(chip, rule) for rule in rules})


def _check_free(store: HubStorage, gate_id: int, forms: list[Credential], issue: Issue) -> None:
    """Another issue's grant under one of these forms: the gate could not tell the two chips apart."""
    content = store.wanted.content(gate_id)
    for form in forms:
        for one in content.credential(form.key):
            other = decode_record(one)
            if other.issue_id != issue.pk and isinstance(other, Grant):
                raise CollisionError(
                    f"gate {gate_id}: chip {issue.chip} is {form} to a reader, and so is issue"
                    f" {other.issue_id}; end that one first, or take another chip"
                )


def _door_fact(door: Door) -> DoorFact:
    serves = None if door.serves is None else door.serves.path
    return DoorFact(door.door_id, door.gate_id, serves, door.for_vehicles)
