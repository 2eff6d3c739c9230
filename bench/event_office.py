"""One office with many events, timed. To be imported once Django is ready (`bench.event_work`)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from msgspec.structs import replace

from office.casework.event_search import EventFilter, page_of
from office.casework.events import project_events
from office.casework.places import add_place
from office.casework.rounds import Memory, make_round
from office.hub.facts import Gate, LinkKind
from office.hub.log_intake import Batch
from office.hub.reception import take_events
from office.lists.store import hub_store
from office.registry.models import Assignment, Door, GateSite, PlaceKind
from sync.events import GENESIS, Event, EventKind, encode_event, link, payload_hash
from sync.records import ClockState
from sync.statements.log_head import LogHead

NOW = 1_795_000_000
DAY_S = 86_400
CARDS = 60_000
BATCH = 500


def measure(directory: Path, estate: str, gates: int, events: int, searches: int) -> dict[str, Any]:
    """Fill an office and time what is asked of it."""
    _gates(gates)
    _fill(gates, events)
    rng = random.Random(6)  # the same questions every time
    return {
        "searches": {name: _timed(ask, searches) for name, ask in _questions(rng, gates).items()},
        **_pages(searches),
        "project": _projecting(estate, 20 if searches > 5 else 2),
        "round": _rounds(10),
        "disk": (directory / "office.db").stat().st_size,
    }


def _timed(ask: Callable[[], object], times: int) -> list[float]:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        found.append((time.perf_counter() - began) * 1000)
    return found


def _gates(gates: int) -> None:

    estate, store = add_place(None, PlaceKind.ESTATE, "Garden"), hub_store()
    for number in range(1, gates + 1):
        store.gates.add(
            Gate(number, f"gate {number}", number.to_bytes(32, "big"), LinkKind.NETWORK, None, NOW)
        )
        site = GateSite.objects.create(gate_id=number, name=f"gate {number}", place=estate)
        Door.objects.create(door_id=number, gate=site, name=f"door {number}", serves=estate)


_FILL: Final = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :events),
    told AS (SELECT i, :first_ms + i * :step_ms AS ms, 1 + (i * 7919) % :cards AS card FROM n)
INSERT INTO registry_usageevent (log_id, number, gate_id, at_ms, uncertainty_ms, received_at, kind, outcome,
    door, reader, direction, issue_id, reason, credential, detail, set_aside)
SELECT 1 + i % :gates, 1 + i / :gates, 1 + i % :gates, ms, 10, ms / 1000, 1,
    iif(i % 50 = 0, 2, iif(i % 997 = 0, 3, 1)), 1 + i % :gates, 1, 1, card, 1,
    '1:' || card, '{}', '' FROM told
"""


def _fill(gates: int, events: int) -> None:
    """Rows as the projection would have made them, over 180 days."""
    connection.ensure_connection()
    raw = connection.connection  # Django's own placeholders have no names
    values = {"events": events, "gates": gates, "cards": CARDS}
    values |= {"first_ms": (NOW - 180 * DAY_S) * 1000, "step_ms": 180 * DAY_S * 1000 // events}
    with transaction.atomic():
        logs = [(number, number, number.to_bytes(16, "big")) for number in range(1, gates + 1)]
        raw.executemany(
            "INSERT INTO registry_eventlog (id, gate_id, epoch, position) VALUES (?, ?, ?, 0)", logs
        )
        raw.execute(_FILL, values)


def _questions(rng: random.Random, gates: int) -> dict[str, Callable[[], object]]:

    def week(wanted: EventFilter) -> EventFilter:
        since = NOW - rng.randrange(1, 170) * DAY_S
        return replace(wanted, since_ms=since * 1000, until_ms=(since + 7 * DAY_S) * 1000)

    def gate() -> int:
        return rng.randrange(1, gates + 1)

    def card() -> int:
        return rng.randrange(1, CARDS)

    return {
        "newest": lambda: page_of(EventFilter()),
        "time": lambda: page_of(week(EventFilter())),
        "gate": lambda: page_of(EventFilter(gate=gate())),
        "gate_time_refused": lambda: page_of(week(EventFilter(gate=gate(), outcome=2))),
        "gate_never_seen": lambda: page_of(EventFilter(gate=gates + 1, outcome=1)),
        "door_unreadable": lambda: page_of(EventFilter(door=gate(), outcome=6)),
        "alarms": lambda: page_of(EventFilter(outcome=3)),
        "card": lambda: page_of(EventFilter(issues=(card(),))),
        "unit_of_6_cards": lambda: page_of(EventFilter(issues=tuple(card() for _ in range(6)))),
        "unknown_chip": lambda: page_of(EventFilter(credentials=(f"1:{card()}", f"2:{card()}"))),
    }


def _pages(searches: int) -> dict[str, list[float]]:

    user = User.objects.create_user("bench")
    Assignment.objects.create(user=user, role="guard")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def get(address: str) -> Callable[[], object]:
        def asked() -> object:
            answer = client.get(address)
            if answer.status_code != 200:
                raise SystemExit(f"{address}: {answer.status_code}")
            return answer.content

        return asked

    return {
        "page": _timed(get("/events/"), searches),
        "gates": _timed(get("/gates/"), max(5, searches // 10)),
    }


def _projecting(estate: str, batches: int) -> list[float]:

    epoch, at, store = b"log of the bench", GENESIS, hub_store()
    kinds = [EventKind.DOOR_FORCED] + [EventKind.DOOR_OPENED] * 9
    found = []
    for first in range(1, batches * BATCH, BATCH):
        entries = [
            encode_event(Event(kinds[n % 10], bytes(16), n, NOW * 1000, ClockState.TRUSTED, door=1))
            for n in range(first, first + BATCH)
        ]
        for number, entry in enumerate(entries, first):
            at = link(at, number, payload_hash(entry))
        head = LogHead(bytes.fromhex(estate), 1, epoch, first + BATCH - 1, at)
        take_events(store, 1, Batch(epoch, first, entries, head), NOW)
        found += _timed(lambda: project_events(datetime.fromtimestamp(NOW, UTC)), 1)
    return found


def _rounds(times: int) -> list[float]:

    now = datetime.fromtimestamp(NOW, UTC)
    make_round(now, Memory())
    return _timed(lambda: make_round(now, Memory()), times)  # every duty of it is due
