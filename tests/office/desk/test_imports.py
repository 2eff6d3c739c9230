"""Import at the desk: a real process on an office of its own, watched by the page."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from office.errors import OfficeError
from office.exchange.jobs import KEPT_S, ImportJob, JobState, forget_old
from office.registry.models import AuditEntry, StaffRole
from office.site.directory import DIRECTORY_VARIABLE
from tests.support.import_files import CARDS, PERSONS, PLACES, csv_file
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with a member of staff."""
    path = tmp_path_factory.mktemp("estate") / "office"
    password = path.with_name("password")
    password.write_text("three gates in the rain\n")
    run("init", str(path), "--estate", "6761746568303031", "--insecure")
    run("createuser", str(path), "zhu", "--role", "manager", "--password-file", str(password))
    return path


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "office", *arguments], check=True, capture_output=True, timeout=60)


def uploads(directory: Path) -> list[SimpleUploadedFile]:
    cards = [*CARDS, ("xyz", "", "P1", "2栋 1单元 201", "本人", "")]
    tables = {"places": PLACES, "persons": PERSONS, "cards": cards}
    files = [csv_file(directory / f"{name}.csv", rows) for name, rows in tables.items()]
    return [SimpleUploadedFile(one.name, one.read_bytes()) for one in files]


def test_files_are_checked_then_imported_in_a_process_of_its_own(
    office: Path, estate: OfficeEstate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(office))
    client = browser(StaffRole.MANAGER)
    user = client.get("/").context["user"]
    user.username = "zhu"  # by this name the other office knows the manager
    user.save()
    address = client.post(reverse("imports"), {"files": uploads(tmp_path)}).headers["Location"]
    job = ImportJob(office, address.strip("/").split("/")[-1])
    job.wait()
    page = client.get(address).content.decode()
    assert job.view().state is JobState.CHECKED, page
    assert "cards.csv" in page
    assert "xyz" in page
    assert "hx-get" not in page.partition('id="job"')[2]
    everything = client.get(f"{address}problems.csv").getvalue()
    assert everything.decode("utf-8-sig").count("\n") == 4
    assert client.post(f"{address}take/").headers["Location"] == address
    job.wait()
    page = client.get(address, headers={"hx-request": "true"}).content.decode()
    view = job.view()
    assert view.state is JobState.IMPORTED, page
    assert view.report["cards"] == 2
    assert view.files == [], "the uploaded names and numbers are gone"
    again = client.post(f"{address}take/", follow=True)
    assert job.view().state is JobState.IMPORTED
    assert again.status_code == 200


def test_clerks_do_not_import(estate: OfficeEstate, browser: Browser) -> None:
    client = browser(StaffRole.CLERK)
    assert client.get(reverse("imports")).status_code == 403
    assert client.get(reverse("import", args=["0" * 32])).status_code == 403
    assert "/imports/" not in client.get("/").content.decode()


@pytest.mark.parametrize("name", ["../../x.csv", "x.exe", ".csv", "a/b.csv", "x.xls"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with translation.override("en"), pytest.raises(OfficeError, match="files named like"):
        ImportJob.take(tmp_path, "0" * 32, [(name, SimpleUploadedFile("x", b"x"))])
    assert not list((tmp_path / "imports").iterdir())


def test_what_is_no_token_and_what_is_not_there_are_not_found(
    estate: OfficeEstate, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path))
    client = browser(StaffRole.MANAGER)
    for token in ("0" * 32, "..", "x"):
        assert client.get(f"/imports/{token}/").status_code == 404


def test_old_uploads_are_forgotten(tmp_path: Path) -> None:
    job = ImportJob.take(tmp_path, "0" * 32, [])
    made = (tmp_path / "imports" / job.token).stat().st_mtime
    forget_old(tmp_path, made + KEPT_S - 1)
    assert (tmp_path / "imports" / job.token).exists()
    forget_old(tmp_path, made + KEPT_S + 1)
    assert not (tmp_path / "imports" / job.token).exists()


def test_what_refers_to_a_person_is_given_out_by_the_manager_alone(
    estate: OfficeEstate, browser: Browser
) -> None:
    address = reverse("export-person", args=[estate.applicant.pk])
    manager = browser(StaffRole.MANAGER)
    assert (
        f'action="{address}"' in manager.get(reverse("person", args=[estate.applicant.pk])).content.decode()
    )
    answer = manager.post(address)
    data = answer.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(data))
    assert AuditEntry.objects.latest("number").action == "personal data given out"
    clerk = browser(StaffRole.CLERK)
    assert clerk.post(address).status_code == 403
    assert "/export/" not in clerk.get(reverse("person", args=[estate.applicant.pk])).content.decode()
