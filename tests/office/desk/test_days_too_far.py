"""Days with which no time can be counted: told at their field, in the language of the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final
from uuid import uuid4

import pytest
from django.test import Client

from office.registry.models import Membership, StaffRole, Vehicle
from tests.office.casework.moving import exit_door, move_in
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]
EVERYONE: Final = (StaffRole.CLERK, StaffRole.MANAGER, StaffRole.ADMINISTRATOR)
TOLD: Final = {"en": "Choose a day from 1970-01-02 to 2199-12-31.", "zh-hans": "1970-01-02"}


def forms_with_days(estate: OfficeEstate, day: str) -> dict[str, dict[str, object]]:
    """Address and what is typed, by every form of the desk that counts with a day."""
    clerk, person, unit = estate.staff(StaffRole.CLERK), estate.applicant, estate.unit
    card = estate.issue_card(clerk)
    vehicle = Vehicle.objects.create(plate="粤B00001", unit=unit, keeper=person)
    membership = Membership.objects.filter(person=person).latest("pk")
    tenancy, _ = move_in(estate, clerk, date(2027, 1, 1))
    exit_door()
    until = {"start": f"{day}T08:00", "end": f"{day}T20:00"}
    exception = {"door": 11, "allows": "yes", "reason": "x", "last_day": day}
    new: dict[str, object] = {"name": "x", "role": "resident", "since": "2026-01-01", "last_day": day}
    slip = {"requester": person.pk, "identity_checked": "on", "goods": "x", "carrier": "y", "door": 10}
    outage = {"place": estate.estate.pk, "utility": "power", "cause": "municipal", "reason": "x"}
    return {
        f"/places/{unit.pk}/move-out/": {"persons": [person.pk], "day": day},
        f"/vehicles/{vehicle.pk}/parking/": {"last_day": day},
        f"/cards/{card.pk}/exceptions/new/": exception,
        f"/places/{unit.pk}/people/new/": new,
        f"/memberships/{membership.pk}/end/": {"last_day": day},
        f"/places/{estate.estate.pk}/cards/new/": {"name": "g", "kind": "guard", "last_day": day},
        f"/tenancies/{tenancy.pk}/extend/": {"last_day": day},
        f"/places/{unit.pk}/lift/": {"inwards": "in", **until},
        f"/places/{unit.pk}/slips/new/": {**slip, "since": until["start"], "until": until["end"], "trips": 1},
        "/outages/new/": {**outage, **until, "received_at": until["start"]},
        "/holidays/new/": {"day": day, "type": 1},
        "/staff/deputies/new/": {
            "user": clerk.user.pk,
            "role": "clerk",
            "since": "2026-01-01",
            "last_day": day,
        },
    }


@pytest.mark.parametrize("language", TOLD)
@pytest.mark.parametrize("day", ["0001-01-01", "1970-01-01", "9999-12-25", "9999-12-31"])
def test_a_day_too_far_is_told_at_its_field(
    estate: OfficeEstate, browser: Browser, day: str, language: str
) -> None:
    client = browser(*EVERYONE)
    answers = {
        address: client.post(
            address, {"submission": str(uuid4()), **typed}, headers={"accept-language": language}
        )
        for address, typed in forms_with_days(estate, day).items()
    }
    assert {one: answer.status_code for one, answer in answers.items() if answer.status_code != 422} == {}
    assert [one for one, answer in answers.items() if TOLD[language] not in answer.content.decode()] == []


def test_no_address_breaks_by_its_day(estate: OfficeEstate, browser: Browser) -> None:
    card = estate.issue_card(estate.staff(StaffRole.CLERK))
    client = browser(*EVERYONE)
    client.raise_request_exception = False
    found = {}
    for day in ("0001-01-01", "9999-12-31"):
        for address in (
            f"/till/?day={day}",
            f"/till/{day}/close/",
            f"/statistics/?year={day[:4]}",
            f"/events/?since={day}T00:00&until={day}T23:59",
            f"/cards/{card.pk}/would-open/?door=10&direction=0&at={day}T23:59",
        ):
            found[address] = client.get(address).status_code
    assert {one: status for one, status in found.items() if status >= 500} == {}
