"""After a loss the lists are searched for counted grants by a process of its own."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal import clock, counted_scan
from terminal.counted_scan import CountedScan
from terminal.loop import Loop
from terminal.stores.counted_grants import counted_grants
from terminal.stores.errors import StoreError
from tests.support.lists import ListBuilder, card, grant, lost, open_store
from tests.support.waiting import until


def two_lists(directory: Path) -> None:
    """In A: 1 and 2 counted, 3 made so since. In B, in force: 2 lost, 3 and 30 counted."""
    counted = {number: replace(grant(number), uses=2) for number in (1, 2, 3, 30)}
    others = [grant(number) for number in range(4, 20)]
    with closing(open_store(directory)) as store:
        accepted, built = ListBuilder.empty().snapshot([counted[1], counted[2], grant(3), *others])
        store.apply(accepted)
        accepted, built = built.snapshot([lost(2), grant(3), *others])
        store.apply(accepted)
        accepted, built = built.delta([counted[3], counted[30]])
        store.apply(accepted)


def found_by_scan(directory: Path) -> list[frozenset[int]]:
    found: list[frozenset[int]] = []
    loop = Loop(clock.monotonic, lambda _now: None)
    scan = CountedScan(directory, loop, found.append)
    try:
        until("the scan is told", lambda: found, between=lambda: loop.turn(0.5))
    finally:
        scan.close()
        loop.close()
    return found


def test_counted_grants_of_both_lists_and_of_what_is_laid_over_are_found(tmp_path: Path) -> None:
    two_lists(tmp_path)
    assert found_by_scan(tmp_path) == [frozenset({1, 2, 3, 30})]
    assert found_by_scan(tmp_path / "nothing") == [frozenset()]


def test_what_is_laid_over_the_list_before_is_found_without_the_newest(tmp_path: Path) -> None:
    two_lists(tmp_path)
    (tmp_path / "list-b.db").write_bytes(bytes(9000))
    assert counted_grants(tmp_path) == {1, 2, 3}


def test_a_damaged_record_hides_no_other(tmp_path: Path) -> None:
    counted = [replace(grant(number), uses=1) for number in range(1, 60)]
    with closing(open_store(tmp_path)) as store:
        store.apply(ListBuilder.empty().snapshot(counted)[0])
    with closing(sqlite3.connect(tmp_path / "list-a.db")) as connection, connection:
        connection.execute("UPDATE records SET crc = crc + 1 WHERE key = ?", (card(7).key,))
    assert counted_grants(tmp_path) == frozenset(range(1, 60)) - {7}


def test_a_list_that_cannot_be_read_now_is_searched_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "list-a.db").mkdir()
    with pytest.raises(StoreError):
        counted_grants(tmp_path)
    monkeypatch.setattr(counted_scan, "RETRY_S", 0.01)
    found: list[frozenset[int]] = []
    loop = Loop(clock.monotonic, lambda _now: None)
    scan = CountedScan(tmp_path, loop, found.append)
    while scan._timer.deadline < clock.monotonic():
        loop.turn(0.01)
    assert found == []
    loop.turn(0)
    scan.close()
    loop.close()


def test_a_machine_short_of_descriptors_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[int] = []
    real = os.pidfd_open

    def refuse_once(pid: int) -> int:
        if refused:
            return real(pid)
        refused.append(pid)
        raise OSError(24, "no descriptor")

    two_lists(tmp_path)
    monkeypatch.setattr(os, "pidfd_open", refuse_once)
    monkeypatch.setattr(counted_scan, "RETRY_S", 0.0)
    assert found_by_scan(tmp_path) == [frozenset({1, 2, 3, 30})]
    assert len(refused) == 1
