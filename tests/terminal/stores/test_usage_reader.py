from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from terminal.stores.database import DamagedError
from terminal.stores.errors import StoreError
from terminal.stores.usage_reader import LogReplacedError, UsageReader
from tests.terminal.stores.usage_support import open_log, plain, tap


def test_reading_beside_the_living_writer(tmp_path: Path) -> None:
    with contextlib.closing(open_log(tmp_path)) as log, UsageReader(tmp_path) as reader:
        assert reader.read_after(0, 10) == ()
        log.commit([plain()] * 5)
        assert [one.number for one in reader.read_after(2, 2)] == [3, 4]
        assert reader.head() == log.head
        assert reader.verify() == log.head.last
        assert reader.read_after(5, 10) == ()
        assert reader.read_after(0, 0) == reader.read_after(0, -1) == ()


def test_reading_after_a_clean_stop_and_starting_after_the_reader(tmp_path: Path) -> None:
    with contextlib.closing(open_log(tmp_path)) as log:
        log.commit([plain()])
    with UsageReader(tmp_path) as reader, contextlib.closing(open_log(tmp_path)) as log:
        assert reader.read_after(0, 10)[0].content == tap()
        assert log.commit([plain()]) == [2]
    with UsageReader(tmp_path) as reader:
        assert reader.head().last.number == 2


def test_a_reader_never_changes_a_row(tmp_path: Path) -> None:
    with contextlib.closing(open_log(tmp_path)) as log:
        log.commit([plain()])
        with UsageReader(tmp_path) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._connection.execute("DELETE FROM events")


def test_an_idle_reader_does_not_hold_up_checkpoints(tmp_path: Path) -> None:
    with contextlib.closing(open_log(tmp_path)) as log, UsageReader(tmp_path) as reader:
        log.commit([plain()] * 5)
        reader.read_after(0, 3)
        busy, frames, checkpointed = log._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert (busy, frames, checkpointed) == (0, 0, 0)


def test_a_cursor_before_the_anchor_goes_on_at_the_first_event_left(tmp_path: Path) -> None:
    with contextlib.closing(open_log(tmp_path)) as log, UsageReader(tmp_path) as reader:
        log.commit([plain()] * 5)
        log.acknowledge(3, utc_s=0)
        log.purge(10**9)
        assert [one.number for one in reader.read_after(1, 10)] == [4, 5]
        assert reader.head().header.anchor.number == 3
        assert reader.verify().number == 5


def test_a_new_epoch_under_a_reader_is_told(tmp_path: Path) -> None:
    with contextlib.closing(open_log(tmp_path)):
        pass
    with UsageReader(tmp_path) as reader:
        (tmp_path / "usage.db").rename(tmp_path / "elsewhere")
        with pytest.raises(StoreError, match="no usage log"):
            reader.head()
        with contextlib.closing(open_log(tmp_path, first_epoch=2)), pytest.raises(LogReplacedError):
            reader.head()


@pytest.mark.parametrize("content", [None, b"", b"rubbish" * 500, bytes(4096)])
def test_no_log_and_no_log_of_ours_are_store_errors(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "usage.db").write_bytes(content)
    with pytest.raises(StoreError):
        UsageReader(tmp_path)


def test_damage_met_while_reading_is_a_store_error(tmp_path: Path) -> None:
    with contextlib.closing(open_log(tmp_path)) as log:
        log.commit([plain()] * 100)
    data = bytearray((tmp_path / "usage.db").read_bytes())
    data[5 * 1024 :] = os.urandom(len(data) - 5 * 1024)
    (tmp_path / "usage.db").write_bytes(data)
    with UsageReader(tmp_path) as reader, pytest.raises(DamagedError):
        reader.verify()
