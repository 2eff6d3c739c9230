"""The hub's file: an old one is opened by this version, any other is refused and left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from office.hub.facts import Lowering
from office.hub.schema import APPLICATION_ID, SCHEMA_VERSION, HubStoreError
from office.hub.store import HubStore
from sync.update import ListVersion
from tests.support.estate import ESTATE_ID, NOW
from tests.support.frozen_store import tables, thaw
from tests.support.hub import registered


def test_a_store_of_version_1_goes_on(tmp_path: Path) -> None:
    store = HubStore(thaw(tmp_path / "hub.db", 1))
    assert store.gates.estate_id() == ESTATE_ID
    assert [one.gate_id for one in store.gates.all()] == [1]
    assert store.wanted.size(1) == 3
    contact = store.diary.contact(1)
    assert (contact.refusal, contact.refused, contact.highest) == ("gap", ListVersion(1, 2), None)
    store.diary.note_highest(1, NOW, ListVersion(1, 4), bytes(32))
    store.lowerings.put(Lowering(1, 1, NOW, b"signed", NOW))
    store.close()
    again = HubStore(tmp_path / "hub.db")
    assert again.diary.contact(1).highest == ListVersion(1, 4)
    assert [one.serial for one in again.lowerings.open()] == [1]
    again.close()


def test_it_has_then_what_a_new_store_has(tmp_path: Path) -> None:
    HubStore(thaw(tmp_path / "old.db", 1)).close()
    HubStore.found(tmp_path / "new.db", ESTATE_ID).close()
    assert tables(tmp_path / "old.db") == tables(tmp_path / "new.db")


def test_two_that_open_an_old_store_at_once_both_get_it(tmp_path: Path) -> None:
    first = HubStore(thaw(tmp_path / "hub.db", 1))
    second = HubStore(tmp_path / "hub.db")
    second.gates.add(registered(2))
    assert [one.gate_id for one in first.gates.all()] == [1, 2]
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("version", "application"),
    [(SCHEMA_VERSION + 1, APPLICATION_ID), (0, APPLICATION_ID), (1, 7)],
    ids=["later", "none", "another program's"],
)
def test_any_other_file_is_refused_and_left_alone(tmp_path: Path, version: int, application: int) -> None:
    path = thaw(tmp_path / "hub.db", version, application=application)
    before = tables(path)
    with pytest.raises(HubStoreError, match="is not a hub's store"):
        HubStore(path)
    assert tables(path) == before
