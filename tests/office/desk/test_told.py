"""Whatever a step is refused for is told in words of the page's language, never as a command tells it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from django.db import IntegrityError
from django.forms.models import model_to_dict
from django.test import Client
from django.utils import translation

from office.casework import places
from office.desk.refusals import TROUBLES, told
from office.errors import OfficeError, Trouble
from office.papers import fonts
from office.procedures.shops import check_left
from office.registry.models import Issue, PlaceKind, Policy, ReleaseSlip, StaffRole
from tests.office.casework.moving import exit_door, new_slip
from tests.support.office_estate import NORTH, NOW, OfficeEstate
from tests.support.page_reader import PageReader

Browser = Callable[..., Client]
OFFICE: Final = Path(__file__).resolve().parents[3] / "office"
AT_THE_DESK: Final = ("desk", "casework", "lists", "papers", "procedures", "registry")
HUB_MODULES: Final = ("clerk_steps", "one_use", "manager_post", "signed_intake")
"""Of the hub, what the desk's steps call themselves, or ask over its socket."""
ERRORS: Final = ("OfficeError", "CollisionError", "DeskError")
TOLD_AS_IT_IS: Final = ("report this", "name a card or an issue", "the file is of estate")
"""Faults of the program, and what commands alone ask for: no step of a page leads there."""
FACTS: Final = {"gate": NORTH, "most": 9, "text": "x", "card": 7, "door": 3}
NOT_FOUND: Final = "there is no such"
"""Views answer this with a page that is not there."""


def raised() -> Iterator[tuple[str, ast.Call]]:
    """Every ``OfficeError`` that is made where a page of the desk may have to tell it."""
    paths = [one for folder in AT_THE_DESK for one in (OFFICE / folder).rglob("*.py")]
    paths += [OFFICE / "hub" / f"{one}.py" for one in HUB_MODULES]
    paths += [OFFICE / "exchange" / f"{one}.py" for one in ("sheets", "jobs", "background", "estate_in")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ERRORS:
                yield f"{path.name}:{node.lineno}", node


def has_words(call: ast.Call) -> bool:
    """A trouble that has words, a text out of the catalogue, or a page that is not found."""
    text = call.args[0]
    if len(call.args) > 1 or any(one in ast.unparse(text) for one in (NOT_FOUND, *TOLD_AS_IT_IS)):
        return True
    names = {one.id for one in ast.walk(text) if isinstance(one, ast.Name)}
    return bool(names & {"_", "gettext", "ngettext", "words"})


def test_every_refusal_that_a_page_may_tell_has_words() -> None:
    found = list(raised())
    assert len(found) > 40
    assert [where for where, call in found if not has_words(call)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_has_words(estate: OfficeEstate, trouble: Trouble) -> None:
    with translation.override("en"):
        said = told(OfficeError("as a command says it", trouble, **FACTS))
    assert "as a command" not in said
    assert "%(" not in said
    assert set(TROUBLES) == set(Trouble)


def test_the_gate_is_called_by_its_name(estate: OfficeEstate) -> None:
    with translation.override("en"):
        assert "Gate north " in told(OfficeError("", Trouble.NO_ANSWER, gate=NORTH))
        assert "Gate 99 " in told(OfficeError("", Trouble.NO_ANSWER, gate=99))


@pytest.mark.parametrize("error", [OfficeError("in English"), Issue.DoesNotExist(), IntegrityError("UNIQUE")])
def test_what_has_no_words_of_its_own_is_not_told_bare(error: Exception) -> None:
    with translation.override("en"):
        assert told(error) not in {str(error), ""}


def test_17_3_what_a_merchant_still_has_to_do_is_in_words() -> None:
    with pytest.raises(Exception) as refused, translation.override("zh-hans"):
        check_left(frozenset())
    with translation.override("zh-hans"):
        assert "signs_removed" not in told(refused.value)


def alerts(client: Client, address: str, **typed: object) -> list[str]:
    return PageReader(client.post(address, typed, follow=True).content.decode()).alerts


def test_15_2_a_slip_on_its_way_is_told_in_words(estate: OfficeEstate, browser: Browser) -> None:
    client, clerk = browser(StaffRole.CLERK), estate.staff(StaffRole.CLERK)
    exit_door(20)
    slip: ReleaseSlip = new_slip(estate, clerk, until=NOW + timedelta(days=3000))
    page = f"/slips/{slip.pk}"
    assert "There is nothing to decide" in alerts(client, f"{page}/left/", left=1, reason="x")[0]
    client.post(f"{page}/move/", {"door": 20})
    exit_door(10)
    assert "It is at no gate now." in alerts(client, f"{page}/move/", door=10)[0]
    assert "Gate north may still open" in alerts(client, f"{page}/left/", left=1, reason="x")[0]


def test_0_policy_hours_that_are_none_are_told_in_words(estate: OfficeEstate, browser: Browser) -> None:
    typed = {name: value for name, value in model_to_dict(Policy.current()).items() if value is not None}
    said = alerts(browser(StaffRole.MANAGER), "/policy/", **{**typed, "lift_peaks": "7-25"})
    assert any("“7-25”: write hours of one day" in one for one in said)


def test_0_places_a_tree_too_deep_is_told_in_words(
    estate: OfficeEstate, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MAX_DEPTH", 1)
    typed = {"kind": PlaceKind.BUILDING.value, "name": "9"}
    said = alerts(browser(StaffRole.MANAGER), f"/places/{estate.estate.pk}/new/", **typed)
    assert any("At most 1 places may lie within one another" in one for one in said)


def test_what_hinders_printing_is_told(
    estate: OfficeEstate, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "KNOWN", ())
    client = browser(StaffRole.CLERK)
    answer = client.get("/statistics/kh-13-r01.pdf", headers={"referer": "/statistics/"}, follow=True)
    assert "No font with Chinese characters" in PageReader(answer.content.decode()).alerts[0]
