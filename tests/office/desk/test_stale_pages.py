"""Two clerks at one record: whoever looks at an old page is told so, in his language, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import pytest
from django.db.models import F
from django.test import Client

from office.registry.models import Issue, MoveOut, ReleaseSlip, StaffRole
from tests.office.casework.moving import TODAY, announce, exit_door, new_slip
from tests.support.office_estate import NOW, OfficeEstate
from tests.support.page_reader import PageReader

TOLD: Final = "此记录已被他人更改"
Record = Issue | MoveOut | ReleaseSlip
Make = Callable[[OfficeEstate], Record]


def applied(estate: OfficeEstate) -> Record:
    return estate.apply(estate.staff(StaffRole.CLERK), "self")[0]


def paid(estate: OfficeEstate) -> Record:
    clerk = estate.staff(StaffRole.CLERK)
    (card,) = estate.apply(clerk, "self")
    estate.pay(clerk, card)
    return card


def active(estate: OfficeEstate) -> Record:
    return estate.issue_card(estate.staff(StaffRole.CLERK))


def announced(estate: OfficeEstate) -> Record:
    return announce(estate, estate.staff(StaffRole.CLERK), TODAY + timedelta(days=9))


def slip(estate: OfficeEstate) -> Record:
    return new_slip(estate, estate.staff(StaffRole.CLERK), until=NOW + timedelta(days=3000))


STEPS: Final[Mapping[str, tuple[str, Make, Mapping[str, str]]]] = {
    "pay": ("/cards/{pk}/pay/", applied, {"amount": "20", "method": "cash", "receipt": "R1"}),
    "chip": ("/cards/{pk}/chip/", paid, {"number": "04A1B2C3", "technology": "1"}),
    "report": ("/cards/{pk}/report/", active, {"kind": "lost"}),
    "put off": ("/moves/{pk}/put-off/", announced, {"day": "2126-12-12"}),
    "call off": ("/moves/{pk}/call-off/", announced, {}),
    "another exit": ("/slips/{pk}/move/", slip, {"door": "20"}),
    "cancel": ("/slips/{pk}/cancel/", slip, {"reason": "wrong"}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", STEPS)
def test_a_step_from_an_old_page_is_refused_and_from_a_new_one_taken(estate: OfficeEstate, name: str) -> None:
    address, make, values = STEPS[name]
    exit_door(20)
    record = make(estate)
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(
        estate.staff(StaffRole.CLERK).user, backend="django.contrib.auth.backends.ModelBackend"
    )
    record.refresh_from_db()
    shown = record.version
    type(record).objects.filter(pk=record.pk).update(version=F("version") + 1)  # the other clerk
    before = type(record).objects.values().get(pk=record.pk)
    target = address.format(pk=record.pk)
    refused = client.post(target, {**values, "version": str(shown)}, follow=True).content.decode()
    assert any(TOLD in one for one in PageReader(refused).alerts), refused
    assert type(record).objects.values().get(pk=record.pk) == before
    client.post(target, {**values, "version": str(shown + 1)})
    assert type(record).objects.values().get(pk=record.pk) != before
