from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.events import Event, EventKind
from terminal.stores.access_state import AccessState, SpendRefusedError, StateChange
from terminal.stores.database import set_aside
from terminal.stores.errors import StoreError
from terminal.stores.files import StoreBusyError
from terminal.stores.usage_log import Entry, UsageLog
from terminal.stores.usage_rows import SCHEMA
from tests.terminal.stores.usage_support import kinds, open_log, plain, spending, tap


@contextlib.contextmanager
def opened(directory: Path, *, first_epoch: int = 90) -> Iterator[UsageLog]:
    with contextlib.closing(open_log(directory, first_epoch=first_epoch)) as log:
        yield log


def used_log(directory: Path) -> None:
    with opened(directory, first_epoch=1) as log:
        log.commit([plain(), spending(5, limit=3)])


def lost_then(log: UsageLog, *told: EventKind) -> None:
    """The log is a new epoch that begins with ``told``; every counted grant refuses, until it is known
    which there were: then grant 5 does.
    """
    assert log.head.header.epoch == (90).to_bytes(16, "big")
    assert kinds(log) == list(told)
    (result,) = log.commit([spending(5, limit=3)])
    assert isinstance(result, SpendRefusedError)
    known = Entry(tap(), StateChange(void=frozenset({5})))
    _, refused, stored = log.commit([known, spending(5, limit=3), spending(6, limit=3)])
    assert isinstance(refused, SpendRefusedError)
    assert isinstance(stored, int)


def test_a_first_start_tells_of_no_loss_and_voids_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        assert log.access_state() == AccessState({}, frozenset(), {}, {})
        assert log.head.last.number == 0


def test_files_are_for_owner_and_group_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with opened(tmp_path) as log:
            log.commit([plain()])
            names = [one for one in tmp_path.iterdir() if one.name.startswith("usage.db")]
            assert len(names) == 3
            assert {stat.S_IMODE(one.stat().st_mode) for one in names} == {0o660}
    finally:
        os.umask(before)


def test_a_deleted_database_is_a_loss_not_a_first_start(tmp_path: Path) -> None:
    used_log(tmp_path)
    (tmp_path / "usage.db").unlink()
    with opened(tmp_path) as log:
        assert log.access_state().all_void
    with opened(tmp_path, first_epoch=200) as log:  # still not known which there were
        assert log.access_state().all_void
        lost_then(log, EventKind.ACCESS_STATE_LOST)
        (first,) = log.read_after(0, 1)
        assert isinstance(first.content, Event)
        assert first.content.detail == {}
    with opened(tmp_path, first_epoch=200) as log:
        assert not log.access_state().all_void
        assert log.access_state().void == {5}


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"rubbish" * 1000, bytes(8192)])
def test_a_torn_or_foreign_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    used_log(tmp_path)
    (tmp_path / "usage.db").write_bytes(content)
    with opened(tmp_path) as log:
        if content:
            lost_then(log, EventKind.LOG_SET_ASIDE, EventKind.ACCESS_STATE_LOST)
            assert (tmp_path / "usage.db.damaged-1").read_bytes() == content
        else:
            lost_then(log, EventKind.ACCESS_STATE_LOST)


@pytest.mark.parametrize(
    "damage",
    [
        "PRAGMA user_version = 2",
        "PRAGMA application_id = 5",
        "PRAGMA journal_mode = DELETE",
        "DROP TABLE events",
        "CREATE TABLE more (x)",
        "DELETE FROM log",
        "UPDATE log SET acknowledged = 2",
        "UPDATE log SET epoch = 'text'",
        "UPDATE access_state SET value = zeroblob(8)",
        "UPDATE access_state SET name = 5",
        "DELETE FROM events WHERE number = 1",
        "UPDATE events SET link = zeroblob(32) WHERE number = 2",
        "UPDATE events SET number = 9223372036854775807 WHERE number = 2",
    ],
)
def test_content_that_cannot_be_believed_is_set_aside(tmp_path: Path, damage: str) -> None:
    used_log(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "usage.db")) as other, other:
        other.execute(damage).fetchall()
    with opened(tmp_path) as log:
        lost_then(log, EventKind.LOG_SET_ASIDE, EventKind.ACCESS_STATE_LOST)


