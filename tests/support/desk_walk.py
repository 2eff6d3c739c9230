"""Goes through every page that a role reaches by links, a few of each kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from django.contrib.auth.models import User
from django.test import Client
from msgspec import Struct

from office.demo.estate import Plan, write_tables
from office.demo.other_registers import Registers
from office.demo.people_at_work import Desk, hire
from office.exchange.taking_in import Job, take_in
from tests.support.import_files import ESTATE_ID, quiet
from tests.support.office_estate import NOW
from tests.support.page_reader import PageReader

HOUSEHOLDS: Final = 24
MOST_OF_A_KIND: Final = {"/cases/N/": 9, "/cards/N/": 6, "/places/N/": 5, "/moves/N/": 2, "/shops/": 1}
"""Pages whose content depends on the state of what they show; of the others one is enough."""
FILES: Final = (".pdf", ".csv", ".xlsx", ".png")


class Page(Struct, frozen=True):
    """One answer."""

    address: str
    status: int
    html: str
    read: PageReader


def fill_estate(directory: Path) -> None:
    """The demonstration estate with a week's work in every register."""
    plan = Plan(ESTATE_ID.hex(), HOUSEHOLDS, 2, 1, NOW.date(), "Asia/Shanghai")
    take_in(Job(write_tables(plan, directory), "原系统", NOW, None, ESTATE_ID), quiet)
    hire()
    Desk(NOW).work()
    Registers(NOW).fill()


def client_of(name: str, language: str) -> Client:
    """A browser in which this member of the demonstration's staff is signed in."""
    client = Client(headers={"accept-language": language}, raise_request_exception=False)
    user = User.objects.get(username=name)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def walk(client: Client) -> Iterator[Page]:
    """Every kind of page that links lead to, breadth first."""
    waiting, seen, kinds = ["/"], set[str](), Counter[str]()
    while waiting:
        address = waiting.pop(0)
        kind = re.sub(r"\d[\d-]*", "N", urlsplit(address).path)
        if address in seen or kinds[kind] >= MOST_OF_A_KIND.get(kind, 1):
            continue
        seen.add(address)
        kinds[kind] += 1
        answer = client.get(address)
        html = answer.content.decode() if answer.get("content-type", "").startswith("text/html") else ""
        page = Page(address, answer.status_code, html, PageReader(html))
        yield page
        if answer.status_code in {301, 302}:
            page.read.links.append(answer["location"])
        inside = (urljoin(address, one).partition("#")[0] for one in page.read.links)
        waiting += [one for one in inside if one.startswith("/") and not urlsplit(one).path.endswith(FILES)]
