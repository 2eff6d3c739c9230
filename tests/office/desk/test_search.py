"""Find anything: by the index the same as by reading every record, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib import import_module

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import Q
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from office.casework.actor import Actor
from office.casework.people import Particulars, change_particulars
from office.casework.retention import erase_departed
from office.casework.vehicles import register_vehicle
from office.desk.search import FEW, MOST, find
from office.registry.models import (
    Chip,
    FindKey,
    FindKind,
    Person,
    Place,
    PlaceKind,
    StaffRole,
    UnitUse,
    Vehicle,
)
from tests.support.office_estate import NOW, OfficeEstate

ALPHABET = "陈一王伟aB1 2%_\\'"
NAMES = st.text(ALPHABET, min_size=1, max_size=4)
QUERIES = st.text(ALPHABET, min_size=1, max_size=3)


@pytest.fixture
def clerk(estate: OfficeEstate) -> Actor:
    """A desk clerk."""
    return estate.staff(StaffRole.CLERK)


def plain(query: str) -> tuple[list[Person], list[Place], list[Vehicle]]:
    """As it was found before there was an index: by reading."""
    query = query.strip()
    if not query:
        return [], [], []
    people = Person.objects.filter(erased_at__isnull=True)
    people = people.filter(Q(name__icontains=query) | Q(phone__startswith=query))
    places = Place.objects.exclude(kind=PlaceKind.ESTATE)
    for word in query.split():
        places = places.filter(full_name__icontains=word)
    vehicles = Vehicle.objects.filter(plate__icontains=query)
    return (
        list(people.order_by("name", "pk")[:MOST]),
        list(places.order_by("path")[:MOST]),
        list(vehicles.order_by("plate")[:MOST]),
    )


def shown(query: str, few: int = FEW) -> tuple[list[Person], list[Place], list[Vehicle]]:
    found = find(query, few=few)
    return found.people, found.places, found.vehicles


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(NAMES, st.text("0123 ", max_size=4)), max_size=6),
    st.sets(NAMES.filter(str.strip), max_size=5),
    st.lists(QUERIES, min_size=1, max_size=5),
)
@example([("王%", "13"), ("王_伟", ""), ("王伟", "%1")], {"1%", "11"}, ["%", "_", "王_", "1%", "\\"])
def test_the_index_finds_what_reading_finds(
    estate: OfficeEstate, people: list[tuple[str, str]], units: set[str], queries: list[str]
) -> None:
    with transaction.atomic():
        Person.objects.bulk_create(Person(name=name, phone=phone, recorded_at=NOW) for name, phone in people)
        for name in sorted(units):
            unit = estate.add_unit(f"r{name}", "50")
            Vehicle.objects.create(plate=f"p{name}", unit=unit, keeper=estate.applicant)
        for query in queries:
            expected = plain(query)
            # Few keys: by them. None are few: by a walk.
            assert shown(query) == expected, query
            assert shown(query, few=-1) == expected, query
        transaction.set_rollback(True)


@pytest.mark.parametrize("query", ["陈", "一", "陈一"])
def test_a_chinese_name_is_found_by_one_character(estate: OfficeEstate, query: str) -> None:
    assert find(query).people == [estate.applicant]
    assert not find("二").people


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("04A00001", True),
        ("04:a0:00:01", True),
        ("04 A0 00 01", True),
        ("04A0", True),
        ("0001", True),
        ("001", False),  # fewer than four digits say too little
        ("No.000017", True),
        ("no.000", True),
        ("0017", True),
        ("A000", False),  # from the middle
    ],
)
def test_a_card_is_found_by_its_number_or_how_it_begins_or_ends(
    estate: OfficeEstate, clerk: Actor, query: str, *, found: bool
) -> None:
    issue = estate.issue_card(clerk)
    chip = Chip.objects.get()
    chip.printed = "No.000017"
    chip.save()
    assert chip.number == "04A00001"
    assert find(query).issues == ([issue] if found else [])


def test_a_whole_number_shows_that_card_alone(estate: OfficeEstate, clerk: Actor) -> None:
    first, second = estate.issue_card(clerk), estate.issue_card(clerk, "spouse")
    Chip.objects.filter(issues=second).update(number=f"{first.chip}FF")
    assert find(str(first.chip)).issues == [first]
    assert find(str(first.chip)[:6]).issues == [first, second]


def test_keys_follow_a_changed_name_and_go_with_an_erased_person(estate: OfficeEstate, clerk: Actor) -> None:
    person = estate.applicant
    register_vehicle(clerk, "测A00001", estate.unit, person, None)
    change_particulars(clerk, person.pk, Particulars("王伟", phone="10012345678"))
    assert (find("陈").people, find("王").people, find("1001").people) == ([], [person], [person])
    person.memberships.update(until=date(2021, 1, 1))
    Person.objects.filter(pk=person.pk).update(departed_on=date(2021, 1, 1))
    assert erase_departed(NOW) == 1
    assert find("王").nothing
    assert find("A0000").nothing
    theirs = Q(kind__in=[FindKind.PERSON, FindKind.PHONE], record=person.pk)
    assert not FindKey.objects.filter(theirs).exists()


def test_the_migration_writes_the_keys_that_the_models_write(estate: OfficeEstate, clerk: Actor) -> None:
    estate.issue_card(clerk)
    register_vehicle(clerk, "测A00001", estate.unit, estate.add_person("李 二"), None)
    Person.objects.filter(name="李 二").update(phone="10000000001")
    Chip.objects.filter().update(printed="No.000001")
    written = set(FindKey.objects.values_list("kind", "key", "record"))
    assert {one for one, _, _ in written} == set(FindKind.values)
    FindKey.objects.all().delete()
    import_module("office.registry.migrations.0004_large_desk").fill(apps, None)
    assert set(FindKey.objects.values_list("kind", "key", "record")) == written


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "\u3000",
        "\0",
        "陈\0",
        "%",
        "_",
        "'; DROP TABLE registry_person; --",
        "\u202e",
        "x" * 500,
        "陈 " * 90,
    ],
)
def test_hostile_input_finds_nothing_and_breaks_nothing(
    estate: OfficeEstate, browser: Callable[..., Client], query: str
) -> None:
    page = browser(StaffRole.CLERK).get("/find/", {"q": query})
    assert page.status_code == 200
    found = page.context["found"]
    assert found.nothing, query


def test_a_search_asks_no_more_often_for_more_records(
    estate: OfficeEstate, clerk: Actor, django_assert_max_num_queries: Callable[..., object]
) -> None:
    asked: list[int] = []
    for some in (range(1), range(1, 60)):
        Person.objects.bulk_create(Person(name="陈多", recorded_at=NOW) for _ in some)
        for number in some:
            estate.add_unit(f"5{number:03}", "50", UnitUse.RESIDENTIAL)
        with django_assert_max_num_queries(25) as counted:  # type: ignore[attr-defined]
            find("陈")
            find("单元 5")
        asked.append(len(counted))
    assert asked[0] == asked[1]
