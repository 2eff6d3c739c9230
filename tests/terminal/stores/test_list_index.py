"""The gate's look-up: one moment per tap, and an answer after any damage but total loss."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.content import MemoryContent
from sync.encoding import decode_settings, stored
from sync.records import Grant, GrantKind, Record, Tombstone
from sync.update import ListVersion
from terminal.stores.counted_grants import counted_grants
from terminal.stores.errors import StoreError
from terminal.stores.list_format import POINTER_NAME, ListUnavailableError, NoListError, Side
from terminal.stores.list_index import ListIndex
from terminal.stores.list_verify import verify_lists
from tests.support.lists import OTHER_SETTINGS, SETTINGS, ListBuilder, card, grant, lost, open_store

CARDS = range(1, 30)


def two_lists(directory: Path) -> None:
    """In B the list in force (1.3); in A the one before (1.1), with what ended since laid over.

    1.2 lost card 3 and is a delta of 1.1 in A; the snapshot 1.3 leaves card 4 out and brings
    settings and card 40; the delta 1.4 loses card 5.
    """
    with closing(open_store(directory)) as store:
        accepted, built = ListBuilder.empty().snapshot(grant(number) for number in CARDS)
        store.apply(accepted)
        accepted, built = built.delta([lost(3)])
        store.apply(accepted)
        kept = [grant(number) for number in (*CARDS, 40) if number not in (3, 4)]
        accepted, built = built.snapshot([lost(3), *kept], OTHER_SETTINGS)
        store.apply(accepted)
        accepted, built = built.delta([lost(5)])
        store.apply(accepted)


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def missing(path: Path) -> None:
    path.unlink()


def changed_row(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE records SET data = x'9301019103' WHERE grant_id = 20")


def undecodable_row(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE records SET data = 7 WHERE grant_id = 20")


def no_head(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM meta WHERE name = 'head'")


DAMAGES = (zeroed, truncated, emptied, missing, changed_row, undecodable_row, no_head)


def test_a_tap_finds_the_records_and_the_state_of_the_list(tmp_path: Path) -> None:
    two_lists(tmp_path)
    with closing(ListIndex(tmp_path)) as index:
        found = index.lookup(card(20).key)
        assert found.records == (grant(20),)
        assert found.state.head.version == ListVersion(1, 4)
        assert found.state.settings == OTHER_SETTINGS
        assert index.lookup(card(3).key).records == (lost(3),)
        assert index.lookup(card(4).key).records == ()
        assert index.lookup(b"").records == ()
        assert index.lookup(card(40).key).state is found.state
        assert index.fault is None


def test_several_grants_of_one_credential_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    second = Grant(900, 901, card(7), grant(7).kind, grant(7).access)
    ended = Tombstone(5, 5, card(7), lost(7).reason, 9)
    with closing(open_store(tmp_path)) as store:
        store.apply(ListBuilder.empty().snapshot([second, grant(7), ended])[0])
    with closing(ListIndex(tmp_path)) as index:
        assert index.lookup(card(7).key).records == (ended, grant(7), second)


def test_a_delta_and_a_snapshot_are_seen_by_the_next_look_up(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store, closing(ListIndex(tmp_path)) as index:
        with pytest.raises(NoListError, match="no permission list yet"):
            index.lookup(card(1).key)
        accepted, built = ListBuilder.empty().snapshot([grant(1)])
        store.apply(accepted)
        first = index.lookup(card(1).key)
        accepted, built = built.delta([lost(1)], settings=OTHER_SETTINGS)
        store.apply(accepted)
        second = index.lookup(card(1).key)
        accepted, built = built.snapshot([grant(2)])
        store.apply(accepted)
        third = index.lookup(card(1).key)
    assert [one.state.head.version.revision for one in (first, second, third)] == [1, 2, 3]
    assert [one.records for one in (first, second, third)] == [(grant(1),), (lost(1),), ()]
    assert [one.state.settings for one in (first, second, third)] == [SETTINGS, OTHER_SETTINGS, SETTINGS]


def test_records_and_settings_are_never_of_two_lists(tmp_path: Path) -> None:
    """Another process goes through 40 updates; each look-up shows exactly one of them."""
    with closing(open_store(tmp_path)) as store:
        accepted, built = ListBuilder.empty().snapshot([grant(1)])
        store.apply(accepted)
    updates = []
    for number in range(2, 42):
        record, options = (lost(1), OTHER_SETTINGS) if number % 2 == 0 else (grant(1), SETTINGS)
        step = built.snapshot([record], options) if number % 5 == 0 else built.delta([record], (), options)
        updates.append(step[0])
        built = step[1]
    child = os.fork()
    if child == 0:
        try:
            store = open_store(tmp_path)
            for accepted in updates:
                store.apply(accepted)
        except BaseException:  # noqa: BLE001  # a forked child must never return into pytest
            os._exit(1)
        os._exit(0)
    seen: list[int] = []
    status = None
    with closing(ListIndex(tmp_path)) as index:
        while status is None or seen[-1] != 41:
            if status is None:
                ended, code = os.waitpid(child, os.WNOHANG)
                status = code if ended else None
            found = index.lookup(card(1).key)
            assert index.fault is None
            revision = found.state.head.version.revision
            even = revision % 2 == 0
            assert found.records == ((lost(1),) if even else (grant(1),))
            assert found.state.settings == (OTHER_SETTINGS if even else SETTINGS)
            seen.append(revision)
            assert status in (None, 0)
    assert seen == sorted(seen)
    assert len(set(seen)) > 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_list_before_answers_at_once_and_never_for_a_card_that_ended_since(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    two_lists(tmp_path)
    damage(tmp_path / "list-b.db")
    with closing(ListIndex(tmp_path)) as index:
        assert index.lookup(card(20).key).records == (grant(20),)
        assert "list-b.db" in (index.fault or "")
        found = index.lookup(card(20).key)
        assert (found.state.head.version, found.state.stands_in) == (ListVersion(1, 2), True)
        assert found.state.settings == OTHER_SETTINGS
        assert index.lookup(card(40).key).records == ()
        for ended in (3, 4, 5):
            (record,) = index.lookup(card(ended).key).records
            assert isinstance(record, Tombstone)


def test_what_the_writer_goes_on_laying_over_counts_at_the_next_tap(tmp_path: Path) -> None:
    """Only the gate's side has met the damage: the writer still puts deltas into the list in force."""
    two_lists(tmp_path)
    with closing(open_store(tmp_path)) as store, closing(ListIndex(tmp_path)) as index:
        index.lookup(card(20).key)
        changed_row(tmp_path / "list-b.db")
        before = index.lookup(card(20).key).state
        assert (before.stands_in, before.settings) == (True, OTHER_SETTINGS)
        kept = [grant(number) for number in (*CARDS, 40) if number not in (3, 4, 5)]
        records: list[Record] = [lost(3), lost(5), *kept]
        built = ListBuilder(MemoryContent(OTHER_SETTINGS, map(stored, records)), ListVersion(1, 4))
        stricter = replace(grant(21), uses=1, companion=frozenset({GrantKind.GUARD}))
        accepted, _ = built.delta([stricter], settings=SETTINGS)
        store.apply(accepted)
        found = index.lookup(card(21).key)
        assert (found.records, found.state.settings) == ((stricter,), SETTINGS)
        assert found.state.head == before.head
        assert index.lookup(card(22).key).state is found.state


