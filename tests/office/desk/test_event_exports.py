"""Events as a workbook: made by a process of its own, watched by the page, fetched by who asked."""

from __future__ import annotations

import contextlib
import io
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from office.casework.event_search import EventFilter
from office.casework.events import project_events
from office.desk.event_export import write_xlsx
from office.errors import OfficeError
from office.exchange.event_job import KEPT_S, ExportJob
from office.registry.models import StaffRole
from office.site.directory import DIRECTORY_VARIABLE, OfficeSettings, make_directory
from sync.events import EventKind
from tests.support.frozen_office import ESTATE, thaw
from tests.support.gate_events import GateLog, event
from tests.support.office_estate import NORTH, NOW, OfficeEstate

AT = int(NOW.timestamp())
FROZEN = Path(__file__).parent.parent / "registry" / "frozen" / "0002_hub_and_relations.sql"
Browser = Callable[..., Client]
Rows = list[tuple[object, ...]]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "office", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with two events and a clerk."""
    made = make_directory(tmp_path_factory.mktemp("estate") / "office", OfficeSettings(ESTATE, secure=False))
    thaw(FROZEN, made.path / "office.db")
    password = made.path.with_name("password")
    password.write_text("three gates in the rain\n")
    assert run("upgrade", str(made.path)).returncode == 0
    told = run("createuser", str(made.path), "zhu", "--role", "clerk", "--password-file", str(password))
    assert told.returncode == 0, told.stderr
    return made.path


def rows_of(file: Path | io.BytesIO) -> Rows:
    book = load_workbook(file)
    assert book.active is not None
    return list(book.active.iter_rows(values_only=True))


def named(client: Client, name: str) -> Client:
    """A client whose member of staff the other office knows by this name."""
    user = client.get("/").context["user"]
    user.username = name
    user.save()
    return client


def test_a_workbook_is_made_watched_and_fetched(
    office: Path, estate: OfficeEstate, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(office))
    client = named(browser(StaffRole.CLERK), "zhu")
    asked = {"asked": "gate=&number=&until=2027-01-01T00%3A00"}
    address = client.post(reverse("start-event-export"), asked).headers["Location"]
    job = ExportJob(office, address.strip("/").split("/")[-1])
    job.wait()
    page = client.get(address).content.decode()
    assert "Ready." in page
    assert "hx-get" not in page.partition('id="job"')[2]
    answer = client.get(f"{address}events.xlsx")
    assert answer.headers["Cache-Control"] == "no-store"
    assert [row[2] for row in rows_of(io.BytesIO(answer.getvalue()))] == ["gate", "south", "north"]
    assert job.file.stat().st_mode & 0o077 == 0
    with contextlib.closing(sqlite3.connect(office / "office.db")) as connection:
        last = connection.execute(
            "SELECT action, subject FROM registry_auditentry ORDER BY number DESC"
        ).fetchone()
    assert last == ("movements exported", "events")
    other = named(browser(StaffRole.CLERK), "li")
    assert other.get(address).status_code == 404
    assert other.get(f"{address}events.xlsx").status_code == 404


def test_what_fails_is_said_on_the_page_and_leaves_no_file(
    office: Path, estate: OfficeEstate, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(office))
    client = named(browser(StaffRole.CLERK), "nobody there")
    address = client.post(reverse("start-event-export"), {"asked": ""}).headers["Location"]
    job = ExportJob(office, address.strip("/").split("/")[-1])
    job.wait()
    page = client.get(address).content.decode()
    assert "there is no such member of staff" in page
    assert client.get(f"{address}events.xlsx").status_code == 404
    assert not job.file.exists()


def test_who_may_not_see_movements_starts_nothing(
    estate: OfficeEstate, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path))
    client = browser(StaffRole.TECHNICIAN)
    assert client.post(reverse("start-event-export"), {"asked": ""}).headers["Location"] == reverse("events")
    clerk = browser(StaffRole.CLERK)
    for asked in ("gate=x", "since=yesterday"):
        answer = clerk.post(reverse("start-event-export"), {"asked": asked})
        assert answer.headers["Location"] == reverse("events")
    assert not (tmp_path / "exports").exists()
    for token in ("0" * 32, "..", "x"):
        assert clerk.get(f"/events/exports/{token}/").status_code == 404


def test_the_workbook_has_what_was_asked_for_and_says_how_far_it_is(
    estate: OfficeEstate, tmp_path: Path
) -> None:
    hostile: dict[str, object] = {"input": "=cmd|' /C calc'!A0", "kind": "tamper", "active": 1}
    GateLog(NORTH).send(AT, event(EventKind.INPUT_CHANGED, AT, detail=hostile))
    log = GateLog(NORTH, b"another log ....")
    for _ in range(2):
        log.send(AT, *[event(EventKind.DOOR_OPENED, AT, door=10)] * 750)
    while project_events(NOW):
        pass
    told: list[int] = []
    assert write_xlsx(EventFilter(), tmp_path / "all.xlsx", told.append) == 1_501
    assert told == [1_000]
    rows = rows_of(tmp_path / "all.xlsx")
    assert len(rows) == 1_502
    assert not any(str(cell).startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert write_xlsx(EventFilter(door=10), tmp_path / "door.xlsx", told.append) == 1_500
    with pytest.raises(OfficeError, match="100"):
        write_xlsx(EventFilter(), tmp_path / "most.xlsx", told.append, most=100)


def test_old_workbooks_are_forgotten_when_another_is_asked_for(
    tmp_path: Path, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ExportJob(tmp_path, "0" * 32)
    (tmp_path / "office.toml").write_bytes((office / "office.toml").read_bytes())
    first.start("zhu", "", "en", 0.0)
    first.wait()
    began = first.file.parent.stat().st_mtime
    second = ExportJob(tmp_path, "1" * 32)
    second.start("zhu", "", "en", began + KEPT_S + 1)
    second.wait()
    assert not first.file.parent.exists()
    assert second.view("zhu").state == "failed"
