"""The process that `bench.desk` measures: the demonstration estate at full size, asked as browsers ask."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from office.demo.cli import ESTATE_ID
from office.demo.estate import Plan, write_tables
from office.site.cli import migrate, with_django
from office.site.directory import OfficeDirectory, OfficeSettings, make_directory
from sync.events import EventKind
from sync.records import Reason

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.test import Client

AT = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
EVENTS_A_CHUNK = 20_000
DAYS = 180


def main(path: Path, households: int, gates: int, events: int, rounds: int) -> None:
    """Build the estate, then ask it."""
    office = make_directory(
        path, OfficeSettings(ESTATE_ID, language="en", hosts=("localhost",), secure=False)
    )
    migrate(office)
    with_django(office.path)
    found = _import(office, households, gates)
    from office.demo.people_at_work import hire  # noqa: PLC0415 - after setup

    hire()
    _events(events)
    found |= _asked(rounds)
    found["disk"] = office.database.stat().st_size
    print(json.dumps(found))


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
    from office.registry.models import EventLog, GateSite, Issue, UsageEvent  # noqa: PLC0415 - after setup

    draw = Random("gatehouse desk bench")
    doors = [
        (site.gate_id, door.door_id)
        for site in GateSite.objects.prefetch_related("doors")
        for door in site.doors.all()
    ]
    logs = {
        gate: EventLog.objects.create(gate_id=gate, epoch=bytes(16)) for gate in {one for one, _ in doors}
    }
    cards = list(Issue.objects.values_list("pk", "chip__technology", "chip__number"))
    last_ms = int(AT.timestamp() * 1000)

    def rows() -> Iterator[UsageEvent]:
        for number in range(1, count + 1):
            gate, door = draw.choice(doors)
            issue, technology, chip = draw.choice(cards)
            at_ms = last_ms - DAYS * 86_400_000 * (count - number) // count
            yield UsageEvent(
                log=logs[gate],
                number=number,
                gate_id=gate,
                at_ms=at_ms,
                uncertainty_ms=1_000,
                received_at=at_ms // 1000,
                kind=EventKind.TAP,
                outcome=1 if number % 20 else 2,
                door=door,
                reader=1,
                issue_id=issue,
                reason=Reason.GRANTED if number % 20 else Reason.OUTSIDE_HOURS,
                credential=f"{technology}:{chip}",
            )

    stream = rows()
    while chunk := list(islice(stream, EVENTS_A_CHUNK)):
        UsageEvent.objects.bulk_create(chunk)


def _asked(rounds: int) -> dict[str, Any]:
    from django.contrib.auth.models import User  # noqa: PLC0415 - after setup
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    connection.cursor().execute("PRAGMA optimize")
    client = Client(SERVER_NAME="localhost")
    backend = "django.contrib.auth.backends.ModelBackend"
    client.force_login(User.objects.get(username="manager"), backend=backend)
    clerk = Client(SERVER_NAME="localhost")
    clerk.force_login(User.objects.get(username="clerk"), backend=backend)
    draw = Random("gatehouse desk questions")
    pages = {
        name: [_timed(clerk, address()) for _ in range(rounds)] for name, address in _addresses(draw).items()
    }
    words = _words(draw)
    return {
        "pages": pages,
        "find": [_timed(clerk, f"/find/?q={words()}", htmx=True) for _ in range(10 * rounds)],
        "lost": [_lost(draw) for _ in range(2 * rounds)],
        "statistics": [_timed(client, "/statistics/?year=2026") for _ in range(rounds)],
    }


def _addresses(draw: Random) -> dict[str, Callable[[], str]]:
    from office.registry.models import Issue, Person, Place, PlaceKind, Vehicle  # noqa: PLC0415 - after setup

    def any_of(ids: list[int], pattern: str) -> Callable[[], str]:
        return lambda: pattern.format(draw.choice(ids))

    def keys(rows: QuerySet[Any]) -> list[int]:
        return list(rows.values_list("pk", flat=True)[:5_000])

    units = keys(Place.objects.filter(kind=PlaceKind.UNIT))
    return {
        "today": lambda: "/",
        "estate": any_of(keys(Place.objects.filter(kind=PlaceKind.ESTATE)), "/places/{}/"),
        "building": any_of(keys(Place.objects.filter(kind=PlaceKind.BUILDING)), "/places/{}/"),
        "unit": any_of(units, "/places/{}/"),
        "apply": any_of(units, "/places/{}/apply/"),
        "person": any_of(keys(Person.objects.all()), "/people/{}/"),
        "card": any_of(keys(Issue.objects.all()), "/cards/{}/"),
        "vehicle": any_of(keys(Vehicle.objects.all()), "/vehicles/{}/"),
        "till": lambda: "/till/",
        "archive": lambda: "/archive/",
        "alarms": lambda: "/alarms/",
        "gates": lambda: "/gates/",
        "events": lambda: "/events/",
    }


def _words(draw: Random) -> Callable[[], str]:
    """What people type: a name, a surname, a unit, a chip, a plate, part of a telephone number."""
    from office.registry.models import Chip, Person, Place, Vehicle  # noqa: PLC0415 - after setup

    people = list(Person.objects.values_list("name", "phone")[:2_000])
    chips = list(Chip.objects.values_list("number", flat=True)[:2_000])
    places = list(Place.objects.exclude(full_name="").values_list("full_name", flat=True)[:2_000])
    plates = list(Vehicle.objects.values_list("plate", flat=True)[:2_000])
    ways = (
        lambda: draw.choice(people)[0],
        lambda: draw.choice(people)[0][0],
        lambda: draw.choice(people)[1][:8],
        lambda: draw.choice(chips),
        lambda: draw.choice(places),
        lambda: draw.choice(plates)[-4:],
        lambda: "nobody is called so",
    )
    return lambda: draw.choice(ways)()  # noqa: PLW0108 - a way is drawn at each call


def _lost(draw: Random) -> float:
    """From the clerk's click to the committed outbox row, which the hub polls and is woken for."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - after setup

    from office.casework.actor import actor  # noqa: PLC0415
    from office.casework.loss import Report, report_loss  # noqa: PLC0415
    from office.lists.store import hub_store  # noqa: PLC0415
    from office.registry.models import Issue, LossKind  # noqa: PLC0415

    active = Issue.objects.filter(kind="resident", state="active", holder__isnull=False)
    issue = active.select_related("holder").order_by("pk")[draw.randrange(min(active.count(), 5_000))]
    clerk = actor(User.objects.get(username="clerk"), AT)
    before = hub_store().wanted.changes_after(0, limit=1_000_000)[-1].number
    began = time.perf_counter()
    report_loss(clerk, issue.pk, issue.holder, Report(LossKind.LOST, "bench"))  # type: ignore[arg-type]
    ended = time.perf_counter()
    assert hub_store().wanted.changes_after(before), "the hub has nothing to send"
    return (ended - began) * 1000


def _timed(client: Client, address: str, *, htmx: bool = False) -> float:
    headers = {"hx-request": "true"} if htmx else {}
    began = time.perf_counter()
    answer = client.get(address, headers=headers)
    ended = time.perf_counter()
    assert answer.status_code == 200, (address, answer.status_code)
    return (ended - began) * 1000


def _ignore(*_told: object) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(one) for one in sys.argv[2:6]))