def test_damage_that_comes_while_the_list_is_open_is_noticed_at_the_tap(tmp_path: Path) -> None:
    two_lists(tmp_path)
    with closing(ListIndex(tmp_path)) as index:
        assert index.lookup(card(20).key).state.head.version == ListVersion(1, 4)
        changed_row(tmp_path / "list-b.db")
        assert index.lookup(card(21).key).state.head.version == ListVersion(1, 4)
        assert index.lookup(card(20).key).state.head.version == ListVersion(1, 2)
        assert (
            index.fault
            == f"{tmp_path}/list-b.db: a record of credential {card(20).key.hex()} fails its checksum"
        )
        assert index.lookup(card(21).key).state.stands_in
        assert not index.refresh().stands_in
        assert index.fault is None


def test_the_writers_next_snapshot_ends_a_fault(tmp_path: Path) -> None:
    two_lists(tmp_path)
    zeroed(tmp_path / "list-b.db")
    with closing(ListIndex(tmp_path)) as index:
        assert index.lookup(card(20).key).state.stands_in
        with closing(open_store(tmp_path)) as store:
            current = store.current()
            assert current is not None
            built = ListBuilder(ListBuilder.empty().content, ListVersion(1, 4))
            store.apply(built.snapshot([grant(1)])[0])
        found = index.lookup(card(1).key)
        assert (found.state.head.version, found.state.stands_in) == (ListVersion(1, 5), False)
        assert index.fault is None


def test_a_distrusted_list_is_stood_in_for_until_another_comes(tmp_path: Path) -> None:
    two_lists(tmp_path)
    with closing(ListIndex(tmp_path)) as index:
        assert index.lookup(card(40).key).records
        index.distrust("bucket 7: does not have its digest")
        found = index.lookup(card(40).key)
        assert (found.records, found.state.stands_in) == ((), True)
        assert index.fault is not None
        assert "bucket 7" in index.fault
        assert index.refresh().stands_in, "looking again does not forget the distrust"
        assert isinstance(index.lookup(card(5).key).records[0], Tombstone), "a revoked card stays revoked"
        with closing(open_store(tmp_path)) as store:
            built = ListBuilder(ListBuilder.empty().content, ListVersion(2, 1))
            store.apply(built.snapshot([grant(40)])[0])
        assert index.lookup(card(40).key).records
        assert index.fault is None


