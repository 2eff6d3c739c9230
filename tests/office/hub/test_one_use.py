"""A counted grant is on one gate's list, and moves only with the first gate's signed word."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.facts import Move, MoveState
from office.hub.one_use import decide, left_of, order_move
from office.hub.planner import Why
from office.hub.reception import take_log_epoch, take_log_state, take_receipt
from sync.encoding import decode_record, encode_record
from sync.records import (
    Access,
    ClockState,
    Grant,
    GrantKind,
    MappingRule,
    RevocationReason,
    Technology,
    Tombstone,
)
from sync.statements.log_epoch import LogEpoch, Predecessor
from sync.statements.receipt import Receipt, Spent
from sync.update import ListVersion
from tests.support.estate import ESTATE_ID, NOW, SETTINGS, card, resident
from tests.support.hub import HubRig, lost, registered

SLIP = Grant(3000, 4000, card(900), GrantKind.RELEASE_SLIP, (Access(1),), uses=3)
THERE = (Access(2),)
MOVE = Move(3000, 1, 2, 3, THERE, encode_record(SLIP), SLIP.credential.key, 3001, NOW)
ENDED = ListVersion(1, 5)


def receipt(revision: int, *spent: tuple[int, int | None]) -> Receipt:
    told = tuple(Spent(*one) for one in spent)
    return Receipt(ESTATE_ID, 1, ListVersion(1, revision), bytes(32), NOW, ClockState.TRUSTED, told)


@pytest.mark.parametrize(
    ("ended", "told", "state", "left"),
    [
        (ENDED, receipt(5), MoveState.DONE, 3),
        (ENDED, receipt(5, (3000, 1)), MoveState.DONE, 2),
        (ENDED, receipt(5, (2999, 1), (3001, 2)), MoveState.DONE, 3),
        (ENDED, receipt(5, (3000, 3)), MoveState.SPENT, 0),
        (ENDED, receipt(5, (3000, 9)), MoveState.SPENT, 0),
        (ENDED, receipt(5, (3000, None)), MoveState.CLERK, None),
        (ENDED, receipt(4), MoveState.ENDING, None),
        (ENDED, receipt(6), MoveState.CLERK, None),
        (None, receipt(5), MoveState.ENDING, None),
    ],
    ids=["unspent", "partly", "others", "all", "more", "lost count", "before", "later", "not signed"],
)
def test_what_is_left_follows_from_one_receipt_alone(
    ended: ListVersion | None, told: Receipt, state: MoveState, left: int | None
) -> None:
    after = left_of(MOVE, ended, told)
    assert (after.state, after.left) == (state, left)


@pytest.mark.parametrize("state", [MoveState.CLERK, MoveState.DONE, MoveState.SPENT])
def test_a_receipt_that_comes_again_changes_nothing(state: MoveState) -> None:
    move = replace(MOVE, state=state)
    assert left_of(move, ENDED, receipt(5, (3000, 1))) == move


@pytest.fixture
def two(rig: HubRig) -> HubRig:
    """Two gates with lists; the slip is on the first."""
    rig.store.gates.add(registered(2))
    rig.boxes[2] = type(rig.boxes[1])(2)
    rig.want(1, *(resident(number) for number in range(1, 6)), SLIP)
    rig.want(2, *(resident(number) for number in range(1, 6)))
    for gate in (1, 2):
        rig.exchange(gate)
    return rig


def gates_with_slip(rig: HubRig) -> list[tuple[int, int, int | None]]:
    """Gate, grant id and uses, of every list that is in force."""
    lists = [
        (gate_id, box.gate.content) for gate_id, box in rig.boxes.items() if box.gate.content is not None
    ]
    records = [(gate_id, decode_record(one)) for gate_id, content in lists for one in content.records()]
    return [
        (gate_id, one.grant_id, one.uses)
        for gate_id, one in records
        if isinstance(one, Grant) and one.issue_id == SLIP.issue_id
    ]


def test_the_rest_moves_after_the_receipt_and_not_before(two: HubRig) -> None:
    order_move(two.store, SLIP, 2, THERE, NOW)
    two.exchange(2)
    assert gates_with_slip(two) == [(1, 3000, 3)], "nothing moves before the first gate has confirmed"
    two.boxes[1].spent = (Spent(3000, 1),)
    two.exchange(1)
    assert gates_with_slip(two) == []
    two.exchange(2)
    assert gates_with_slip(two) == [(2, 3001, 2)]
    assert two.store.moves.open() == []


def test_a_slip_used_up_meanwhile_moves_nowhere(two: HubRig) -> None:
    order_move(two.store, SLIP, 2, THERE, NOW)
    two.boxes[1].spent = (Spent(3000, 3),)
    two.exchange(1)
    two.exchange(2)
    assert gates_with_slip(two) == []
    move = two.store.moves.get(3000)
    assert move is not None
    assert move.state is MoveState.SPENT


def test_a_move_survives_a_restart_and_a_repeated_receipt(two: HubRig) -> None:
    order_move(two.store, SLIP, 2, THERE, NOW)
    two.boxes[1].spent = (Spent(3000, 1),)
    two.reopen()
    two.exchange(1)
    again = two.boxes[1].receipt(NOW)
    for _ in range(2):
        take_receipt(two.store, 1, again, NOW)
    two.exchange(2)
    assert gates_with_slip(two) == [(2, 3001, 2)]


def test_without_the_one_receipt_a_clerk_decides(two: HubRig) -> None:
    order_move(two.store, SLIP, 2, THERE, NOW)
    two.report(1)
    (delta,) = two.advance(1).envelopes
    two.boxes[1].offer(delta)  # its receipt never comes
    two.report(1)
    two.want(1, lost(1), urgent=True)
    two.exchange(1)
    two.exchange(2)
    assert gates_with_slip(two) == []
    assert [one.state for one in two.store.moves.open()] == [MoveState.CLERK]
    decide(two.store, 3000, 1, NOW)
    two.exchange(2)
    assert gates_with_slip(two) == [(2, 3001, 1)]
    with pytest.raises(OfficeError, match="does not wait"):
        decide(two.store, 3000, 1, NOW)


def test_a_clerk_cannot_move_what_may_still_open_the_first_gate(two: HubRig) -> None:
    order_move(two.store, SLIP, 2, THERE, NOW)
    with pytest.raises(OfficeError, match="may still open gate 1"):
        decide(two.store, 3000, 3, NOW)
    two.store.gates.strike(1, NOW)
    decide(two.store, 3000, 3, NOW)
    assert two.exchange(2).why is Why.IN_SYNC


def test_a_slip_that_never_left_the_office_moves_at_once(two: HubRig) -> None:
    fresh = replace(SLIP, grant_id=3100, issue_id=4100, credential=card(901))
    two.want(1, fresh)
    move = order_move(two.store, fresh, 2, THERE, NOW)
    two.exchange(1)
    two.exchange(2)
    opens = [one for one in two.store.wanted.rows(issue_id=4100) if one.gate_id == 2]
    assert [one.record.grant_id for one in opens] == [move.new_grant_id]


@pytest.mark.parametrize(
    ("grant", "to_gate", "named"),
    [
        (replace(SLIP, grant_id=9), 2, "not a counted grant"),
        (resident(1), 2, "not a counted grant"),
        (SLIP, 1, "at gate 1 already"),
        (SLIP, 9, "no gate 9"),
    ],
)
def test_what_cannot_move_is_refused(two: HubRig, grant: Grant, to_gate: int, named: str) -> None:
    with pytest.raises(OfficeError, match=named):
        order_move(two.store, grant, to_gate, THERE, NOW)


def test_a_grant_moves_once(two: HubRig) -> None:
    order_move(two.store, SLIP, 2, THERE, NOW)
    with pytest.raises(OfficeError, match="not a counted grant"):
        order_move(two.store, SLIP, 2, THERE, NOW)


def test_after_loss_of_its_log_a_gates_slips_wait_for_a_clerk(two: HubRig) -> None:
    log = LogEpoch(ESTATE_ID, 1, b"new".ljust(16), Predecessor(b"old".ljust(16), 3), bytes(16))
    take_log_epoch(two.store, log, NOW)
    two.exchange(1)
    assert gates_with_slip(two) == [], "unspent or not, nobody knows"
    assert two.boxes[1].opens(1001)
    decide(two.store, 3000, 2, NOW)
    two.exchange(1)
    assert gates_with_slip(two) == [(1, 3001, 2)], "a new id: the gate refuses the old one for ever"


def test_the_second_gates_readers_decide_under_which_forms_it_stands_there(two: HubRig) -> None:
    rules = ((1, MappingRule(low_bits=24)),)
    two.want_settings(2, replace(SETTINGS, mappings=rules))
    order_move(two.store, SLIP, 2, THERE, NOW)
    two.exchange(1)
    rows = [decode_record(one.record) for one in two.store.wanted.rows(issue_id=SLIP.issue_id)]
    here = [one for one in rows if isinstance(one, Grant)]
    assert {one.credential.technology for one in here} == {Technology.ISO14443A, Technology.SHORT}
    ended = [one for one in rows if isinstance(one, Tombstone)]
    assert [one.reason for one in ended] == [RevocationReason.WITHDRAWN]


def test_a_slip_that_was_never_signed_here_waits_for_the_gates_word_too(rig: HubRig) -> None:
    """The store may be an old backup: the gate may have had the slip, and used it, since."""
    rig.store.gates.add(registered(2))
    rig.boxes[2] = type(rig.boxes[1])(2)
    rig.want(1, *(resident(number) for number in range(1, 6)), SLIP)
    rig.want(2, *(resident(number) for number in range(1, 6)))
    move = order_move(rig.store, SLIP, 2, THERE, NOW)
    assert move.state is MoveState.ENDING
    kept = rig.store.moves.get(SLIP.grant_id)
    assert kept is not None
    assert kept.state is MoveState.ENDING
    rig.boxes[1].spent = (Spent(SLIP.grant_id, 2),)
    for gate in (1, 2):
        rig.exchange(gate)
    rig.exchange(2)
    assert [uses for gate, _, uses in gates_with_slip(rig) if gate == 2] == [1]


def test_a_log_that_does_not_know_of_the_one_before_it_replaces_it_all_the_same(two: HubRig) -> None:
    """Everything in the gate process's directory is gone; the office still knows that there was a log."""
    first, second = (LogEpoch(ESTATE_ID, 1, name.ljust(16), None, bytes(16)) for name in (b"old", b"new"))
    take_log_epoch(two.store, first, NOW)
    two.exchange(1)
    assert gates_with_slip(two) == [(1, 3000, 3)], "a gate's first log replaces none"
    take_log_epoch(two.store, second, NOW)
    two.exchange(1)
    assert gates_with_slip(two) == []
    assert [one.name for one in two.store.diary.alarms()] == ["log_replaced"]


