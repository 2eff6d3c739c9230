"""The list store: atomic changes, one writer, and the last good list after any fault."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync.records import GrantKind, Record
from sync.update import Accepted, ListVersion
from terminal.stores.database import DamagedError
from terminal.stores.errors import StoreError
from terminal.stores.files import FILE_MODE, Checkpoint, StoreBusyError
from terminal.stores.highest_list import FILE_NAME as HIGHEST_NAME
from terminal.stores.highest_list import load_highest
from terminal.stores.list_format import POINTER_NAME, EnvelopeBounds, NoListError, Side, read_pointer
from terminal.stores.list_index import ListIndex
from terminal.stores.list_store import ListStore, WrongListError
from terminal.stores.list_verify import verify_lists
from tests.support.lists import (
    ESTATE_ID,
    GATE_ID,
    OTHER_SETTINGS,
    SETTINGS,
    ListBuilder,
    card,
    grant,
    lost,
    memory,
    open_store,
)
from tests.support.processes import kill_at


def history() -> list[tuple[Accepted, ListBuilder]]:
    """Two snapshots, each followed by a delta, with grants that come, go and are lost."""
    first = ListBuilder.empty().snapshot(grant(number) for number in range(1, 40))
    second = first[1].delta([lost(3), grant(50)], removed=[grant(4)])
    records: list[Record] = [grant(number) for number in range(10, 60)]
    third = second[1].snapshot([lost(3), *records], OTHER_SETTINGS)
    fourth = third[1].delta([lost(11), grant(60)], settings=SETTINGS)
    return [first, second, third, fourth]


def filled(directory: Path, steps: int) -> ListBuilder:
    """A list directory with the first ``steps`` of the history; gives the list then in force."""
    built = ListBuilder.empty()
    with closing(open_store(directory)) as store:
        for accepted, after in history()[:steps]:
            store.apply(accepted)
            built = after
    return built


def holds(store: ListStore, built: ListBuilder) -> bool:
    """Whether the list in force is exactly this one."""
    current, content = store.current(), store.content()
    if current is None or content is None:
        return built.version.revision == 0
    return (
        (current.version, current.digest) == (built.version, built.digest())
        and sorted(content.records()) == list(built.content.records())
        and content.settings() == built.content.settings()
        and list(content.bucket_digests()) == list(built.content.bucket_digests())
    )


def answers(directory: Path, built: ListBuilder) -> bool:
    """Whether the gate's side gives exactly this list."""
    with closing(ListIndex(directory)) as index:
        try:
            state = index.refresh()
        except NoListError:
            return built.version.revision == 0
        whole = [index.lookup(card(number).key).records for number in range(1, 62)]
        return (
            index.fault is None
            and (state.head.digest, state.settings) == (built.digest(), built.content.settings())
            and sum(map(len, whole)) == len(built.records())
        )


