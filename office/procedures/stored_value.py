"""What a clerk may enter on a holder's account (rules 14.2, 14.9): values on chips are not read."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, unique

from office.procedures.errors import Refused, RuleError


@unique
class DeskEntry(Enum):
    """Kinds of entry that are made at the desk."""

    OPENING = "opening"
    TOP_UP = "top_up"
    REFUND = "refund"
    CORRECTION = "correction"


CASH = frozenset({DeskEntry.TOP_UP, DeskEntry.REFUND})
"""Entries that go through the till."""


def moved_amount(kind: DeskEntry, typed: Decimal, *, is_first: bool, note: str) -> Decimal:
    """The amount into the account (below zero: out of it).

    Raises:
        RuleError: an opening that is not the first entry, an amount that is none, a correction unexplained.
    """
    if kind is DeskEntry.OPENING and not is_first:
        raise RuleError("14.2", Refused.NOT_THE_FIRST)
    if typed == 0 or (typed < 0 and kind is not DeskEntry.CORRECTION):
        raise RuleError("14.2", Refused.AMOUNT_NOT_POSITIVE)
    if kind is DeskEntry.CORRECTION and not note.strip():
        raise RuleError("14.2", Refused.NOTE_MISSING)
    return -typed if kind is DeskEntry.REFUND else typed
