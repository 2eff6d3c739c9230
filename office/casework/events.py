"""Usage events from the hub's shelf into rows that the desk can search: in order, exactly once.

How far a log is projected is written with its rows in one transaction, and so is whatever
`office.casework.sensors` make of them: a kill at any point repeats nothing and skips nothing.
The hub dates events anew as it learns the clock of their boot; such times are taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from office.casework.sensors import SENSORS, Sensor
from office.hub.event_times import UNSETTLED_MS
from office.hub.facts import EventRow
from office.hub.port import HubStorage
from office.lists.store import hub_store
from office.procedures.alarms import printable
from office.procedures.usage import outcome
from office.registry.models import EventBoot, EventLog, UsageEvent
from sync.events import Event, EventError, decode_event
from sync.records import Credential
from sync.records.grant import MAX_ID

BATCH: Final = 500
"""Events of one log in one transaction: some ten milliseconds."""
A_ROUND: Final = 5_000
LAST_MS: Final = 253_402_300_799_000
"""End of the year 9999: a later time is none."""
MAX_SET_ASIDE: Final = 200


def project_events(
    now: datetime, sensors: Sequence[Sensor] = SENSORS, *, batch: int = BATCH, at_most: int = A_ROUND
) -> int:
    """Project what the hub has taken in since, a share of each log; how many events."""
    store = hub_store()
    positions = {(one.gate_id, bytes(one.epoch)): one.position for one in EventLog.objects.all()}
    done = 0
    for gate in store.gates.all():
        for epoch in store.events.logs(gate.gate_id):
            known = positions.get((gate.gate_id, epoch), 0)
            if store.events.position(gate.gate_id, epoch).number > known and done < at_most:
                done += _project(store, gate.gate_id, epoch, batch, now, sensors)
    return done


@transaction.atomic
def _project(
    store: HubStorage, gate_id: int, epoch: bytes, batch: int, now: datetime, sensors: Sequence[Sensor]
) -> int:
    log, _ = EventLog.objects.select_for_update().get_or_create(gate_id=gate_id, epoch=epoch)
    rows = store.events.read(gate_id, epoch, log.position, batch)
    # Once emptied by the retention, a log has a position that no row reaches.
    log.position = rows[-1].number if rows else store.events.position(gate_id, epoch).number
    log.save(update_fields=["position"])
    made = UsageEvent.objects.bulk_create([_event(log, one) for one in rows])
    boots = {bytes(one.boot) for one in made if one.boot is not None}
    for boot in boots:
        EventBoot.objects.get_or_create(gate_id=gate_id, boot=boot)
    for sensor in sensors:
        sensor(made, now)
    return len(rows)


def correct_times(*, batch: int = BATCH) -> int:
    """Take over times that the hub has found out since; how many events were looked at."""
    store = hub_store()
    done = 0
    for boot in EventBoot.objects.order_by("pk"):
        anchors = store.events.anchors(boot.gate_id, bytes(boot.boot))
        if not anchors:
            continue
        newest = (anchors[-1].boottime_ms, anchors[-1].utc_ms)
        last = UsageEvent.objects.filter(gate_id=boot.gate_id, boot=boot.boot).order_by("-pk").first()
        if last is None:
            boot.delete()
        elif (boot.anchor_boottime_ms, boot.anchor_utc_ms) != newest or boot.done < last.pk:
            done += _correct(store, boot.pk, newest, batch)
    return done


@transaction.atomic
def _correct(store: HubStorage, boot_id: int, newest: tuple[int, int], batch: int) -> int:
    boot = EventBoot.objects.select_for_update().get(pk=boot_id)
    if (boot.anchor_boottime_ms, boot.anchor_utc_ms) != newest:
        (boot.anchor_boottime_ms, boot.anchor_utc_ms), boot.done = newest, 0
    waiting = UsageEvent.objects.select_related("log").filter(
        gate_id=boot.gate_id, boot=boot.boot, pk__gt=boot.done
    )
    events = list(waiting.order_by("pk")[:batch])
    for event in events:
        rows = store.events.read(event.gate_id, bytes(event.log.epoch), event.number - 1, 1)
        if rows and rows[0].number == event.number:
            _date(event, rows[0], bytes(boot.boot))
    UsageEvent.objects.bulk_update(events, ["at_ms", "uncertainty_ms", "boot"], batch_size=100)
    boot.done = events[-1].pk if events else boot.done
    boot.save()
    return len(events)


def _date(event: UsageEvent, row: EventRow, boot: bytes | None) -> None:
    known = row.utc_ms is not None and 0 <= row.utc_ms <= LAST_MS
    event.at_ms = row.utc_ms if known and row.utc_ms is not None else row.received_at * 1000
    event.uncertainty_ms = row.uncertainty_ms if known else None
    settled = event.uncertainty_ms is not None and event.uncertainty_ms < UNSETTLED_MS
    event.boot = None if settled else boot


def _event(log: EventLog, row: EventRow) -> UsageEvent:
    made = UsageEvent(log=log, number=row.number, gate_id=log.gate_id, received_at=row.received_at)
    why = row.set_aside or ""
    event: Event | None = None
    if row.payload is None:
        why = why or "erased"
    elif not why:
        try:
            event = decode_event(row.payload)
            _check(event)
        except EventError as error:
            event, why = None, str(error)
    _date(made, row, None if event is None else event.boot_id)
    made.set_aside = printable(why)[:MAX_SET_ASIDE]
    made.outcome = int(
        outcome(None if event is None else event.kind, None if event is None else event.reason)
    )
    if event is not None:
        _fill(made, event)
    return made


def _fill(made: UsageEvent, event: Event) -> None:
    made.kind, made.outcome = int(event.kind), int(outcome(event.kind, event.reason))
    made.door, made.reader = event.door, event.reader
    made.direction = None if event.direction is None else int(event.direction)
    made.issue_id, made.grant_id = event.issue_id, event.grant_id
    made.reason = None if event.reason is None else int(event.reason)
    made.credential = "" if event.credential is None else credential_text(event.credential)
    made.detail = {printable(name): _plain(value) for name, value in event.detail.items()}


def _check(event: Event) -> None:
    """What a gate signed may still be outside of every number that the office gives."""
    numbers = (event.door, event.reader, event.issue_id, event.grant_id)
    if any(one is not None and one > MAX_ID for one in numbers):
        raise EventError("event: a number is out of range")


def credential_text(credential: Credential) -> str:
    """A credential as rows of events have it."""
    return f"{int(credential.technology)}:{credential.number.hex().upper()}"


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON's own
    if isinstance(value, bytes):
        return value.hex()
    return printable(value) if isinstance(value, str) else value
