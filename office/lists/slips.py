"""A release slip at the gates: one counted grant on the list of one gate, opened with a guard's card.

Grant ids come from the hub's own count and lie above those of cards (`SLIP_IDS`). To another
gate a slip goes by `office.hub.one_use` only, which waits for the first gate's receipt.
"""

from __future__ import annotations

from django.db.models import Q
from msgspec.structs import replace

from office.errors import OfficeError, Trouble
from office.hub.clerk_steps import grant as put_grant
from office.hub.clerk_steps import revoke
from office.hub.facts import Move, MoveState
from office.hub.one_use import decide, order_move, take_from_move
from office.hub.port import HubStorage
from office.lists.store import hub_store, wake_hub
from office.procedures.slips import SLIP_IDS, issue_id_of
from office.registry.models import CardKind, Door, Issue, IssueState, ReleaseSlip
from sync.encoding import decode_record
from sync.records import Access, Credential, Direction, Grant, GrantKind, RevocationReason, Technology


def send_slip(slip: ReleaseSlip, at: int) -> None:
    """Put the slip on its exit gate's list; raises ``OfficeError``."""
    store = hub_store()
    with store.transaction():
        granted = Grant(
            max(store.wanted.unused_grant_id(), SLIP_IDS + 1),
            issue_id_of(slip.pk),
            Credential(Technology.CODE, slip.code.encode()),
            GrantKind.RELEASE_SLIP,
            _exit(slip.door),
            valid_from=int(slip.since.timestamp()),
            valid_until=int(slip.until.timestamp()),
            uses=slip.trips,
            companion=frozenset({GrantKind.GUARD}),
        )
        put_grant(store, slip.door.gate_id, granted, at)
    wake_hub()


def end_slip(slip: ReleaseSlip, at: int) -> bool:
    """Take the slip off its gate's list; False while it is on its way to another gate: it comes again."""
    store = hub_store()
    with store.transaction():
        if _grants(store, slip):
            revoke(store, at, RevocationReason.WITHDRAWN, issue_id=issue_id_of(slip.pk))
        moves = slip_moves(slip)
        for one in moves:
            if one.state is MoveState.CLERK:
                decide(store, one.grant_id, 0, at)
    wake_hub()
    return all(one.state in {MoveState.DONE, MoveState.SPENT, MoveState.CLERK} for one in moves)


def take_one_use(slip: ReleaseSlip, at: int) -> None:
    """A guard opened by their own card and booked the slip: its gate has one trip less to give.

    On its way to another gate it has one less to arrive with.
    """
    store = hub_store()
    with store.transaction():
        for move in slip_moves(slip):
            take_from_move(store, move.grant_id)
        for gate_id, one in _grants(store, slip):
            if (one.uses or 0) > 1:
                put_grant(store, gate_id, replace(one, credential=_code(slip), uses=(one.uses or 0) - 1), at)
            else:
                revoke(store, at, RevocationReason.WITHDRAWN, issue_id=one.issue_id)
            break  # the others are the same grant as other readers see it
    wake_hub()


def move_slip_to(slip: ReleaseSlip, door: Door, at: int) -> Move | None:
    """To another exit; ``None``: it is at the same gate, which needs no move. Raises ``OfficeError``."""
    store = hub_store()
    with store.transaction():
        grants = _grants(store, slip)
        if not grants:
            raise OfficeError(
                f"{slip}: it is at no gate now; wait until its last move is done", Trouble.AT_NO_GATE
            )
        gate_id, present = grants[0]
        move = None
        if gate_id == door.gate_id:
            put_grant(store, gate_id, replace(present, credential=_code(slip), access=_exit(door)), at)
        else:
            move = order_move(store, present, door.gate_id, _exit(door), at)
    wake_hub()
    return move


def say_left(slip: ReleaseSlip, left: int, at: int) -> Move:
    """A clerk's word about what is left of a slip whose gate lost its count. Raises ``OfficeError``."""
    waiting = [one for one in slip_moves(slip) if one.state not in {MoveState.DONE, MoveState.SPENT}]
    if not waiting:
        raise OfficeError(f"{slip}: no decision is needed", Trouble.NOTHING_TO_DECIDE)
    move = decide(hub_store(), waiting[-1].grant_id, left, at)
    wake_hub()
    return move


def slip_moves(slip: ReleaseSlip) -> list[Move]:
    """Moves of the slip's grants, oldest first."""
    store, issue_id = hub_store(), issue_id_of(slip.pk)
    ids = sorted({row.record.grant_id for row in store.wanted.rows(issue_id=issue_id)})
    found = {one: move for one in ids if (move := store.moves.get(one)) is not None}
    return [found[one] for one in sorted(found)]


def guard_cards_at(door: Door) -> int:
    """How many guards' cards open this exit: without one a slip cannot be used there."""
    by_place = Q(pk__isnull=True)
    if door.serves is not None:
        above = door.serves.ancestor_ids()
        by_place = Q(unit__in=above) | Q(unit__path__startswith=door.serves.path)
    by_exception = Q(exceptions__door=door, exceptions__allows=True)
    guards = Issue.objects.filter(kind=CardKind.GUARD, state=IssueState.ACTIVE)
    return guards.filter(by_place | by_exception).distinct().count()


def _grants(store: HubStorage, slip: ReleaseSlip) -> list[tuple[int, Grant]]:
    found = []
    for row in store.wanted.rows(issue_id=issue_id_of(slip.pk)):
        one = decode_record(row.record)
        if isinstance(one, Grant):
            found.append((row.gate_id, one))
    return found


def _code(slip: ReleaseSlip) -> Credential:
    return Credential(Technology.CODE, slip.code.encode())


def _exit(door: Door) -> tuple[Access, ...]:
    # Both ways: an exit's reader may serve both, and then asks for both.
    return (Access(door.door_id, Direction.BOTH),)
