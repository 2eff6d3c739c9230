"""The root's word about the floor: judged, kept with its serial, and nothing else ever lowers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync.refusal import ExpiredKeyError
from sync.statements.floor_lowering import FloorLowering, sign_floor_lowering
from sync.statements.refusal import StatementError
from sync.update import ListVersion
from terminal.clock import Anchor
from terminal.floor_updates import take_lowering
from terminal.list_updates import take_update
from terminal.stores.list_store import ListStore
from terminal.stores.time_anchor import FILE_NAME, Lowered, SavedTime, load_time, save_time
from tests.support.estate import (
    ANCHOR,
    DAY,
    ESTATE_ID,
    GATE_ID,
    NOW,
    ONLINE,
    ROOT,
    first_list,
    key,
    signed_snapshot,
)

FAR = NOW + 5000 * DAY
LOWERING = FloorLowering(ESTATE_ID, GATE_ID, 1, NOW, NOW + 5)
WRONG = SavedTime(FAR, Anchor(bytes([1]) * 16, 5, FAR * 1000, 50))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ListStore]:
    with closing(ListStore(tmp_path, estate_id=ESTATE_ID, gate_id=GATE_ID)) as opened:
        save_time(tmp_path, WRONG)
        yield opened


def test_floor_and_answer_of_the_wrong_clock_are_gone(store: ListStore) -> None:
    lowered = take_lowering(store, ANCHOR, sign_floor_lowering(LOWERING, ROOT))
    assert lowered == Lowered(1, NOW, ListVersion(0, 0))
    assert load_time(store.directory) == SavedTime(NOW, None, lowered)


@pytest.mark.parametrize(
    ("data", "attack"),
    [
        (sign_floor_lowering(LOWERING, ONLINE), "unknown_key"),
        (sign_floor_lowering(LOWERING, key("other root")), "unknown_key"),
        (sign_floor_lowering(replace(LOWERING, gate_id=8), ROOT), "wrong_gate"),
        (sign_floor_lowering(replace(LOWERING, estate_id=b"estate 2"), ROOT), "wrong_estate"),
        (sign_floor_lowering(replace(LOWERING, serial=0), ROOT), "replayed"),
        (sign_floor_lowering(LOWERING, ROOT)[:-1], "malformed"),
        (b"", "malformed"),
    ],
)
def test_an_attack_changes_nothing(store: ListStore, data: bytes, attack: str) -> None:
    before = (store.directory / FILE_NAME).read_bytes()
    with pytest.raises(StatementError) as refused:
        take_lowering(store, ANCHOR, data)
    assert refused.value.attack == attack
    assert (store.directory / FILE_NAME).read_bytes() == before


def test_each_is_taken_once_and_none_before_it(store: ListStore) -> None:
    take_lowering(store, ANCHOR, sign_floor_lowering(replace(LOWERING, serial=4), ROOT))
    save_time(store.directory, SavedTime(NOW + 90, None))  # the time went on
    for serial in (1, 4):
        with pytest.raises(StatementError) as refused:
            take_lowering(store, ANCHOR, sign_floor_lowering(replace(LOWERING, serial=serial), ROOT))
        assert refused.value.attack == "replayed"
    assert load_time(store.directory).floor == NOW + 90
    take_lowering(store, ANCHOR, sign_floor_lowering(replace(LOWERING, serial=5), ROOT))
    assert load_time(store.directory).floor == NOW


def test_a_list_dated_by_the_wrong_clock_ends_no_key_any_more(store: ListStore) -> None:
    take_update(store, ANCHOR, signed_snapshot(first_list(), at=FAR), floor=NOW)
    after = signed_snapshot(first_list(21), 2, at=NOW + 60)
    with pytest.raises(ExpiredKeyError):
        take_update(store, ANCHOR, after, floor=NOW)
    take_lowering(store, ANCHOR, sign_floor_lowering(LOWERING, ROOT))
    assert take_update(store, ANCHOR, after, floor=NOW).version == ListVersion(1, 2)


def test_a_damaged_anchor_file_stops_no_lowering(store: ListStore) -> None:
    (store.directory / FILE_NAME).write_bytes(b"torn")
    take_lowering(store, ANCHOR, sign_floor_lowering(LOWERING, ROOT))
    assert load_time(store.directory).floor == NOW