def test_a_log_is_taken_for_new_once(two: HubRig) -> None:
    """Else what a clerk has settled would be ended again with the next session."""
    log = LogEpoch(ESTATE_ID, 1, b"new".ljust(16), Predecessor(b"old".ljust(16), 3), bytes(16))
    take_log_epoch(two.store, log, NOW)
    two.exchange(1)
    decide(two.store, 3000, 2, NOW)
    two.reopen()
    take_log_epoch(two.store, log, NOW)
    two.exchange(1)
    assert gates_with_slip(two) == [(1, 3001, 2)]


def test_a_gate_that_names_a_log_which_nobody_knows_is_believed_when_it_announces_it(two: HubRig) -> None:
    """The greeting does not say what was before it; the signed announcement does."""
    take_log_state(two.store, 1, b"new".ljust(16), NOW)
    two.exchange(1)
    assert gates_with_slip(two) == [(1, 3000, 3)]
    log = LogEpoch(ESTATE_ID, 1, b"new".ljust(16), Predecessor(b"old".ljust(16), 3), bytes(16))
    assert take_log_epoch(two.store, log, NOW) == 3
    two.exchange(1)
    assert gates_with_slip(two) == []


def test_a_gate_that_greets_with_another_log_than_before_gets_no_slip(two: HubRig) -> None:
    take_log_epoch(two.store, LogEpoch(ESTATE_ID, 1, b"old".ljust(16), None, bytes(16)), NOW)
    for _ in range(2):
        take_log_state(two.store, 1, b"new".ljust(16), NOW)
    two.exchange(1)
    assert gates_with_slip(two) == []
    assert [one.count for one in two.store.diary.alarms()] == [1]
