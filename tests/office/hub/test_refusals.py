"""What follows when a gate refuses what was signed for it."""

from __future__ import annotations

import pytest

from office.hub.planner import Why
from office.hub.reception import take_refusal
from sync.content import MemoryContent
from sync.encoding import stored
from tests.support.estate import NOW, resident
from tests.support.hub import HubRig, lost, same_list, with_residents


def refuse(rig: HubRig, attack: str) -> None:
    take_refusal(rig.store, 1, rig.store.signed.newest(1), attack, "a text of the gate's", NOW)


def test_a_gate_whose_list_is_damaged_gets_a_whole_one(rig: HubRig) -> None:
    """A delta does not fit what the gate really has; the digest says so, and a snapshot mends it."""
    with_residents(rig)
    gate = rig.boxes[1].gate
    assert gate.content is not None
    others = [one for one in gate.content.records() if one.grant_id != 1005]
    gate.content = MemoryContent(gate.content.settings(), [*others, stored(resident(77))])
    rig.want(1, lost(1), urgent=True)
    assert rig.exchange(1).why is Why.IN_SYNC
    assert rig.boxes[1].refused == ["digest_mismatch"]
    assert same_list(rig)


@pytest.mark.parametrize("attack", ["unknown_key", "expired_key", "unsupported_version", "digest_mismatch"])
def test_a_refused_snapshot_is_not_sent_again_and_again(rig: HubRig, attack: str) -> None:
    rig.want(1, resident(1))
    rig.report(1)
    assert len(rig.advance(1).envelopes) == 1
    refuse(rig, attack)
    outgoing = rig.advance(1)
    assert (outgoing.why, outgoing.envelopes) == (Why.REFUSED, ())
    assert [(one.name, one.count) for one in rig.store.diary.alarms()] == [(f"gate_refused_{attack}", 1)]
    rig.store.diary.resume(1, NOW)
    assert rig.exchange(1).why is Why.IN_SYNC


@pytest.mark.parametrize("attack", ["gap", "rollback"])
def test_an_update_that_was_overtaken_is_no_error(rig: HubRig, attack: str) -> None:
    with_residents(rig)
    rig.want(1, lost(1), urgent=True)
    rig.advance(1)
    refuse(rig, attack)
    assert rig.store.diary.contact(1).refusal is None
    assert rig.exchange(1).why is Why.IN_SYNC


def test_a_refused_delta_waits_until_something_changes(rig: HubRig) -> None:
    with_residents(rig)
    rig.want(1, lost(1), urgent=True)
    rig.advance(1)
    refuse(rig, "expired_key")
    assert rig.advance(1).why is Why.REFUSED
    rig.want(1, lost(2), urgent=True)
    assert rig.exchange(1).why is Why.IN_SYNC
    assert rig.store.diary.contact(1).refusal is None


def test_what_a_gate_says_is_printable_before_anybody_reads_it(rig: HubRig) -> None:
    rig.store.diary.alarm(1, "gate_refused_gap", "\x1b[2Jcleared\n" * 100, NOW)
    (alarm,) = rig.store.diary.alarms()
    assert alarm.text.isprintable()
    assert len(alarm.text) <= 500
