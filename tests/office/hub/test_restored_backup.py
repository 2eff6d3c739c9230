"""The hub goes on with a database that is a week old."""

from __future__ import annotations

from pathlib import Path

import pytest

from office.errors import OfficeError
from office.hub.planner import Why
from office.hub.reception import take_highest
from office.hub.store import HubStore
from sync.envelope import seal
from sync.update import ListVersion
from tests.support.estate import ESTATE_ID, NOW, ROOT, resident
from tests.support.hub import HubRig, lost, registered, same_list, with_residents

WEEK = 7 * 86_400


@pytest.fixture
def backup(rig: HubRig, tmp_path: Path) -> Path:
    """Where there is a backup of a hub whose gate has 20 residents; the hub goes on."""
    with_residents(rig)
    rig.back_up(tmp_path)
    return tmp_path


def restore(rig: HubRig, backup: Path) -> None:
    rig.restore(backup)
    rig.now = NOW + WEEK


def test_a_card_revoked_since_the_backup_never_comes_back_by_itself(rig: HubRig, backup: Path) -> None:
    rig.want(1, lost(3), urgent=True)
    rig.exchange(1)
    had = rig.boxes[1].gate.image()
    restore(rig, backup)
    assert rig.exchange(1).why is Why.NEEDS_CLERK
    rig.want(1, resident(30))
    assert rig.exchange(1).why is Why.NEEDS_CLERK
    assert rig.boxes[1].gate.image() == had


def test_after_a_clerk_has_entered_it_again_the_hub_goes_on_above(rig: HubRig, backup: Path) -> None:
    rig.want(1, lost(3), urgent=True)
    rig.exchange(1)
    reached = rig.boxes[1].gate.current
    assert reached is not None
    restore(rig, backup)
    rig.report(1)
    rig.want(1, lost(3), urgent=True)
    rig.store.diary.resume(1, rig.now)
    assert rig.exchange(1).why is Why.IN_SYNC
    assert rig.boxes[1].refused == []
    assert rig.store.signed.top(1) == ListVersion(1, reached.version.revision + 1)
    assert not rig.boxes[1].opens(1003)
    assert same_list(rig)


def test_a_gate_that_stood_still_needs_nobody(rig: HubRig, backup: Path) -> None:
    restore(rig, backup)
    rig.want(1, lost(3), urgent=True)
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


def test_a_clerks_word_counts_once(rig: HubRig, backup: Path) -> None:
    for _ in range(2):
        rig.want(1, lost(3), urgent=True)
        rig.exchange(1)
        restore(rig, backup)
        assert rig.exchange(1).why is Why.NEEDS_CLERK
        rig.store.diary.resume(1, rig.now)
        rig.want(1, lost(3), urgent=True)
        assert rig.exchange(1).why is Why.IN_SYNC


def test_what_the_restored_hub_cannot_foresee_the_gate_refuses_and_the_manager_settles(
    rig: HubRig, backup: Path
) -> None:
    """The gate remembers losses that the old database does not: its brake may be nearer than ours."""
    rig.want(1, *(lost(number) for number in (1, 2, 3, 4)), urgent=True)
    rig.want(1, *(resident(number) for number in range(100, 130)))
    rig.exchange(1)
    restore(rig, backup)
    rig.now = NOW + 60
    rig.report(1)
    rig.store.diary.resume(1, rig.now)
    assert rig.exchange(1).why is Why.NEEDS_MANAGER
    assert rig.boxes[1].refused == ["mass_removal"]
    assert rig.boxes[1].opens(1100)


def test_a_backup_is_a_store_of_its_own(tmp_path: Path) -> None:
    store = HubStore.found(tmp_path / "hub.db", ESTATE_ID)
    store.gates.add(registered(1))
    store.backup(tmp_path / "backup.db")
    with pytest.raises(OfficeError, match="exists"):
        store.backup(tmp_path / "backup.db")
    store.close()
    copy = HubStore(tmp_path / "backup.db")
    assert copy.store_is_sound()
    assert [one.gate_id for one in copy.gates.all()] == [1]
    copy.close()


def test_a_gate_without_a_list_that_remembers_a_newer_one_is_not_sent_old_ones_for_ever(
    rig: HubRig, backup: Path
) -> None:
    """Both faults at once: the gate lost its lists, and the office the numbers it had reached."""
    for number in range(1, 4):
        rig.want(1, lost(number), urgent=True)
        rig.exchange(1)
    restore(rig, backup)
    rig.boxes[1].gate.current = rig.boxes[1].gate.content = None
    assert rig.exchange(1).why is Why.REFUSED
    assert rig.boxes[1].refused == ["rollback"]
    assert rig.advance(1).envelopes == ()
    composed = rig.publisher.raise_epoch(1, rig.now)
    rig.publisher.root_signed(1, composed.statement, seal(composed.statement, [ROOT]))
    assert rig.exchange(1).why is Why.IN_SYNC
    assert same_list(rig)


def test_a_gate_that_names_the_list_it_lost_needs_a_clerk_and_no_root(rig: HubRig, backup: Path) -> None:
    for number in range(1, 4):
        rig.want(1, lost(number), urgent=True)
        rig.exchange(1)
    restore(rig, backup)
    box = rig.boxes[1]
    had = box.gate.highest
    assert had is not None
    box.gate.current = box.gate.content = None
    take_highest(rig.store, 1, (had.version, had.digest), rig.now)
    assert rig.exchange(1).why is Why.NEEDS_CLERK, "the backup does not know who was revoked since"
    assert "has lost list 1.4" in rig.store.diary.alarms()[0].text
    for number in range(1, 4):
        rig.want(1, lost(number), urgent=True)
    rig.store.diary.resume(1, rig.now)
    assert rig.exchange(1).why is Why.IN_SYNC
    assert box.refused == []
    assert rig.store.signed.top(1) == ListVersion(1, had.version.revision + 1)
    assert same_list(rig)


def test_another_list_under_one_of_our_numbers_is_not_ours(rig: HubRig) -> None:
    with_residents(rig)
    rig.boxes[1].gate.current = rig.boxes[1].gate.content = rig.boxes[1].gate.highest = None
    rig.report(1)
    version = rig.store.signed.newest(1)
    take_highest(rig.store, 1, (version, bytes(32)), rig.now)
    assert rig.advance(1).why is Why.NEEDS_CLERK
    take_highest(rig.store, 1, None, rig.now)
    assert rig.exchange(1).why is Why.IN_SYNC
