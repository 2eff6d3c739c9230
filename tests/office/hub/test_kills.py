"""The hub is killed at every point at which it writes; what it told is there, and it goes on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.hub.facts import MoveState
from office.hub.one_use import order_move
from office.hub.planner import Why
from office.hub.reception import take_events, take_log_epoch, take_receipt
from office.hub.schema import Checkpoint
from office.hub.store import HubStore
from sync.digest import bucket_digests, list_digest
from sync.events import GENESIS
from sync.records import Access, Grant, GrantKind
from sync.statements.log_epoch import LogEpoch, Predecessor
from tests.support.estate import ESTATE_ID, NOW, card, resident
from tests.support.hub import HubRig, lost
from tests.support.log_batches import BOOT, EPOCH, HONEST, OTHER, batch_of, head_of
from tests.support.postgresql import store_address
from tests.support.processes import kill_at

MOST_POINTS = 150
SLIP = Grant(3000, 4000, card(900), GrantKind.RELEASE_SLIP, (Access(1),), uses=3)


def live(directory: Path, checkpoint: Checkpoint) -> None:
    """A short life of a hub, with everything that it writes."""
    rig = HubRig(directory, gates=2, checkpoint=checkpoint)
    for gate in (1, 2):
        rig.want(gate, *(resident(number) for number in range(1, 6)))
        rig.exchange(gate)
    rig.want(1, SLIP)
    rig.exchange(1)
    take_events(rig.store, 1, batch_of(HONEST[:5]), NOW)
    rig.want(1, lost(1), urgent=True)
    rig.exchange(1)
    order_move(rig.store, SLIP, 2, (Access(2),), NOW)
    rig.exchange(1)
    take_events(rig.store, 1, batch_of(HONEST), NOW + 1)
    take_log_epoch(rig.store, LogEpoch(ESTATE_ID, 1, OTHER, Predecessor(EPOCH, 12), BOOT), NOW)
    rig.want(1, *(resident(number) for number in range(100, 400)))
    rig.exchange(1)
    rig.store.events.purge(NOW + 1)
    rig.store.gates.strike(2, NOW)
    rig.close()


def assert_sound(store: HubStore) -> None:
    """What belongs together is there together."""
    assert store.store_is_sound()
    changed = {one.gate_id for one in store.wanted.changes_after(0)}
    for gate in store.gates.all():
        gate_id = gate.gate_id
        difference = store.wanted.difference(gate_id)
        assert (difference.change > 0) is (gate_id in changed), "a change and its outbox row"
        held, content = store.signed.held(gate_id), store.signed.held_content(gate_id)
        if held is not None:
            ordered = sorted(content.records())
            digest = list_digest(
                estate_id=ESTATE_ID,
                gate_id=gate_id,
                version=held.version,
                settings=content.settings(),
                buckets=bucket_digests(ordered),
            )
            assert digest == held.digest, "what was signed and the list it leads to"
            assert held.version <= store.signed.top(gate_id)
        for epoch in store.events.logs(gate_id):
            rows = store.events.read(gate_id, epoch, 0, 1000)
            position = store.events.position(gate_id, epoch)
            assert not rows or rows[-1].number == position.number
            assert position.link == (head_of(HONEST[: position.number]).link if position.number else GENESIS)
    for move in store.moves.open():
        assert move.state in (MoveState.ENDING, MoveState.CLERK)
        assert all(one.record.grant_id != move.new_grant_id for one in store.wanted.rows(issue_id=4000))


def test_a_kill_at_any_write_leaves_a_sound_store(tmp_path: Path) -> None:
    for number in range(MOST_POINTS):
        directory = tmp_path / str(number)
        directory.mkdir()
        if not kill_at(number, partial(live, directory)):
            assert number > 40, "the life has that many write points"
            break
        store = HubStore.found(store_address(directory), ESTATE_ID)
        assert_sound(store)
        store.close()
    else:
        pytest.fail("the life has more write points than are tried")


def test_after_a_kill_the_gate_gets_what_the_hub_had_signed(tmp_path: Path) -> None:
    """The update left before the hub died, and its receipt met nobody."""
    rig = HubRig(tmp_path)
    rig.want(1, *(resident(number) for number in range(1, 6)))
    rig.exchange(1)
    rig.want(1, lost(1), urgent=True)
    (delta,) = rig.advance(1).envelopes
    rig.boxes[1].offer(delta)
    rig.reopen()  # the receipt is lost with the process
    assert rig.exchange(1).why is Why.IN_SYNC
    assert rig.boxes[1].refused == []
    take_receipt(rig.store, 1, rig.boxes[1].receipt(), NOW)  # and comes twice later
    take_receipt(rig.store, 1, rig.boxes[1].receipt(), NOW)
    assert len(rig.store.receipts.of_gate(1)) == 2
    rig.close()


def want_and_fail(rig: HubRig, number: int) -> None:
    with rig.store.transaction():
        rig.want(1, resident(number))
        raise OfficeError("a later step of the procedure")


def test_a_transaction_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    rig = HubRig(tmp_path)
    with pytest.raises(OfficeError):
        want_and_fail(rig, 1)
    assert rig.store.wanted.changes_after(0) == []
    with rig.store.transaction():
        rig.want(1, resident(1))
        with pytest.raises(OfficeError):
            want_and_fail(rig, 2)
    assert [one.grant_id for one in rig.store.wanted.content(1).records()] == [1001]
    assert len(rig.store.wanted.changes_after(0)) == 1
    rig.close()


def test_the_store_of_another_estate_or_kind_is_refused(tmp_path: Path) -> None:
    HubStore.found(tmp_path / "hub.db", ESTATE_ID).close()
    with pytest.raises(OfficeError, match="of estate"):
        HubStore.found(tmp_path / "hub.db", bytes(8))
    with pytest.raises(OfficeError, match="no such store"):
        HubStore(tmp_path / "missing.db")
    (tmp_path / "text.db").write_bytes(b"no database at all, but long enough to look like one" * 20)
    with pytest.raises(OfficeError, match="restore the last backup"):
        HubStore(tmp_path / "text.db")
    with pytest.raises(OfficeError, match="cannot be created"):
        HubStore.found(tmp_path / "nowhere" / "hub.db", ESTATE_ID)
