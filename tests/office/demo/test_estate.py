"""The demonstration estate: the same at every run, taken in without a refusal, work in every state."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory
from msgspec.structs import replace

from office.casework.trail import broken_links
from office.demo.estate import Plan, write_tables
from office.demo.other_registers import Registers
from office.demo.people_at_work import STAFF, Desk, hire
from office.exchange.problems import Problem
from office.exchange.taking_in import Job, check, take_in
from office.registry.models import (
    Activity,
    Banner,
    CaseState,
    GateSite,
    Issue,
    IssueState,
    LossCase,
    Merchant,
    MoveOut,
    Outage,
    Person,
    PublicNotice,
    ReleaseSlip,
    SignPermit,
    StaffRole,
    Tenancy,
)
from tests.support.import_files import ESTATE_ID, quiet
from tests.support.office_estate import NOW

PLAN = Plan(ESTATE_ID.hex(), 80, 4, 1, date(2026, 11, 26), "Asia/Shanghai")


def contents(plan: Plan, directory: Path) -> list[bytes]:
    directory.mkdir()
    return [one.read_bytes() for one in write_tables(plan, directory)]


def test_a_seed_is_an_estate(tmp_path: Path) -> None:
    first = contents(PLAN, tmp_path / "a")
    assert first == contents(PLAN, tmp_path / "b")
    assert first != contents(replace(PLAN, seed=2), tmp_path / "c")


def test_nobody_real_is_in_it(tmp_path: Path) -> None:
    _, _, _, persons, cards = write_tables(PLAN, tmp_path)
    rows = [line.split(",") for line in persons.read_text("utf-8-sig").splitlines()[1:]]
    assert all(row[2].startswith("100") and len(row[2]) == 11 for row in rows)
    plates = [line.split(",")[4] for line in cards.read_text("utf-8-sig").splitlines()[1:]]
    assert {one[0] for one in plates if one} == {"测"}
    assert len(set(plates)) == len([one for one in plates if one]) + 1


@pytest.mark.django_db
def test_the_estate_is_taken_in_and_work_is_in_every_state(tmp_path: Path) -> None:
    problems: list[Problem] = []
    job = Job(write_tables(PLAN, tmp_path), "former system", NOW, None, ESTATE_ID)
    check(job, problems.append, quiet)
    assert [one for one in problems if one.refused] == []
    assert {one.code.value for one in problems} == {"no_signature", "quota_exceeded"}
    take_in(job, quiet)
    assert GateSite.objects.count() == 4
    passwords = hire()
    assert {role for _, role in STAFF.values()} == set(StaffRole)
    request = RequestFactory().post("/login/")
    assert authenticate(request, username="clerk", password=passwords["clerk"]) is not None
    Desk(NOW).work()
    assert set(LossCase.objects.values_list("state", flat=True)) == set(CaseState.values)
    states = set(Issue.objects.values_list("state", flat=True))
    assert states >= {"applied", "paid", "active", "suspended", "lost", "damaged", "found", "replaced"}
    assert Issue.objects.filter(origin="legacy", state=IssueState.ACTIVE).count() > 100
    assert Person.objects.exclude(legacy="").count() == Person.objects.count()
    Registers(NOW).fill()
    registers = (Tenancy, MoveOut, ReleaseSlip, Outage, Merchant, SignPermit, Activity, Banner, PublicNotice)
    assert [one.__name__ for one in registers if not one.objects.exists()] == []
    assert not list(broken_links())


@pytest.mark.django_db
def test_clerks_apply_where_the_quota_has_room(tmp_path: Path) -> None:
    """300 households of seed 1: the first owner's unit has more former cards than 13.4 allows."""
    plan = replace(PLAN, households=300, gates=2)
    take_in(Job(write_tables(plan, tmp_path), "former system", NOW, None, ESTATE_ID), quiet)
    hire()
    Desk(NOW).work()
    assert Issue.objects.filter(state=IssueState.APPLIED, replaces=None).exists()
