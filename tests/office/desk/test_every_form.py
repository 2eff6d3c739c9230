"""Every form of the desk against wrong, hostile, missing input: a message in Chinese, nothing half-saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from msgspec import Struct

from office.registry.models import StaffRole
from tests.support.desk_walk import client_of, fill_estate, walk
from tests.support.office_estate import OfficeEstate
from tests.support.page_reader import Control, Form, PageReader

HOSTILE: Final = "<img src=x onerror=alert(1)> \u202eabc " + "长" * 168
"""Markup, a mark that turns the writing round, 200 characters in all."""
NOT_TRIED: Final = re.compile(r"/(logout|i18n)/")
"""They end the walk itself."""
OTHERS: Final = {
    "manager": ("/policy/", "/relations/", "/outages/1/"),
    "administrator": ("/staff/", "/staff/new/", "/staff/deputies/new/", "/imports/"),
    "guard": ("/slips/1/", "/outages/incident/"),
    "maintenance": ("/outages/1/",),
    "reviewer": ("/shops/review-banner/2/",),
}
"""Forms that a clerk does not see."""
FEWEST: Final = 60
CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
Fill = Callable[[Control], str | None]


def nothing(control: Control) -> str | None:
    return control.value if control.kind == "hidden" else None


def hostile(control: Control) -> str | None:
    """Text that wants to be more than text; everything else as it is offered."""
    if control.kind in {"text", "search", "tel", "password", "textarea"}:
        return HOSTILE
    return _as_offered(control)


def absurd(control: Control) -> str | None:
    """Values that no page offers."""
    values = {"date": "2026-02-30", "datetime-local": "2026-13-45T99:99", "number": "-1e999"}
    if control.kind in {"hidden", "file"}:
        return control.value or None
    return values.get(control.kind, "9" * 25)


def tampered(control: Control) -> str | None:
    """Hidden fields and text with what databases dislike."""
    if control.kind == "hidden":
        return "\x00'; DROP TABLE registry_issue; --"
    return "a\x00b" if control.kind in {"text", "textarea"} else _as_offered(control)


def _as_offered(control: Control) -> str | None:
    if control.kind == "select":
        return next((one for one in control.options if one), "")
    offered = {"date": "2026-12-01", "datetime-local": "2026-12-01T10:00", "number": "1"}
    return control.value or offered.get(control.kind)


EXTREMES: Final = {
    "date": ("1969-12-31", "9999-12-31"),
    "datetime-local": ("1969-12-31T23:59", "9999-12-31T23:59"),
    "number": ("9223372036854775807", "-1", "NaN"),
}
"""Alone in a form that is filled well otherwise: so they come as far as the step."""
WELL: Final = {
    "number": "04A1B2C3",
    "plate": "粤B12345",
    "unit": "1栋 1单元 101",
    "end": "2127-01-05T12:00",
    "until": "2127-01-05T12:00",
    "password": "a long password 77",
}


def extremes(form: Form) -> Iterator[tuple[str, Fill]]:
    """One field after the other with what no time and no sum can be counted with."""
    for control in form.controls:
        for value in EXTREMES.get(control.kind, ()):
            yield f"{control.name}={value}", partial(_well, control.name, value)


def _well(wrong: str, value: str, control: Control) -> str | None:
    if control.name == wrong:
        return value
    if control.kind in {"text", "textarea", "password"}:
        return control.value or WELL.get(control.name, "#1")
    if control.kind == "datetime-local":
        return control.value or WELL.get(control.name, "2127-01-05T10:00")
    return "on" if control.kind == "checkbox" and not control.value else _as_offered(control)


TRIED_IS_WRITTEN: Final = "/orders/"
"""What was ordered of a gate stands in the trail, also if no gate answered."""


class Tried(Struct, frozen=True):
    """What became of one try."""

    status: int
    alerts: tuple[str, ...]
    html: str
    grew: bool
    """Whether anything was written."""


def forms_of(client: Client, pages: Iterator[tuple[str, PageReader]]) -> dict[str, Form]:
    """One form for each place that they go to."""
    found: dict[str, Form] = {}
    for address, read in pages:
        for form in read.forms:
            form.action = form.action or address
            if form.method == "post" and not NOT_TRIED.search(form.action):
                found.setdefault(re.sub(r"\d+", "N", form.action), form)
    return found


def rows() -> int:
    """Rows of every table of the registry."""
    tables = [one._meta.db_table for one in apps.get_app_config("registry").get_models()]
    counts = " + ".join(f'(SELECT COUNT(*) FROM "{one}")' for one in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return int(cursor.fetchone()[0])


def submit(client: Client, form: Form, fill: Fill) -> Tried:
    """Send it and look at what comes; the database is as before afterwards."""
    data = {one.name: value for one in form.controls if (value := fill(one)) is not None}
    data |= dict([form.button]) if form.button[0] else {}
    with transaction.atomic():
        before = rows()
        answer = client.post(form.action, data, follow=True)
        grew = rows() != before
        transaction.set_rollback(True)
    html = answer.content.decode("utf-8", "replace")
    said = tuple(one for one in PageReader(html).alerts if one not in standing_alerts(client, answer))
    return Tried(answer.status_code, said, html, grew)


def standing_alerts(client: Client, answer: object) -> list[str]:
    """What the page that was led to says anyway, such as an exit without a guard."""
    led_to = getattr(answer, "redirect_chain", [])
    return PageReader(client.get(led_to[-1][0]).content.decode()).alerts if led_to else []


def wrong_with(form: Form, tried: Tried) -> list[str]:
    """What a clerk could complain of."""
    found = []
    if tried.status not in {200, 404, 422}:
        found.append(f"answers {tried.status}")
    if "<img src=x" in tried.html:
        found.append("markup gets through")
    if tried.alerts and tried.grew and TRIED_IS_WRITTEN not in form.action:
        found.append(f"half-saved: {tried.alerts}")
    if tried.status == 422 and not tried.alerts:
        found.append("refused without a word")
    said = " ".join(tried.alerts)
    if said and not CHINESE.search(said):
        found.append(f"not Chinese: {said[:80]}")
    return found


@pytest.mark.django_db
def test_no_form_breaks_half_saves_or_refuses_without_a_word(tmp_path: Path) -> None:
    fill_estate(tmp_path)
    faults: dict[str, str] = {}
    tried = 0
    clerk = client_of("clerk", "zh-hans")
    clients = [(clerk, forms_of(clerk, ((one.address, one.read) for one in walk(clerk))))]
    for role, addresses in OTHERS.items():
        client = client_of(role, "zh-hans")
        pages = ((one, PageReader(client.get(one).content.decode())) for one in addresses)
        clients.append((client, forms_of(client, pages)))
    for client, forms in clients:
        for kind, form in forms.items():
            tried += 1
            fills = [(one.__name__, one) for one in (nothing, hostile, absurd, tampered)]
            for name, fill in [*fills, *extremes(form)]:
                for one in wrong_with(form, submit(client, form, fill)):
                    faults[f"{kind} {name}"] = one
    assert tried >= FEWEST
    assert not faults, "\n".join(f"{one}: {said}" for one, said in faults.items())


SENT_TWICE: Final = {
    "people/new/": {"name": "两次", "role": "resident", "since": "2026-01-01"},
    "vehicles/new/": {"plate": "测B00001", "keeper": "#{person}"},
    "lift/": {"inwards": "in", "start": "2026-12-01T10:00", "end": "2026-12-01T11:00"},
    "move-out/": {"persons": "{person}", "day": "2126-12-01"},
    "move-in/": {
        "owner": "{person}",
        "owner_present": "on",
        "tenants": "租户两次",
        "since": "2026-12-01",
        "last_day": "2027-12-01",
    },
}
"""Forms of a unit that make a record, and how a clerk fills them."""


@pytest.mark.django_db
@pytest.mark.parametrize("form", SENT_TWICE)
def test_a_form_that_is_sent_again_makes_no_second_record(estate: OfficeEstate, form: str) -> None:
    user = estate.staff(StaffRole.CLERK).user
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = f"/places/{estate.unit.pk}/{form}"
    (shown,) = [one for one in PageReader(client.get(page).content.decode()).forms if not one.action]
    hidden = {one.name: one.value for one in shown.controls if one.kind == "hidden"}
    filled = {name: value.format(person=estate.applicant.pk) for name, value in SENT_TWICE[form].items()}
    before = rows()
    first = client.post(page, hidden | filled)
    after = rows()
    assert (first.status_code, after > before) == (302, True), first.content.decode()
    again = client.post(page, hidden | filled)
    assert (again.status_code, again["location"]) == (302, first["location"])
    assert "没有重复办理" in client.get(again["location"]).content.decode()
    assert rows() == after
    fresh = {one.name: one.value for one in PageReader(client.get(page).content.decode()).forms[-1].controls}
    assert fresh["once"] != hidden["once"]
