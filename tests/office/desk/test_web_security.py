"""What browsers are told, and what a page of somebody else's cannot do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from office.registry.models import StaffRole
from tests.support.office_estate import OfficeEstate

Browser = Callable[..., Client]
WRONG = {"username": "nobody", "password": "wrong and long"}


def directives(header: str) -> dict[str, list[str]]:
    return {name: rest for name, *rest in (one.split() for one in header.split(";") if one.strip())}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/login/", "/nothing-here/"])
def test_every_answer_keeps_scripts_frames_and_types_in_bounds(address: str) -> None:
    answer = Client().get(address)
    told = directives(answer.headers["Content-Security-Policy"])
    assert told["default-src"] == ["'none'"]
    assert told["script-src"] == told["style-src"] == told["connect-src"] == ["'self'"]
    assert told["frame-ancestors"] == told["base-uri"] == ["'none'"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_cookies_are_for_this_desk_and_no_script() -> None:
    User.objects.create_user("li", password=WRONG["password"])
    client = Client()
    client.get("/login/")
    assert client.post("/login/", WRONG | {"username": "li"}).status_code == 302
    for name in ("sessionid", "csrftoken"):
        assert client.cookies[name]["samesite"] == "Strict", name
        assert client.cookies[name]["httponly"], name


def test_a_form_of_another_page_changes_nothing(estate: OfficeEstate, browser: Browser) -> None:
    client = browser(StaffRole.CLERK)
    client.handler.enforce_csrf_checks = True
    answer = client.post(reverse("logout"))
    assert answer.status_code == 403
    assert client.get("/").status_code == 200, "still signed in"


@pytest.mark.django_db
def test_the_sixth_wrong_password_waits_for_this_account_and_address_alone() -> None:
    thief = Client()
    answers = [thief.post("/login/", WRONG).status_code for _ in range(6)]
    assert answers[:4] == [200] * 4
    assert answers[-1] == 429
    assert thief.post("/login/", WRONG | {"username": "another"}).status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.7").post("/login/", WRONG).status_code == 200