def test_a_damaged_log_moves_with_its_write_ahead_log_and_keeps_its_content(tmp_path: Path) -> None:
    source = tmp_path / "live"
    source.mkdir()
    log = open_log(source)
    log.commit([plain()] * 3)
    crashed = tmp_path / "crashed"
    shutil.copytree(source, crashed)  # what a power cut leaves: the events are still in usage.db-wal
    log.close()
    set_aside(crashed / "usage.db")
    with contextlib.closing(sqlite3.connect(crashed / "usage.db.damaged-1")) as other:
        assert other.execute("SELECT count(*) FROM events").fetchone() == (3,)


def test_each_damaged_file_keeps_a_name_of_its_own(tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        with opened(tmp_path, first_epoch=epoch):
            pass
        (tmp_path / "usage.db").write_bytes(b"damaged %d" % epoch)
    with opened(tmp_path, first_epoch=4):
        pass
    assert [(tmp_path / f"usage.db.damaged-{n}").read_bytes()[-1:] for n in (1, 2, 3)] == [b"1", b"2", b"3"]


def test_a_lost_or_torn_marker_file_is_written_anew_while_the_database_is_there(tmp_path: Path) -> None:
    used_log(tmp_path)
    for content in (None, b"", b"00"):
        (tmp_path / "log-epochs").unlink() if content is None else (tmp_path / "log-epochs").write_bytes(
            content
        )
        with opened(tmp_path) as log:
            assert log.access_state().used == {5: 1}
        assert (tmp_path / "log-epochs").read_bytes().split()[-1] == (1).to_bytes(16, "big").hex().encode()


def test_a_second_writer_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        with pytest.raises(StoreBusyError):
            open_log(tmp_path)
        assert log.commit([plain()]) == [1]


def test_a_missing_directory_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        open_log(tmp_path / "nowhere")


def test_the_schema_of_version_1_is_frozen(tmp_path: Path) -> None:
    used_log(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "usage.db")) as other:
        assert [sql for (sql,) in other.execute("SELECT sql FROM sqlite_schema ORDER BY rowid")] == list(
            SCHEMA
        )
        assert other.execute("PRAGMA page_size").fetchone() == (1024,)


Files = dict[str, bytes]


@pytest.fixture(scope="module")
def written_logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Files]:
    """Files as a power cut leaves them (the last events in the write-ahead log), and as a stop does."""
    directory = tmp_path_factory.mktemp("written")
    log = open_log(directory)
    state = StateChange(latches={"lockdown": b"1"})
    for number in range(40):
        log.commit([Entry(tap(), state), spending(5, limit=100)])
        if number == 30:
            log._connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
    crashed = {one.name: one.read_bytes() for one in directory.iterdir() if one.suffix != ".lock"}
    log.close()
    return crashed, {one.name: one.read_bytes() for one in directory.iterdir() if one.suffix != ".lock"}


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1), st.integers(0, 5), st.booleans(), st.integers(0, (1 << 32) - 1))
def test_a_flipped_bit_anywhere_gives_the_truth_or_a_told_loss(
    written_logs: tuple[Files, Files],
    tmp_path_factory: pytest.TempPathFactory,
    log: int,
    file: int,
    header_only: bool,
    place: int,
) -> None:
    files = written_logs[log]
    names = sorted(files.keys() - {"usage.db-shm"})
    name = names[file % len(names)]
    flipped = bytearray(files[name])
    bit = place % (min(len(flipped), 100 if header_only else len(flipped)) * 8)
    flipped[bit // 8] ^= 1 << bit % 8
    directory = tmp_path_factory.mktemp("flip")
    for one, content in files.items():
        (directory / one).write_bytes(bytes(flipped) if one == name else content)
    try:
        with opened(directory) as found:
            told = False
            with contextlib.suppress(StoreError):  # an old event may lie on the page that is damaged
                told = EventKind.ACCESS_STATE_LOST in kinds(found) and found.access_state().all_void
            spent = found.access_state().used.get(5, 0)
            # A flip in the write-ahead log ends it there: an older state, but never a wrong one.
            assert told or spent == 40 or (name == "usage.db-wal" and 31 <= spent < 40)
            with contextlib.suppress(StoreError):
                found.verify()
            with contextlib.suppress(StoreError):
                found.commit([plain()])
            found.commit([plain()])  # a page that turned out damaged at the first has begun a new epoch
    finally:
        shutil.rmtree(directory)
