"""Counted grants live on one gate's list: how one moves to another.

    ordered     the grant ends at the first gate; nothing is on the second
    receipt     of exactly the update that ended it: it names the uses spent there
    moved       what is left goes to the second gate, as a new grant: spends are kept by
                grant id, and the grant may one day come back
    clerk       the first gate lost its count, was struck off, or that one receipt never
                came: nobody can tell what is left, so a clerk says it

The rule is pure (`left_of`); the rest writes what it says.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from office.errors import OfficeError, Trouble
from office.hub.facts import GrantRow, Move, MoveState
from office.hub.port import HubStorage
from sync.encoding import decode_record, decode_settings, encode_record, stored
from sync.records import (
    Access,
    Credential,
    Grant,
    MappingRule,
    RevocationReason,
    Technology,
    Tombstone,
    project,
)
from sync.statements.receipt import Receipt
from sync.update import ListVersion, StoredRecord

_AWAITED: Final = frozenset((MoveState.ENDING, MoveState.DOUBTFUL))


def left_of(move: Move, ended: ListVersion | None, receipt: Receipt) -> Move:
    """The move after a receipt of its first gate; ``ended``: the version that ended the grant there."""
    if move.state not in _AWAITED or ended is None or receipt.version < ended:
        return move
    if receipt.version != ended or move.state is MoveState.DOUBTFUL:
        # A later receipt names only what its own update ended: silence is no proof here.
        return replace(move, state=MoveState.CLERK)
    spent = next((one.uses for one in receipt.spent if one.grant_id == move.grant_id), 0)
    if spent is None:
        return replace(move, state=MoveState.CLERK)
    left = max(0, move.uses - spent)
    return replace(move, state=MoveState.DONE if left else MoveState.SPENT, left=left)


def counted_grant(store: HubStorage, grant_id: int) -> Grant:
    """The counted grant of this id, wherever it is; raises ``OfficeError``."""
    for gate in store.gates.all():
        for row in store.wanted.counted(gate.gate_id):
            if row.record.grant_id == grant_id:
                return _grant(row)
    if (move := store.moves.get(grant_id)) is not None:
        raise OfficeError(
            f"grant {grant_id} was moved before; what is left of it has become grant {move.new_grant_id}",
            Trouble.CHANGED_MEANWHILE,
        )
    raise _not_counted(grant_id)


def order_move(store: HubStorage, grant: Grant, to_gate: int, access: tuple[Access, ...], at: int) -> Move:
    """End a counted grant at its gate, so that what is left of it can go to another.

    Raises:
        OfficeError: it is on no list, not counted, moving already, or the gate cannot take it.
    """
    grant_id = grant.grant_id
    with store.transaction():
        _check_place(store, to_gate, access)
        rows = [one for one in _rows(store, grant) if isinstance(_record(one), Grant)]
        if not rows or not grant.spends:
            raise _not_counted(grant_id)
        if {one.gate_id for one in rows} == {to_gate}:
            text = f"grant {grant_id} is at gate {to_gate} already"
            raise OfficeError(text, Trouble.AT_THAT_GATE, gate=to_gate)
        if store.moves.get(grant_id) is not None:
            raise OfficeError(
                f"grant {grant_id} was moved before; move the grant that took its place",
                Trouble.CHANGED_MEANWHILE,
            )
        chip = _chip(rows)
        grant = _grant(chip)
        move = Move(
            grant_id,
            chip.gate_id,
            to_gate,
            grant.uses or 0,
            access,
            encode_record(grant),
            chip.record.key,
            store.wanted.unused_grant_id(),
            at,
        )
        _end(store, rows, at)
        store.moves.put(move)
        # Also one that was never signed here waits for the gate's receipt: this store may be an old
        # backup, and the gate may have had the grant, and uses of it, since.
    return move


def end_of(store: HubStorage, row: GrantRow, at: int) -> None:
    """A gate has lost its count of this grant: take it off the list until a clerk has decided."""
    grant = _grant(row)
    if store.moves.get(grant.grant_id) is not None:
        return
    rows = [one for one in _rows(store, grant) if one.gate_id == row.gate_id]
    chip = _chip(rows)
    with store.transaction():
        _end(store, rows, at)
        store.moves.put(
            Move(
                grant.grant_id,
                row.gate_id,
                row.gate_id,
                grant.uses or 0,
                grant.access,
                encode_record(_grant(chip)),
                chip.record.key,
                store.wanted.unused_grant_id(),
                at,
                MoveState.CLERK,
            )
        )


def doubt(store: HubStorage, gate_id: int, at: int) -> None:
    """A gate has, or had, a list that is not ours: what was counted there may be counted elsewhere since.

    After a restored backup nobody but a clerk knows whether a slip was moved or used meanwhile.
    """
    with store.transaction():
        for row in store.wanted.counted(gate_id):
            end_of(store, row, at)
        for move in store.moves.open():
            if move.from_gate == gate_id and move.state is MoveState.ENDING:
                store.moves.put(replace(move, state=MoveState.DOUBTFUL))


def settle(store: HubStorage, move: Move, receipt: Receipt, at: int) -> Move:
    """Move on, if this receipt allows it."""
    ended = max(
        (
            one.since
            for one in _rows(store, _moving(move))
            if one.gate_id == move.from_gate and one.since is not None and one.held == one.record.data
        ),
        default=None,
    )
    after = left_of(move, ended, receipt)
    if after != move:
        _finish(store, after, at)
    return after


def take_from_move(store: HubStorage, grant_id: int) -> Move | None:
    """A use was made without the gate's counting, while the grant is on its way: less of it arrives.

    ``None``: it is not on its way.
    """
    with store.transaction():
        move = store.moves.get(grant_id)
        if move is None or move.state not in _AWAITED | {MoveState.CLERK}:
            return None
        after = replace(move, uses=max(0, move.uses - 1))
        store.moves.put(after)
    return after


def decide(store: HubStorage, grant_id: int, left: int, at: int) -> Move:
    """A clerk says how many uses are left; 0 ends it for good. Raises ``OfficeError``."""
    move = store.moves.get(grant_id)
    if move is None or move.state not in _AWAITED | {MoveState.CLERK}:
        raise OfficeError(f"grant {grant_id} does not wait for a clerk's decision", Trouble.NOTHING_TO_DECIDE)
    if move.state in _AWAITED and store.gates.get(move.from_gate).struck_at is None:
        raise OfficeError(
            f"grant {grant_id} may still open gate {move.from_gate}, whose receipt is awaited; wait for it,"
            " or strike the gate off if it is lost",
            Trouble.RECEIPT_AWAITED,
            gate=move.from_gate,
        )
    if not 0 <= left <= move.uses:
        raise OfficeError(
            f"grant {grant_id} had {move.uses} uses; {left} cannot be left",
            Trouble.LEFT_WRONG,
            most=move.uses,
        )
    after = replace(move, state=MoveState.DONE if left else MoveState.SPENT, left=left)
    _finish(store, after, at)
    return after


def _finish(store: HubStorage, move: Move, at: int) -> None:
    with store.transaction():
        store.moves.put(move)
        if move.state is MoveState.DONE:
            store.wanted.put(move.to_gate, _arriving(store, move), urgent=False, at=at)


def _arriving(store: HubStorage, move: Move) -> list[StoredRecord]:
    """The grant as the second gate's readers may see its chip."""
    grant = _moving(move)
    settings = store.wanted.content(move.to_gate).settings()
    if not settings:
        raise without_list(move.to_gate)
    rules = [MappingRule(), *(rule for _, rule in decode_settings(settings).mappings)]
    grant = replace(grant, grant_id=move.new_grant_id, uses=move.left, access=move.access)
    forms = sorted({project(grant.credential, rule) for rule in rules})
    return [stored(replace(grant, credential=form)) for form in forms]


