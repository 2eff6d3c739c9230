"""How gates stand, and since when a card is refused or accepted, from receipts alone."""

from __future__ import annotations

import pytest

from office.hub.clerk_steps import card_report, gate_report
from office.hub.facts import Contact, KeptReceipt, LinkKind
from office.hub.gate_state import SERIAL_SILENT_S, SILENT_S, Confirmation, GateState, confirmation, view
from office.hub.planner import Why
from office.hub.reception import take_receipt
from sync.records import ClockState, RevocationReason
from sync.session_events import SERIAL_PACE
from sync.update import ListVersion
from tests.support.estate import NOW, card, resident
from tests.support.hub import HubRig, lost, registered


def v(revision: int) -> ListVersion:
    return ListVersion(1, revision)


def kept(revision: int, applied_at: int | None = NOW, received_at: int = NOW + 2) -> KeptReceipt:
    clock = ClockState.UNKNOWN if applied_at is None else ClockState.TRUSTED
    return KeptReceipt(v(revision), bytes(32), applied_at, clock, received_at)


HERE = Contact(NOW, True, v(3), bytes(32))


@pytest.mark.parametrize(
    ("contact", "receipts", "why", "waits", "state"),
    [
        (HERE, [kept(3)], Why.IN_SYNC, False, GateState.IN_SYNC),
        (HERE, [kept(3)], Why.SENDING, True, GateState.PENDING),
        (HERE, [kept(2)], Why.IN_SYNC, False, GateState.PENDING),
        (HERE, [], Why.IN_SYNC, False, GateState.PENDING),
        (Contact(), [], Why.NO_CONTACT, True, GateState.UNREACHABLE),
        (Contact(NOW - SILENT_S - 100), [kept(3)], Why.IN_SYNC, False, GateState.UNREACHABLE),
        (Contact(NOW, True, v(3), refusal="expired_key"), [kept(3)], Why.SENDING, True, GateState.ERROR),
        *(
            (HERE, [kept(3)], why, True, GateState.ERROR)
            for why in Why
            if "waits for" in why or "look" in why
        ),
        (Contact(), [], Why.STRUCK_OFF, False, GateState.ERROR),
    ],
)
def test_each_state_has_its_reason(
    contact: Contact, receipts: list[KeptReceipt], why: Why, waits: bool, state: GateState
) -> None:
    assert view(contact, receipts, why=why, waits=waits, at=NOW).state is state


def test_a_lists_age_comes_from_its_receipt() -> None:
    assert view(HERE, [kept(2), kept(3)], why=Why.IN_SYNC, waits=False, at=NOW + 50).list_age_s == 50
    assert view(HERE, [kept(3, None)], why=Why.IN_SYNC, waits=False, at=NOW + 50).list_age_s == 48
    assert view(HERE, [], why=Why.IN_SYNC, waits=False, at=NOW + 50).list_age_s is None


@pytest.mark.parametrize(
    ("came_with", "receipts", "expected"),
    [
        (None, [kept(3)], Confirmation(1, None, exact=False)),
        (v(4), [kept(3)], Confirmation(1, None, exact=False)),
        (v(3), [kept(2), kept(3)], Confirmation(1, NOW, exact=True)),
        (v(3), [kept(3, None)], Confirmation(1, NOW + 2, exact=False)),
        (v(2), [kept(1), kept(3)], Confirmation(1, NOW, exact=False)),
        (v(3), [kept(2)], Confirmation(1, None, exact=False)),
    ],
    ids=["not signed", "not there", "exact", "no clock", "by a later one", "no receipt"],
)
def test_a_second_is_told_only_as_a_receipt_proves_it(
    came_with: ListVersion | None, receipts: list[KeptReceipt], expected: Confirmation
) -> None:
    assert confirmation(1, came_with, receipts, HERE) == expected


def test_the_report_names_the_gates_that_have_not_confirmed(rig: HubRig) -> None:
    rig.store.gates.add(registered(2))
    rig.boxes[2] = type(rig.boxes[1])(2)
    for gate in (1, 2):
        rig.want(gate, *(resident(number) for number in range(1, 6)))
        rig.exchange(gate)
    accepted = card_report(rig.store, credential=card(1))
    assert [(one.confirmation.gate_id, one.confirmation.since, one.ended) for one in accepted] == [
        (1, NOW, None),
        (2, NOW, None),
    ]
    for gate in (1, 2):
        rig.want(gate, lost(1), urgent=True)
    rig.now = NOW + 7
    rig.exchange(1)
    found = {one.confirmation.gate_id: one for one in card_report(rig.store, issue_id=2001)}
    assert found[1].confirmation == Confirmation(1, NOW + 7, exact=True)
    assert found[1].ended is RevocationReason.LOST
    assert found[2].confirmation == Confirmation(2, None, exact=False)
    states = [gate_report(rig.store, one, NOW + 7).state for one in rig.store.gates.all()]
    assert states == [GateState.IN_SYNC, GateState.PENDING]


def test_a_delta_overtaken_by_a_snapshot_is_not_taken_for_the_proof(rig: HubRig) -> None:
    """The revocation was signed as a delta, but the gate has taken the snapshot before it."""
    rig.want(1, *(resident(number) for number in range(1, 6)))
    rig.exchange(1)
    rig.want(1, *(resident(number) for number in range(100, 400)))
    (snapshot,) = rig.advance(1).envelopes
    rig.want(1, lost(1), urgent=True)
    rig.advance(1)
    rig.boxes[1].offer(snapshot)
    take_receipt(rig.store, 1, rig.boxes[1].receipt(NOW), NOW)
    rig.advance(1)
    (found,) = card_report(rig.store, issue_id=2001)
    assert found.confirmation.since is None
    assert rig.boxes[1].opens(1001)
    rig.now = NOW + 9
    rig.exchange(1)
    (found,) = card_report(rig.store, issue_id=2001)
    assert found.confirmation.since == NOW + 9


@pytest.mark.parametrize(
    ("link", "silent_s", "state"),
    [
        (LinkKind.NETWORK, SILENT_S, GateState.IN_SYNC),
        (LinkKind.NETWORK, SILENT_S + 1, GateState.UNREACHABLE),
        (LinkKind.SERIAL, SERIAL_PACE.pulse_s * 2, GateState.IN_SYNC),
        (LinkKind.SERIAL, SERIAL_SILENT_S, GateState.IN_SYNC),
        (LinkKind.SERIAL, SERIAL_SILENT_S + 1, GateState.UNREACHABLE),
    ],
)
def test_a_gate_is_silent_by_the_pace_of_its_line(link: LinkKind, silent_s: float, state: GateState) -> None:
    contact = Contact(NOW - int(silent_s), True, v(3), bytes(32))
    assert view(contact, [kept(3)], why=Why.IN_SYNC, waits=False, at=NOW, link=link).state is state
