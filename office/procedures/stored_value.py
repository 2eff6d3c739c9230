"""What a clerk may enter on a holder's account (rules 14.2, 14.9): values on chips are not read."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, unique

from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import State


@unique
class DeskEntry(Enum):
    """Kinds of entry that are made at the desk."""

    OPENING = "opening"
    TOP_UP = "top_up"
    REFUND = "refund"
    CORRECTION = "correction"


CASH = frozenset({DeskEntry.TOP_UP, DeskEntry.REFUND})
"""Entries that go through the till."""
INTO = frozenset({DeskEntry.OPENING, DeskEntry.TOP_UP})
"""They are for a card that runs: from the account of one that has ended money only goes back."""


STOPPED = frozenset({State.SUSPENDED, State.LOST, State.DAMAGED, State.FOUND})
"""States in which a card's account is frozen."""


def check_account(state: State) -> None:
    """Rule 14.2: no account begins on a stopped card: its balance stands in no case."""
    if state in STOPPED:
        raise RuleError("14.2", Refused.CARD_STOPPED)


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
