"""The process that `bench.desk` measures: the estate is built, or found built, and asked as browsers ask.

    python -m bench.desk_work DIR HOUSEHOLDS GATES EVENTS ROUNDS

keeps what it has built in DIR and asks it again the next time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from bench.desk_estate import AT, build
from bench.desk_pages import addresses, typed
from office.site.cli import with_django
from office.site.serving import settle

if TYPE_CHECKING:
    from django.test import Client


def main(path: Path, households: int, gates: int, events: int, rounds: int) -> None:
    """Build the estate unless it is there, then ask it."""
    found: dict[str, Any] = {}
    if path.exists():
        with_django(path)
    else:
        found = build(path, households, gates, events)
    found |= _asked(rounds)
    found["disk"] = (path / "office.db").stat().st_size
    print(json.dumps(found))


def _asked(rounds: int) -> dict[str, Any]:
    from django.contrib.auth.models import User  # noqa: PLC0415 - after setup
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from office.registry.models import Assignment, StaffRole  # noqa: PLC0415

    connection.cursor().execute("PRAGMA optimize")
    user = User.objects.get(username="manager")
    for role in StaffRole.values:  # so that every part of every page is shown
        Assignment.objects.get_or_create(user=user, role=role)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    draw = Random("gatehouse desk questions")
    settle()

    def ask(address: Callable[[], str], times: int, *, htmx: bool = False) -> list[float]:
        _timed(client, address(), htmx=htmx)  # its templates are read
        return [_timed(client, address(), htmx=htmx) for _ in range(times)]

    pages = {name: ask(address, rounds) for name, address in addresses(draw).items()}
    find = {
        name: ask(lambda words=words: f"/find/?q={words()}", rounds, htmx=True)  # type: ignore[misc]
        for name, words in typed(draw).items()
    }
    return {
        "pages": pages,
        "find": find,
        "statistics": ask(lambda: "/statistics/?year=2026", rounds),
        "lost": [_lost(draw) for _ in range(2 * rounds)],
    }


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


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(one) for one in sys.argv[2:6]))
