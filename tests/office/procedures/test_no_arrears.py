"""No card is ever stopped for unpaid money: no list has such a reason, and no list looks at money."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from office import lists
from office.procedures import rights
from office.procedures.issue_states import State, Step
from office.procedures.withdrawal import Reason
from office.registry.models import Policy
from sync.records import RevocationReason

ABOUT_MONEY = (
    "arrear",
    "unpaid",
    "debt",
    "owed",
    "overdue",
    "fee",
    "settle",
    "payment",
    "balance",
    "欠",
    "费",
)
MONEY_ROWS = {"Payment", "CashClosing", "Account", "LedgerEntry", "Settlement", "ESTATE_SIDE"}
LISTS = sorted(Path(inspect.getfile(lists)).parent.glob("*.py"))


@pytest.mark.parametrize("names", [Reason, RevocationReason, State, Step], ids=lambda one: one.__name__)
def test_no_arrears_in_any_closed_list(names: type[Reason]) -> None:
    words = " ".join(f"{one.name} {one.value}" for one in names).lower()
    assert [one for one in ABOUT_MONEY if one in words] == []


@pytest.mark.parametrize("file", [*LISTS, Path(inspect.getfile(rights))], ids=lambda one: one.name)
def test_no_arrears_what_gates_get_is_made_without_looking_at_money(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
    names |= {one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    imported = [one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)]
    names |= {alias.name for one in imported for alias in one.names}
    assert names & MONEY_ROWS == set()
    assert [one.module for one in imported if one.module and "casework" in one.module] == []


def test_no_arrears_no_setting_of_the_policy_stops_a_card_for_money() -> None:
    sums = {"card_fee", "temporary_deposit"}  # what is paid before a card exists
    money = {
        one.name for one in Policy._meta.concrete_fields if any(word in one.name for word in ABOUT_MONEY)
    }
    assert money <= sums
