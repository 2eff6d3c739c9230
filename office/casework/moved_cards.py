"""Ends of cards by moves (15.3): a card has an end of its own, or none, and each move may end it earlier.

As long as a move is not called off, its `MovedCard` keeps the card's own end, and ``valid_until`` is what
the gates have. Whoever changes the own end of a running card does it by ``take_end``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from office.lists.wanted import publish_issues
from office.procedures.issue_states import COUNTS
from office.procedures.moving import card_end
from office.registry.models import Issue, MovedCard, MoveOut, MoveState


def cards_of(move: MoveOut) -> QuerySet[Issue]:
    """Running cards of whom the move names: their own of the unit, and those of vehicles they keep."""
    theirs = Q(holder__in=move.persons.all()) | Q(vehicle__keeper__in=move.persons.all())
    return Issue.objects.filter(theirs, unit=move.unit, state__in=[one.value for one in COUNTS])


def end_with_move(move: MoveOut, at: datetime) -> None:
    """Cards of whom the move names end with its day; gates know it ahead."""
    cards = list(cards_of(move).select_for_update(of=("self",)).select_related("chip", "unit", "vehicle"))
    for card in cards:
        join(card, [move])
        _save(card)
    publish_issues(cards, at)


def leave_move(move: MoveOut, at: datetime) -> None:
    """The move was called off: its cards have the ends that they had, as far as no other move ends them."""
    running = {one.value for one in COUNTS}
    moved = [one for one in move.cards.select_related("issue") if one.issue.state in running]
    for one in moved:
        take_end(one.issue, one.end_before)
        one.issue.moves_out = _moves(one.issue).exists()
        _save(one.issue)
    publish_issues([one.issue for one in moved], at)


def own_end(card: Issue) -> datetime | None:
    """When the card would end if nobody moved."""
    moved = _moves(card).order_by("pk").first()
    return card.valid_until if moved is None else moved.end_before


def take_end(card: Issue, end: datetime | None) -> None:
    """The card's own end is this one; moves end it earlier all the same. The caller saves the card."""
    _moves(card).update(end_before=end)
    for day in _moves(card).values_list("move__day", flat=True):
        end = card_end(end, day, ZoneInfo(settings.TIME_ZONE))
    card.valid_until = end


def join(card: Issue, moves: Iterable[MoveOut]) -> None:
    """The card ends with these moves, too. The caller saves it."""
    end, known = own_end(card), set(_moves(card).values_list("move", flat=True))
    for move in moves:
        card.moves_out = True
        if move.pk not in known:
            MovedCard.objects.create(move=move, issue=card, end_before=end)
    take_end(card, end)


def join_announced(card: Issue) -> None:
    """The card opens from now on: it ends with what its holder has announced before. The caller saves it."""
    keeper = None if card.vehicle is None else card.vehicle.keeper_id
    named = [one for one in (card.holder_id, keeper) if one is not None]
    announced = MoveOut.objects.filter(state=MoveState.NOTICED, unit=card.unit_id, persons__in=named)
    if moves := list(announced.distinct().order_by("pk")):
        join(card, moves)


def end_as(card: Issue, other: Issue) -> None:
    """A card in the place of another ends no later than that one, by the same moves. The caller saves it."""
    join(card, [one.move for one in _moves(other).select_related("move")])


def _moves(card: Issue) -> QuerySet[MovedCard]:
    """Also those that are over: a lost card that comes back has ended with them."""
    return card.moves.exclude(move__state=MoveState.CALLED_OFF)


def _save(card: Issue) -> None:
    card.version += 1
    card.save(update_fields=["valid_until", "moves_out", "version"])