def _check_place(store: HubStorage, gate_id: int, access: tuple[Access, ...]) -> None:
    """Whether a gate could take a grant for these doors; else nothing may leave the first one."""
    if store.gates.get(gate_id).struck_at is not None:
        raise OfficeError(
            f"gate {gate_id} was struck off; choose another gate", Trouble.GATE_STRUCK_OFF, gate=gate_id
        )
    settings = store.wanted.content(gate_id).settings()
    if not settings:
        raise without_list(gate_id)
    doors = {one.door_id for one in decode_settings(settings).doors}
    if unknown := sorted({one.door for one in access} - doors):
        there = ", ".join(map(str, sorted(doors)))
        raise OfficeError(
            f"gate {gate_id} has no door {unknown[0]} (there: {there})",
            Trouble.DOOR_NOT_THERE,
            gate=gate_id,
            door=unknown[0],
        )


def _not_counted(grant_id: int) -> OfficeError:
    return OfficeError(f"grant {grant_id} is not a counted grant on any gate's list", Trouble.AT_NO_GATE)


def without_list(gate_id: int) -> OfficeError:
    """A gate that no list was ever wanted for, and what to do."""
    text = f"gate {gate_id} has no list yet; give it one, with: hub import"
    return OfficeError(text, Trouble.GATE_WITHOUT_LIST, gate=gate_id)


def _end(store: HubStorage, rows: list[GrantRow], at: int) -> None:
    ends = [
        stored(Tombstone(grant.grant_id, grant.issue_id, grant.credential, RevocationReason.WITHDRAWN, at))
        for grant in map(_grant, rows)
    ]
    store.wanted.put(rows[0].gate_id, ends, urgent=True, at=at)


def _rows(store: HubStorage, grant: Grant) -> list[GrantRow]:
    """The grant's records: one for each form in which readers see its chip."""
    return [
        one for one in store.wanted.rows(issue_id=grant.issue_id) if one.record.grant_id == grant.grant_id
    ]


def _moving(move: Move) -> Grant:
    grant = decode_record(StoredRecord(move.chip, move.grant_id, move.grant))
    if not isinstance(grant, Grant):
        raise OfficeError(f"move of grant {move.grant_id}: the store holds no grant for it; report this")
    return grant


def _chip(rows: list[GrantRow]) -> GrantRow:
    """The row with the whole number, not a reader's projection of it."""
    whole = [one for one in rows if Credential.from_key(one.record.key).technology is not Technology.SHORT]
    return (whole or rows)[0]


def _record(row: GrantRow) -> Grant | Tombstone:
    return decode_record(row.record)


def _grant(row: GrantRow) -> Grant:
    grant = _record(row)
    if not isinstance(grant, Grant):
        raise OfficeError(f"grant {row.record.grant_id} has ended already", Trouble.ENDED_AT_GATE)
    return grant