def break_side(directory: Path, side: Side) -> None:
    """Overwrite the pages of a database and forget its log, as a failing card does."""
    path = directory / side.file_name
    size = path.stat().st_size
    path.write_bytes(bytes(size))
    for rest in ("-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)


@contextmanager
def full_disk(free: int) -> Iterator[None]:
    """No file may grow beyond ``free`` bytes: how a full disk looks to a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_each_update_comes_into_force_and_survives_a_restart(tmp_path: Path) -> None:
    envelopes: list[bytes] = []
    for accepted, built in history():
        with closing(open_store(tmp_path)) as store:
            store.apply(accepted)
            assert holds(store, built)
        envelopes = [accepted.envelope] if accepted.is_snapshot else [*envelopes, accepted.envelope]
        with closing(open_store(tmp_path)) as store:
            assert holds(store, built)
            assert store.envelopes() == envelopes
            current = store.current()
            assert current is not None
            assert (current.memory, current.issued_at) == (accepted.memory, accepted.issued_at)
            assert store.faults == []
        assert answers(tmp_path, built)
        assert verify_lists(tmp_path).sound


def test_a_gate_without_a_list_says_so(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        assert (store.current(), store.content(), store.envelopes()) == (None, None, [])
        with pytest.raises(StoreError, match="ask for a snapshot"):
            store.apply(history()[1][0])
    assert verify_lists(tmp_path).sides == ()
    assert not verify_lists(tmp_path).sound


def test_a_list_without_grants_is_a_list(tmp_path: Path) -> None:
    accepted, built = ListBuilder.empty().snapshot([])
    with closing(open_store(tmp_path)) as store:
        store.apply(accepted)
    assert answers(tmp_path, built)


def test_trust_may_keep_more_memory_without_a_new_list(tmp_path: Path) -> None:
    built = filled(tmp_path, 2)
    with closing(open_store(tmp_path)) as store:
        store.keep_memory(memory(9))
    with closing(open_store(tmp_path)) as store:
        current = store.current()
        assert current is not None
        assert current.memory == memory(9)
        assert holds(store, built)


def test_files_are_private_to_the_group_whatever_the_umask(tmp_path: Path) -> None:
    old_mask = os.umask(0o077)
    try:
        with closing(open_store(tmp_path)) as store:
            store.apply(history()[0][0])
            names = ("active", "list-a.db", "list-a.db-wal", "list-a.db-shm")
            assert {(tmp_path / name).stat().st_mode & 0o777 for name in names} == {FILE_MODE}
    finally:
        os.umask(old_mask)


def test_there_is_one_writer(tmp_path: Path) -> None:
    with (
        closing(open_store(tmp_path)),
        pytest.raises(StoreBusyError, match="another process writes here"),
    ):
        open_store(tmp_path)
    open_store(tmp_path).close()


def test_the_list_of_another_gate_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    with pytest.raises(WrongListError, match="holds the list of gate 7"):
        ListStore(tmp_path, estate_id=ESTATE_ID, gate_id=8)
    with pytest.raises(WrongListError, match="of estate 6573746174652d31"):
        ListStore(tmp_path, estate_id=b"estate-2", gate_id=7)
    open_store(tmp_path).close()


@pytest.mark.parametrize(("prepared", "writes"), [(0, 6), (1, 4), (2, 8), (3, 6)])
def test_killed_at_any_write_the_old_or_the_new_list_is_there_and_the_next_update_works(
    tmp_path: Path, prepared: int, writes: int
) -> None:
    steps = history()
    template = tmp_path / "template"
    template.mkdir()
    before = filled(template, prepared)
    accepted, after = steps[prepared]

    def update(directory: Path) -> Callable[[Checkpoint], None]:
        def work(checkpoint: Checkpoint) -> None:
            open_store(directory, checkpoint).apply(accepted)

        return work

    outcomes = []
    for number in count():
        directory = tmp_path / str(number)
        shutil.copytree(template, directory)
        if not kill_at(number, update(directory)):
            break
        old, new = answers(directory, before), answers(directory, after)
        outcomes.append(new)
        assert old != new
        with closing(open_store(directory)) as store:
            assert holds(store, after if new else before)
            assert store.faults == []
            for later, _ in steps[prepared + new :]:
                store.apply(later)
            assert holds(store, steps[-1][1])
        assert verify_lists(directory).sound
    assert len(outcomes) == writes
    assert outcomes == sorted(outcomes)
    assert outcomes[-1]


def test_the_list_before_stands_in_without_any_grant_that_was_ended_since(tmp_path: Path) -> None:
    filled(tmp_path, 4)
    break_side(tmp_path, Side.B)
    with closing(open_store(tmp_path)) as store:
        current = store.current()
        assert current is not None
        assert current.version == ListVersion(1, 2)
        assert "list-b.db" in store.faults[0]
    assert read_pointer(tmp_path) is Side.A
    assert (tmp_path / "list-b.db.damaged-1").exists()
    with closing(ListIndex(tmp_path)) as index:
        assert index.refresh().stands_in
        assert index.lookup(card(20).key).records == (grant(20),)
        for ended in (3, 4, 5, 11):  # lost; removed; not in the later snapshot; lost since
            records = index.lookup(card(ended).key).records
            assert not any(hasattr(one, "access") for one in records)


@pytest.mark.parametrize("replayed", [(2,), (2, 3)])
def test_an_old_update_over_a_stand_in_never_revives_a_revoked_card(
    tmp_path: Path, replayed: tuple[int, ...]
) -> None:
    """Revision 4 was in force; who sends 3 again gets no card back that 4 revoked."""
    steps = history()
    built = filled(tmp_path, 4)
    break_side(tmp_path, Side.B)
    for number in replayed:
        with closing(open_store(tmp_path)) as store:
            store.apply(steps[number][0])
        with closing(ListIndex(tmp_path)) as index:
            assert index.lookup(card(11).key).records == (lost(11),)
            assert index.refresh().stands_in == (number < 3)
    if replayed[-1] == 3:
        assert answers(tmp_path, built)


def test_an_old_update_over_a_stand_in_lays_nothing_older_over_it(tmp_path: Path) -> None:
    """Revision 2 asked for a companion, 3 lost the card; 2 comes again over 1, and is damaged in turn."""
    stricter = replace(grant(1), companion=frozenset({GrantKind.GUARD}))
    first, built = ListBuilder.empty().snapshot([grant(1), grant(2)])
    second, built = built.snapshot([stricter, grant(2)], OTHER_SETTINGS)
    third, built = built.delta([lost(1)], settings=SETTINGS)
    with closing(open_store(tmp_path)) as store:
        for accepted in (first, second, third):
            store.apply(accepted)
    break_side(tmp_path, Side.B)
    with closing(open_store(tmp_path)) as store:
        store.apply(second)
    for side, revision in ((Side.B, 2), (Side.A, 1)):
        with closing(ListIndex(tmp_path)) as index:
            found = index.lookup(card(1).key)
        assert (found.records, found.state.settings) == ((lost(1),), SETTINGS)
        assert (found.state.head.version, found.state.stands_in) == (ListVersion(1, revision), True)
        break_side(tmp_path, side)


def test_a_new_snapshot_ends_the_stand_in(tmp_path: Path) -> None:
    built = filled(tmp_path, 4)
    break_side(tmp_path, Side.B)
    accepted, after = built.snapshot(grant(number) for number in range(1, 20))
    with closing(open_store(tmp_path)) as store:
        store.apply(accepted)
        assert holds(store, after)
    assert answers(tmp_path, after)
    assert not any(one.problems for one in verify_lists(tmp_path).sides)


def test_without_any_sound_list_nothing_is_in_force_until_a_snapshot_comes(tmp_path: Path) -> None:
    built = filled(tmp_path, 4)
    for side in Side:
        break_side(tmp_path, side)
    with closing(open_store(tmp_path)) as store:
        assert store.current() is None
        assert len(store.faults) == 2
        highest = store.highest()
        assert highest is not None
        assert (highest.version, highest.digest) == (built.version, built.digest())
        accepted, after = built.snapshot([grant(1)])
        store.apply(accepted)
    assert answers(tmp_path, after)


def test_what_is_kept_beside_the_databases_is_there_before_their_first_write(tmp_path: Path) -> None:
    """Whoever saw a list at work must never get an older one after it, whenever the power goes."""
    accepted, built = history()[0]

    def work(checkpoint: Checkpoint) -> None:
        open_store(tmp_path, checkpoint).apply(accepted)

    assert kill_at(2, work)
    kept = load_highest(tmp_path)
    assert kept is not None
    assert kept.newest.version == built.version
    assert answers(tmp_path, ListBuilder.empty())


def test_trusts_newer_memory_outlives_both_databases(tmp_path: Path) -> None:
    built = filled(tmp_path, 4)
    with closing(open_store(tmp_path)) as store:
        store.keep_memory(memory(9))
    for side in Side:
        break_side(tmp_path, side)
    with closing(open_store(tmp_path)) as store:
        store.keep_memory(memory(10))
        store.keep_memory(memory(8))  # of a list that stands in
    with closing(open_store(tmp_path)) as store:
        highest = store.highest()
        assert highest is not None
        assert (highest.version, highest.memory) == (built.version, memory(10))


@pytest.mark.parametrize("cut", [0, 3, 4, 60, -1])
def test_a_damaged_or_missing_record_of_the_newest_list_is_told_and_made_anew(
    tmp_path: Path, cut: int
) -> None:
    built = filled(tmp_path, 4)
    path = tmp_path / HIGHEST_NAME
    path.write_bytes(path.read_bytes()[:cut])
    assert any(HIGHEST_NAME in one for one in verify_lists(tmp_path).problems)
    with closing(open_store(tmp_path)) as store:
        assert len(store.faults) == 1
        assert f"{HIGHEST_NAME}: damaged" in store.faults[0]
        assert holds(store, built)
    path.unlink()
    with closing(open_store(tmp_path)) as store:
        assert f"{HIGHEST_NAME}: missing" in store.faults[0]
    with closing(open_store(tmp_path)) as store:
        assert store.faults == []
        highest = store.highest()
        assert highest is not None
        assert highest.version == built.version
    assert verify_lists(tmp_path).sound


def test_a_list_that_stands_in_does_not_lower_the_newest_ever(tmp_path: Path) -> None:
    built = filled(tmp_path, 4)
    break_side(tmp_path, Side.B)
    with closing(open_store(tmp_path)) as store:
        store.apply(history()[2][0])
    with closing(open_store(tmp_path)) as store:
        highest = store.highest()
        assert highest is not None
        assert (highest.version, highest.memory) == (built.version, memory(3))


def test_without_databases_the_record_of_another_gate_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    (tmp_path / "active").unlink()
    for path in tmp_path.glob("list-*.db*"):
        path.unlink()
    with pytest.raises(WrongListError, match="highest-list: holds the list of gate 7"):
        ListStore(tmp_path, estate_id=ESTATE_ID, gate_id=8)


def test_damage_found_while_reading_is_recovered_from(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    with closing(open_store(tmp_path)) as store:
        store._database(Side.B)._connection.execute("UPDATE records SET crc = crc + 1 WHERE grant_id = 20")
        content = store.content()
        assert content is not None
        with pytest.raises(DamagedError, match="fails its checksum") as damage:
            list(content.records())
        store.recover(damage.value)
        assert holds(store, history()[1][1])
    with closing(ListIndex(tmp_path)) as index:
        assert index.lookup(card(3).key).records == (lost(3),)


def test_a_list_before_that_cannot_learn_of_a_revocation_is_set_aside(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    break_side(tmp_path, Side.A)
    accepted, built = history()[3]
    with closing(open_store(tmp_path)) as store:
        store.apply(accepted)
        assert holds(store, built)
        assert "list-a.db" in store.faults[0]
    assert not (tmp_path / "list-a.db").exists()
    assert answers(tmp_path, built)


def test_a_snapshot_takes_the_place_of_a_damaged_list_before(tmp_path: Path) -> None:
    built = filled(tmp_path, 4)
    break_side(tmp_path, Side.A)
    accepted, after = built.snapshot([grant(1)])
    with closing(open_store(tmp_path)) as store:
        store.apply(accepted)
        assert holds(store, after)
    assert answers(tmp_path, after)
    assert (tmp_path / "list-a.db.damaged-1").exists()


@pytest.mark.parametrize("prepared", [2, 3])
def test_an_update_whose_digests_do_not_fit_changes_nothing(tmp_path: Path, prepared: int) -> None:
    before = filled(tmp_path, prepared)
    accepted, after = history()[prepared]
    number = next(iter(accepted.bucket_digests))
    for wrong in (
        replace(accepted, digest=bytes(32)),
        replace(accepted, bucket_digests={**accepted.bucket_digests, number: bytes(32)}),
    ):
        with closing(open_store(tmp_path)) as store:
            with pytest.raises(DamagedError, match="does not have its digest"):
                store.apply(wrong)
            assert holds(store, before)
        assert answers(tmp_path, before)
    with closing(open_store(tmp_path)) as store:
        store.apply(accepted)
        assert holds(store, after)


@pytest.mark.parametrize(
    "content", [b"", b"gatehouse", b"gatehouse list pointer 1\nc\n", bytes(64), bytes(99)]
)
def test_a_damaged_pointer_is_written_anew_to_the_newest_list(tmp_path: Path, content: bytes) -> None:
    built = filled(tmp_path, 3)
    (tmp_path / POINTER_NAME).write_bytes(content)
    assert not verify_lists(tmp_path).sound
    with closing(ListIndex(tmp_path)) as index:
        assert index.refresh().head.version == built.version
        assert "active" in (index.fault or "")
    with closing(open_store(tmp_path)) as store:
        assert holds(store, built)
        assert "active" in store.faults[0]
    assert answers(tmp_path, built)


@pytest.mark.parametrize("prepared", range(4))
def test_a_full_disk_leaves_the_list_in_force_and_the_update_works_later(
    tmp_path: Path, prepared: int
) -> None:
    before = filled(tmp_path, prepared)
    accepted, after = history()[prepared]
    for free in (0, 20, 4096, 20_000):
        with closing(open_store(tmp_path)) as store:
            with full_disk(free), pytest.raises(StoreError, match=r"check (free space|its directory)"):
                store.apply(accepted)
            assert holds(store, before)
        assert answers(tmp_path, before)
    with closing(open_store(tmp_path)) as store:
        store.apply(accepted)
        assert holds(store, after)
    assert answers(tmp_path, after)


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        (EnvelopeBounds(), 10),
        (EnvelopeBounds(count=3), 3),
        (EnvelopeBounds(total_bytes=4 * len(b"delta 1.9")), 3),  # that of 1.10 is longer
        (EnvelopeBounds(count=0, total_bytes=0), 1),
    ],
)
def test_a_list_that_only_ever_gets_deltas_keeps_no_more_envelopes_than_it_may(
    tmp_path: Path, bounds: EnvelopeBounds, kept: int
) -> None:
    steps = [ListBuilder.empty().snapshot([grant(1)])]
    for number in range(2, 11):
        steps.append(steps[-1][1].delta([grant(number)]))
    for accepted, _ in steps:
        with closing(ListStore(tmp_path, estate_id=ESTATE_ID, gate_id=GATE_ID, bounds=bounds)) as store:
            store.apply(accepted)
            assert store.envelopes()[-1] == accepted.envelope
    with closing(open_store(tmp_path)) as store:
        assert store.envelopes() == [accepted.envelope for accepted, _ in steps[-kept:]]
        assert holds(store, steps[-1][1])
    assert verify_lists(tmp_path).sound


def test_a_delta_writes_as_much_into_a_long_list_as_into_a_short_one(tmp_path: Path) -> None:
    written = []
    for size in (50, 5000):
        directory = tmp_path / str(size)
        directory.mkdir()
        accepted, built = ListBuilder.empty().snapshot(grant(number) for number in range(1, size))
        with closing(open_store(directory)) as store:
            store.apply(accepted)
            log = directory / "list-a.db-wal"
            before = log.stat().st_size
            for number in range(20):
                accepted, built = built.delta([grant(10_000 + number)])
                store.apply(accepted)
            written.append(log.stat().st_size - before)
    assert written[1] <= 1.5 * written[0]
