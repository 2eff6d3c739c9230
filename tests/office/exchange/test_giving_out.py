"""Exports: everything in one state, and everything about one person."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from django.apps import apps

from office.exchange.giving_out import FOLLOWED, everything, of_person
from office.exchange.sheets import open_sheets
from office.procedures.errors import RuleError
from office.registry.models import (
    AuditEntry,
    Issue,
    MemberRole,
    Person,
    StaffRole,
    Vehicle,
)
from tests.support.office_estate import NOW, OfficeEstate


def tables(data: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            name.removesuffix(".csv"): list(
                csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline=""))
            )
            for name in archive.namelist()
        }


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_everything_is_there_but_no_password_and_no_session(tmp_path: Path) -> None:
    estate = OfficeEstate()
    clerk = estate.staff(StaffRole.CLERK)
    estate.issue_card(clerk)
    Person.objects.create(name='=HYPERLINK("http://x")', recorded_at=NOW, note="'quoted")
    out = io.BytesIO()
    counts = everything(out)
    found = tables(out.getvalue())
    assert counts["registry_issue"] == 1
    assert len(found["registry_auditentry"]) == AuditEntry.objects.count()
    assert "password" not in found["auth_user"][0]
    assert not [one for one in found if one.startswith(("django_", "axes_"))]
    models = {one._meta.db_table for one in apps.get_app_config("registry").get_models()}
    assert models - found.keys() == {"registry_findkey"}, "an index: it says nothing that others do not"
    assert {"records", "signed", "receipts", "events"} <= found.keys(), "the hub's tables, too"
    # What a spreadsheet program would take for a formula is shielded, and read back as it was.
    shielded = found["registry_person"][-1]
    assert (shielded["name"], shielded["note"]) == ('\'=HYPERLINK("http://x")', "''quoted")
    path = tmp_path / "person.csv"
    path.write_bytes(zipfile.ZipFile(io.BytesIO(out.getvalue())).read("registry_person.csv"))
    rows = [cells for sheet in open_sheets(path) for _, cells in sheet.rows]
    assert rows[-1][rows[0].index("name")] == '=HYPERLINK("http://x")'


@pytest.mark.django_db
def test_a_person_gets_what_refers_to_them_and_nothing_of_others() -> None:
    estate = OfficeEstate()
    clerk, manager = estate.staff(StaffRole.CLERK), estate.staff(StaffRole.MANAGER)
    issue = estate.issue_card(clerk)
    other = estate.add_person("邻居", estate.add_unit("102", "80"), MemberRole.OWNER)
    vehicle = Vehicle.objects.create(plate="测A00001", unit=estate.unit, keeper=estate.applicant)
    out = io.BytesIO()
    counts = of_person(manager, estate.applicant.pk, out)
    found = tables(out.getvalue())
    assert [one["id"] for one in found["person"]] == [str(estate.applicant.pk)]
    assert [one["id"] for one in found["issue"]] == [str(issue.pk)]
    assert [one["id"] for one in found["vehicle"]] == [str(vehicle.pk)]
    assert {"membership", "application", "signature", "payment", "issuestep", "gategrant"} <= found.keys()
    owned = {Person: {estate.applicant.pk}, Issue: {issue.pk}, Vehicle: {vehicle.pk}}
    assert owned.keys() <= FOLLOWED
    for model in apps.get_app_config("registry").get_models():
        for field in model._meta.concrete_fields:
            if field.related_model in owned:
                theirs = model._default_manager.filter(**{f"{field.name}__in": owned[field.related_model]})
                got = {one["id"] for one in found.get(model.__name__.lower(), [])}
                assert {str(one.pk) for one in theirs} <= got, f"{model.__name__}.{field.name}"
    assert {f"issue:{issue.pk}"} <= {one["subject"] for one in found["auditentry"]}
    assert other.name not in out.getvalue().decode("latin-1")
    entry = AuditEntry.objects.latest("number")
    assert (entry.rule, entry.subject) == ("access", f"person:{estate.applicant.pk}")
    assert entry.facts == counts


@pytest.mark.django_db
def test_only_the_manager_gives_it_out() -> None:
    estate = OfficeEstate()
    with pytest.raises(RuleError):
        of_person(estate.staff(StaffRole.CLERK), estate.applicant.pk, io.BytesIO())
