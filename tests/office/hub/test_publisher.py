"""What the hub signs, judged by the gates' own rules."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.planner import Why
from office.hub.reception import take_report
from sync.envelope import countersign, parse_envelope, seal
from sync.fields import MAX_WHOLE
from sync.records import DoorPolicy
from sync.update import ListVersion
from tests.support.estate import CHAIN, LISTS, MANAGER, NOW, ROOT, SETTINGS, card, resident
from tests.support.hub import HubRig, lost, registered, same_list, with_residents


def test_a_first_list_is_a_snapshot(rig: HubRig) -> None:
    rig.want(1, *(resident(number) for number in range(1, 21)))
    rig.report(1)
    outgoing = rig.advance(1)
    assert [rig.kind(one) for one in outgoing.envelopes] == ["snapshot by list"]
    assert rig.advance(1) == outgoing, "asking again signs nothing new"
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


def test_a_gate_that_is_away_gets_nothing_signed(rig: HubRig) -> None:
    rig.want(1, resident(1))
    assert rig.publisher.advance(1, NOW, connected=False).why is Why.NO_CONTACT
    assert rig.advance(1).why is Why.NO_CONTACT, "it never told which list it has"
    assert rig.store.signed.newest(1) == ListVersion(0, 0)


def test_a_gate_struck_off_gets_nothing(rig: HubRig) -> None:
    with_residents(rig)
    rig.store.gates.strike(1, NOW)
    rig.want(1, lost(1), urgent=True)
    assert rig.advance(1) == replace(rig.advance(1), why=Why.STRUCK_OFF, envelopes=())


def test_changes_go_out_as_one_delta(rig: HubRig) -> None:
    with_residents(rig)
    rig.want(1, resident(21), lost(3))
    rig.store.wanted.put(1, removed=[(card(4).key, 1004)], urgent=False, at=NOW)
    outgoing = rig.advance(1)
    assert [rig.kind(one) for one in outgoing.envelopes] == ["delta by list"]
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


def test_a_lost_delta_is_sent_again_with_what_follows(rig: HubRig) -> None:
    with_residents(rig)
    rig.want(1, lost(1), urgent=True)
    first = rig.advance(1).envelopes
    rig.want(1, lost(2), urgent=True)
    again = rig.advance(1).envelopes
    assert again[:1] == first
    assert len(again) == 2
    rig.reopen()
    assert rig.advance(1).envelopes == again
    assert rig.exchange(1).why is Why.IN_SYNC
    assert rig.boxes[1].refused == []


def test_without_the_list_key_only_revocations_go_out(rig: HubRig) -> None:
    with_residents(rig)
    rig.keys.list_key = False
    rig.want(1, resident(21))
    assert rig.exchange(1).why is Why.NEEDS_LIST_KEY
    rig.want(1, lost(1), urgent=True)
    outgoing = rig.advance(1)
    assert [rig.kind(one) for one in outgoing.envelopes] == ["delta by online"]
    assert rig.exchange(1).why is Why.NEEDS_LIST_KEY
    assert not rig.boxes[1].opens(1001)
    assert not rig.boxes[1].opens(1021)
    rig.keys.list_key = True
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


def test_without_any_key_nothing_goes_out(rig: HubRig) -> None:
    with_residents(rig)
    rig.keys.list_key = rig.keys.online_key = False
    rig.want(1, lost(1), urgent=True)
    assert rig.exchange(1).why is Why.NEEDS_LIST_KEY


def running_snapshot(rig: HubRig) -> bytes:
    """A change so large that a snapshot is on its way to a gate that has a list."""
    with_residents(rig)
    rig.want(1, *(resident(number) for number in range(100, 400)))
    (data,) = rig.advance(1).envelopes
    assert rig.kind(data) == "snapshot by list"
    return data


def test_a_revocation_overtakes_a_running_snapshot(rig: HubRig) -> None:
    snapshot = running_snapshot(rig)
    rig.want(1, lost(1), urgent=True)
    delta, anew = rig.advance(1).envelopes
    assert rig.kind(delta) == "delta by online"
    assert rig.deliver(1, delta) is None
    assert not rig.boxes[1].opens(1001)
    assert rig.deliver(1, snapshot) == "rollback"
    assert rig.deliver(1, anew) is None
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


def test_a_revocation_that_comes_too_late_for_a_snapshot_follows_it(rig: HubRig) -> None:
    snapshot = running_snapshot(rig)
    rig.want(1, lost(1), urgent=True)
    assert rig.boxes[1].offer(snapshot) is None  # taken, but its receipt is still under way
    delta, anew = rig.advance(1).envelopes
    assert rig.boxes[1].offer(delta) == "gap"
    assert rig.exchange(1).why is Why.IN_SYNC
    assert not rig.boxes[1].opens(1001)
    assert same_list(rig)
    assert anew != snapshot


def test_a_change_during_a_snapshot_follows_as_a_delta(rig: HubRig) -> None:
    snapshot = running_snapshot(rig)
    rig.want(1, resident(500))
    rig.store.wanted.put(1, removed=[(card(399).key, 1399)], urgent=False, at=NOW)
    assert rig.advance(1).envelopes == (snapshot,)
    assert rig.deliver(1, snapshot) is None
    assert [rig.kind(one) for one in rig.advance(1).envelopes] == ["delta by list"]
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


def test_a_snapshot_that_was_replaced_can_still_be_taken(rig: HubRig) -> None:
    first = running_snapshot(rig)
    rig.want(1, lost(1), urgent=True)
    rig.advance(1)
    assert rig.deliver(1, first) is None
    rig.want(1, lost(2), urgent=True)
    outgoing = rig.advance(1)
    assert [rig.kind(one) for one in outgoing.envelopes] == ["delta by list"], "no second snapshot is needed"
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


def test_new_settings_go_out_as_a_delta(rig: HubRig) -> None:
    with_residents(rig)
    rig.want_settings(1, replace(SETTINGS, doors=(*SETTINGS.doors, DoorPolicy(3))))
    assert [rig.kind(one) for one in rig.advance(1).envelopes] == ["delta by list"]
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


def test_a_mass_removal_waits_and_a_lost_card_does_not(rig: HubRig) -> None:
    with_residents(rig, 40)
    before = rig.store.signed.top(1)
    rig.want(1, *(lost(number) for number in range(1, 21)), urgent=True)
    assert rig.exchange(1).why is Why.NEEDS_MANAGER
    assert rig.store.signed.top(1) == before, "it is held without a number"
    rig.want(1, lost(30), urgent=True)
    assert rig.exchange(1).why is Why.NEEDS_MANAGER
    assert rig.boxes[1].refused == []
    assert not rig.boxes[1].opens(1030)
    assert rig.boxes[1].opens(1001)
    assert rig.store.signed.top(1).revision == before.revision + 1


def test_the_manager_lets_a_mass_removal_pass(rig: HubRig) -> None:
    with_residents(rig, 40)
    rig.want(1, *(lost(number) for number in range(1, 21)), urgent=True)
    rig.exchange(1)
    proposal = rig.publisher.propose(1, NOW + 5)
    assert rig.boxes[1].offer(proposal) == "mass_removal"
    signed = countersign(proposal, MANAGER, delegations=CHAIN)
    rig.publisher.countersigned(1, parse_envelope(signed).statement, signed)
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)
    rig.want(1, *(lost(number) for number in range(21, 23)), urgent=True)
    assert rig.exchange(1).why is Why.IN_SYNC, "what the manager agreed to counts no more"


def test_a_proposal_that_was_overtaken_is_refused(rig: HubRig) -> None:
    with_residents(rig, 40)
    rig.want(1, *(lost(number) for number in range(1, 21)), urgent=True)
    rig.exchange(1)
    signed = countersign(rig.publisher.propose(1, NOW + 5), MANAGER, delegations=CHAIN)
    rig.want(1, lost(30), urgent=True)
    rig.exchange(1)
    with pytest.raises(OfficeError, match="propose it again"):
        rig.publisher.countersigned(1, parse_envelope(signed).statement, signed)


def test_nothing_is_proposed_while_nothing_waits(rig: HubRig) -> None:
    with_residents(rig)
    with pytest.raises(OfficeError, match="nothing waits"):
        rig.publisher.propose(1, NOW)


def test_a_gate_that_lost_its_list_gets_a_snapshot(rig: HubRig) -> None:
    with_residents(rig)
    rig.boxes[1].gate.current = rig.boxes[1].gate.content = None
    rig.report(1)
    assert [rig.kind(one) for one in rig.advance(1).envelopes] == ["snapshot by list"]
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


@pytest.mark.parametrize(("version", "named"), [((1, 1), "known"), ((1, 50), "ahead"), ((3, 7), "epoch")])
def test_a_list_we_never_signed_waits_for_a_clerk(rig: HubRig, version: tuple[int, int], named: str) -> None:
    with_residents(rig)
    take_report(rig.store, 1, (ListVersion(*version), b"another list".ljust(32)), NOW)
    assert rig.advance(1).why is Why.NEEDS_CLERK, named
    assert [one.name for one in rig.store.diary.alarms()] == ["unknown_list"]
    rig.store.diary.resume(1, NOW)
    outgoing = rig.advance(1)
    assert [rig.kind(one) for one in outgoing.envelopes] == ["snapshot by list"]
    assert outgoing.version is not None
    assert outgoing.version > ListVersion(*version)
    assert outgoing.version.epoch == version[0]


def test_used_up_revisions_need_the_root(rig: HubRig) -> None:
    """A stolen list key signed revision 2^63 - 1: the way back is an epoch that the root begins."""
    with_residents(rig)
    stolen = rig.publisher.raise_epoch(1, NOW).statement  # a well-formed list, which he numbers as he likes
    content = rig.boxes[1].gate.content
    assert content is not None
    version = ListVersion(1, MAX_WHOLE)
    digest = content.digest(estate_id=stolen.estate_id, gate_id=1, version=version)
    assert (
        rig.boxes[1].offer(seal(replace(stolen, version=version, digest=digest), [LISTS], delegations=CHAIN))
        is None
    )
    assert rig.exchange(1).why is Why.NEEDS_CLERK
    rig.store.diary.resume(1, NOW)
    assert rig.exchange(1).why is Why.NEEDS_ROOT
    composed = rig.publisher.raise_epoch(1, NOW + 9)
    rig.publisher.root_signed(1, composed.statement, seal(composed.statement, [ROOT]))
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)
    assert rig.store.signed.top(1) == ListVersion(2, 1)


def test_one_gate_that_cannot_be_served_stops_no_other(rig: HubRig) -> None:
    rig.store.gates.add(registered(2))
    rig.want(1, resident(1))
    rig.report(1)
    take_report(rig.store, 2, None, NOW)  # registered, but nobody has given it a list
    found = rig.publisher.advance_all([2, 1], NOW)
    assert isinstance(found[2], OfficeError)
    assert not isinstance(found[1], OfficeError)
    assert len(found[1].envelopes) == 1
