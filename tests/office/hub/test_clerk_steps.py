"""Granting by hand, and what the outbox tells the hub."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.clerk_steps import grant, revoke
from office.hub.planner import Why
from sync.encoding import decode_record
from sync.records import MappingRule, RevocationReason, Technology
from tests.support.estate import NOW, SETTINGS, card, resident
from tests.support.hub import HubRig, registered


@pytest.fixture
def two(rig: HubRig) -> HubRig:
    """Gate 2 has a reader that delivers 24 bits."""
    rig.store.gates.add(registered(2))
    rig.boxes[2] = type(rig.boxes[1])(2)
    for gate in (1, 2):
        rig.want(gate, *(resident(number) for number in range(1, 6)))
    rig.want_settings(2, replace(SETTINGS, mappings=((1, MappingRule(low_bits=24)),)))
    return rig


def test_a_grant_stands_under_every_form_its_gates_readers_see(two: HubRig) -> None:
    for gate in (1, 2):
        grant(two.store, gate, resident(40), NOW)
    rows = two.store.wanted.rows(issue_id=2040)
    forms = {(one.gate_id, decode_record(one.record).credential.technology) for one in rows}
    assert forms == {(1, Technology.ISO14443A), (2, Technology.ISO14443A), (2, Technology.SHORT)}
    two.exchange(2)
    changes = revoke(two.store, NOW, RevocationReason.LOST, credential=card(40))
    assert [(one.gate_id, one.urgent) for one in changes] == [(1, True), (2, True)]
    assert two.exchange(2).why is Why.IN_SYNC
    assert not two.boxes[2].opens(1040)


def test_two_chips_that_a_reader_cannot_tell_apart_are_refused(two: HubRig) -> None:
    grant(two.store, 2, resident(40), NOW)
    twin = replace(resident(41), credential=replace(card(40), number=b"\x05" + card(40).number[1:]))
    with pytest.raises(OfficeError, match="and so is issue 2040"):
        grant(two.store, 2, twin, NOW)
    grant(two.store, 1, twin, NOW)  # there, readers deliver whole numbers


def test_a_counted_grant_is_on_one_list_only(two: HubRig) -> None:
    slip = replace(resident(50), uses=2)
    grant(two.store, 1, slip, NOW)
    with pytest.raises(OfficeError, match="can\\s+only move"):
        grant(two.store, 2, slip, NOW)


def test_a_gate_without_settings_gets_no_grant(rig: HubRig) -> None:
    with pytest.raises(OfficeError, match="no list yet"):
        grant(rig.store, 1, resident(1), NOW)


def test_the_outbox_tells_each_change_once_and_in_order(two: HubRig) -> None:
    seen = two.store.wanted.changes_after(0)
    numbers = [one.number for one in seen]
    assert numbers == sorted(set(numbers))
    last = numbers[-1]
    two.want(1, resident(1))  # as it was: no change
    assert two.store.wanted.changes_after(last) == []
    two.want(1, resident(60))
    (change,) = two.store.wanted.changes_after(last)
    assert (change.gate_id, change.urgent) == (1, False)
    assert change.number > last
    two.store.tidy(NOW + 40 * 86_400)
    assert two.store.wanted.changes_after(0) == []
    two.reopen()
    two.want(1, resident(61))
    (later,) = two.store.wanted.changes_after(0)
    assert later.number > change.number, "a number is never given twice"


def test_grant_ids_are_never_given_twice(two: HubRig) -> None:
    first = two.store.wanted.unused_grant_id()
    assert first > 1005
    two.store.wanted.put(1, removed=[(card(5).key, 1005)], urgent=False, at=NOW)
    assert two.store.wanted.unused_grant_id() == first + 1


def test_one_receipt_is_read_where_one_is_asked_for(two: HubRig) -> None:
    book = two.store.receipts
    assert book.newest(1) is None
    for number in (60, 61, 62):
        grant(two.store, 1, resident(number), NOW)
        two.exchange(1)
    every = book.of_gate(1)
    assert len(every) >= 3
    assert book.newest(1) == every[-1]
    for one in every:
        assert book.first_from(1, one.version) == one
    assert book.first_from(1, replace(every[-1].version, revision=1 << 40)) is None
    assert book.newest(2) is None