def test_a_distrusted_list_is_better_than_none(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        accepted, _ = ListBuilder.empty().snapshot([grant(1)])
        store.apply(accepted)
    with closing(ListIndex(tmp_path)) as index:
        index.lookup(card(1).key)
        index.distrust("pages: row missing")
        assert index.lookup(card(1).key).records
        assert index.fault is not None


@pytest.mark.parametrize("first", DAMAGES)
def test_with_both_lists_damaged_there_is_no_answer_and_no_empty_list(
    tmp_path: Path, first: Callable[[Path], None]
) -> None:
    two_lists(tmp_path)
    first(tmp_path / "list-b.db")
    zeroed(tmp_path / "list-a.db")
    with closing(ListIndex(tmp_path)) as index:
        for _ in range(2):
            with pytest.raises(
                ListUnavailableError, match=r"can be believed .*list-b.db.*send a snapshot"
            ) as no:
                index.lookup(card(20).key)
            assert not isinstance(no.value, NoListError)


def test_a_lost_pointer_is_no_lost_list(tmp_path: Path) -> None:
    two_lists(tmp_path)
    (tmp_path / POINTER_NAME).unlink()
    with closing(ListIndex(tmp_path)) as index:
        assert index.lookup(card(20).key).state.head.version == ListVersion(1, 4)
    zeroed(tmp_path / "list-b.db")
    with closing(ListIndex(tmp_path)) as index:
        assert index.lookup(card(20).key).state.head.version == ListVersion(1, 2)
        assert "list-b.db" in (index.fault or "")


def test_a_lost_pointer_and_damaged_lists_are_not_a_new_gate(tmp_path: Path) -> None:
    two_lists(tmp_path)
    (tmp_path / POINTER_NAME).unlink()
    for side in Side:
        zeroed(tmp_path / side.file_name)
    with closing(ListIndex(tmp_path)) as index, pytest.raises(ListUnavailableError) as no:
        index.refresh()
    assert not isinstance(no.value, NoListError)


def test_a_directory_that_is_not_there_is_a_gate_without_a_list(tmp_path: Path) -> None:
    with closing(ListIndex(tmp_path / "none")) as index, pytest.raises(NoListError):
        index.refresh()


@pytest.fixture(scope="module")
def sound_lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sound")
    two_lists(directory)
    return directory


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offset=st.integers(0, 1 << 20), bits=st.integers(1, 255), length=st.sampled_from((1, 1, 8, 600)))
def test_whatever_bytes_are_flipped_no_ended_card_opens_and_no_other_error_escapes(
    sound_lists: Path, tmp_path: Path, offset: int, bits: int, length: int
) -> None:
    directory = tmp_path / "flipped"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(sound_lists, directory)
    path = directory / "list-b.db"
    data = bytearray(path.read_bytes())
    start = offset % len(data)
    data[start : start + length] = bytes(byte ^ bits for byte in data[start : start + length])
    path.write_bytes(data)
    with closing(ListIndex(directory)) as index:
        for number in (*CARDS, 40):
            found = index.lookup(card(number).key)
            if number in (3, 4, 5):
                assert not any(isinstance(one, Grant) for one in found.records)
            else:
                assert found.records in ((grant(number),), ())
            assert found.state.settings in (SETTINGS, OTHER_SETTINGS)
            decode_settings(found.state.settings)


def test_the_gates_side_never_changes_a_row(tmp_path: Path) -> None:
    two_lists(tmp_path)
    with closing(ListIndex(tmp_path)) as index:
        index.refresh()
        assert index._open is not None
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            index._open._connection.execute("DELETE FROM records")


def test_importing_the_index_brings_nothing_heavy() -> None:
    script = "import sys, terminal.stores.list_index; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {
        "asyncio",
        "logging",
        "cryptography",
        "tomllib",
        "argparse",
        "ssl",
        "sync.trust",
        "sync.snapshot",
    }
    assert heavy.isdisjoint(ran.stdout.split())


def test_a_directory_that_cannot_be_looked_at_is_no_gate_without_a_list(tmp_path: Path) -> None:
    """A folder of another owner, or a dying disk: the gate serves on, and a person is told why."""
    directory = tmp_path / ("x" * 300)  # looking at it fails for every user, root as well
    with closing(ListIndex(directory)) as index, pytest.raises(ListUnavailableError) as refused:
        index.lookup(card(1).key)
    assert not isinstance(refused.value, NoListError)
    with pytest.raises(StoreError):
        counted_grants(directory)
    assert not verify_lists(directory).sound
