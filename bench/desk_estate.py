"""The estate that `bench.desk` asks: the demonstration at full size, imported, tapped at, and in service."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from bench.hub_work import BenchKeys
from office.demo.cli import ESTATE_ID
from office.demo.estate import Plan, write_tables
from office.hub.publisher import Publisher
from office.hub.reception import take_report
from office.site.cli import migrate, with_django
from office.site.directory import OfficeDirectory, OfficeSettings, make_directory
from sync.envelope import parse_envelope
from sync.events import EventKind
from sync.records import ClockState, Reason
from sync.statements.receipt import Receipt

AT = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
EVENTS_A_CHUNK = 20_000
DAYS = 180
EVENT_COLUMNS = (
    *("log_id", "number", "gate_id", "at_ms", "uncertainty_ms", "received_at", "kind"),
    *("outcome", "door", "reader", "issue_id", "reason", "credential", "detail", "set_aside"),
)


def build(path: Path, households: int, gates: int, events: int) -> dict[str, Any]:
    """Make it, with all that is shown on its pages; what the import took."""
    office = make_directory(
        path, OfficeSettings(ESTATE_ID, language="en", hosts=("localhost",), secure=False)
    )
    migrate(office)
    with_django(office.path)
    found = _import(office, households, gates)
    from office.demo.other_registers import Registers  # noqa: PLC0415 - after setup
    from office.demo.people_at_work import Desk, hire  # noqa: PLC0415

    hire()
    Desk(AT).work()
    Registers(AT).fill()
    _events(events)
    _in_service(int(AT.timestamp()))
    return found


def _import(office: OfficeDirectory, households: int, gates: int) -> dict[str, Any]:
    from office.exchange.taking_in import Job, check, take_in  # noqa: PLC0415 - after setup

    plan = Plan(ESTATE_ID, households, gates, 1, AT.date(), office.settings.time_zone)
    job = Job(write_tables(plan, office.path), "bench", AT, None, office.estate_id)
    began = time.perf_counter()
    tally = check(job, _ignore, _ignore)
    dry_run = time.perf_counter()
    moments: dict[str, float] = {}

    def progress(what: str, _rows: int) -> None:
        moments[what] = time.perf_counter()

    done = take_in(job, progress)
    ended = time.perf_counter()
    return {
        "dry_run_s": dry_run - began,
        "import_s": ended - dry_run,
        "cards_s": ended - moments["importing persons"],
        "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "cards": done.by_kind["cards"],
        "persons": done.by_kind["persons"],
        "refused": tally.refused,
    }


def _events(count: int) -> None:
    """Usage events of half a year, as the watcher projects them."""
    from office.registry.many_rows import insert_rows  # noqa: PLC0415 - after setup
    from office.registry.models import EventLog, GateSite, Issue, UsageEvent  # noqa: PLC0415

    draw = Random("gatehouse desk bench")
    doors = [
        (site.gate_id, door.door_id)
        for site in GateSite.objects.prefetch_related("doors")
        for door in site.doors.all()
    ]
    logs = {
        gate: EventLog.objects.create(gate_id=gate, epoch=bytes(16)).pk for gate in {one for one, _ in doors}
    }
    cards = list(Issue.objects.values_list("pk", "chip__technology", "chip__number"))
    last_ms = int(AT.timestamp() * 1000)

    def rows() -> Iterator[tuple[int | str, ...]]:
        for number in range(1, count + 1):
            gate, door = draw.choice(doors)
            issue, technology, chip = draw.choice(cards)
            at_ms = last_ms - DAYS * 86_400_000 * (count - number) // count
            good = number % 20 != 0
            yield (
                *(logs[gate], number, gate, at_ms, 1_000, at_ms // 1000, int(EventKind.TAP)),
                *(1 if good else 2, door, 1, issue, int(Reason.GRANTED if good else Reason.OUTSIDE_HOURS)),
                *(f"{technology}:{chip}", "{}", ""),
            )

    stream = rows()
    while chunk := list(islice(stream, EVENTS_A_CHUNK)):
        insert_rows(UsageEvent, EVENT_COLUMNS, chunk)


def _in_service(at: int) -> None:
    """Every gate has its key, took its list and confirmed it; then it was not heard of for hours."""
    from office.lists.store import hub_store  # noqa: PLC0415 - after setup

    store = hub_store()
    publisher = Publisher(store, BenchKeys())
    for gate in store.gates.all():
        with store.transaction():
            store.gates.give_key(gate.gate_id, (1 + gate.gate_id).to_bytes(32), at)
            take_report(store, gate.gate_id, None, at)
            statement = parse_envelope(publisher.advance(gate.gate_id, at).envelopes[-1]).statement
            receipt = Receipt(
                statement.estate_id,
                gate.gate_id,
                statement.version,
                statement.digest,
                at,
                ClockState.TRUSTED,
                (),
            )
            store.receipts.add(receipt, b"", at)
            take_report(store, gate.gate_id, (statement.version, statement.digest), at)
            publisher.advance(gate.gate_id, at)


def _ignore(*_told: object) -> None:
    """Nobody watches."""
