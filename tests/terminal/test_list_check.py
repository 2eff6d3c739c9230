"""The whole list is checked by a child process, and only damage of the list in force counts."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from terminal import clock
from terminal.list_check import ListCheck
from terminal.loop import Loop
from terminal.stores.list_format import Side
from tests.support.lists import ListBuilder, grant, open_store
from tests.support.waiting import until


def two_snapshots(directory: Path) -> None:
    """B is in force."""
    with closing(open_store(directory)) as store:
        accepted, built = ListBuilder.empty().snapshot(grant(number) for number in range(1, 20))
        store.apply(accepted)
        accepted, _ = built.snapshot(grant(number) for number in range(1, 30))
        store.apply(accepted)


def lose_a_row(side: Side) -> Callable[[Path], None]:
    def change(directory: Path) -> None:
        with closing(sqlite3.connect(directory / side.file_name)) as connection, connection:
            connection.execute("DELETE FROM records WHERE grant_id = 7")

    return change


def causes_found(directory: Path) -> list[str]:
    """Run one check to its end."""
    found: list[str] = []
    loop = Loop(clock.monotonic, lambda _now: None)
    check = ListCheck(directory, loop, found.append, first_after_s=0.0)
    try:
        loop.turn(0)
        until("the end of the check", lambda: not check.is_running, between=lambda: loop.turn(0.5))
    finally:
        check.close()
        loop.close()
    return found


@pytest.mark.parametrize(
    ("damage", "expected"),
    [(lambda _directory: None, 0), (lose_a_row(Side.A), 0), (lose_a_row(Side.B), 1)],
    ids=["sound", "the list before is damaged", "the list in force is damaged"],
)
def test_only_damage_of_the_list_in_force_is_told(
    tmp_path: Path, damage: Callable[[Path], None], expected: int
) -> None:
    two_snapshots(tmp_path)
    damage(tmp_path)
    causes = causes_found(tmp_path)
    assert len(causes) == expected
    assert all("does not have its digest" in one for one in causes)


def test_ending_the_gate_ends_a_check_under_way(tmp_path: Path) -> None:
    two_snapshots(tmp_path)
    loop = Loop(clock.monotonic, lambda _now: None)
    check = ListCheck(tmp_path, loop, lambda _cause: None, first_after_s=0.0)
    loop.turn(0)
    under_way = check.is_running
    check.close()
    loop.close()
    assert under_way
    assert not check.is_running


def test_a_machine_short_of_descriptors_goes_without_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int) -> int:
        raise OSError(errno.EMFILE, f"no descriptor for {pid}")

    two_snapshots(tmp_path)
    lose_a_row(Side.B)(tmp_path)
    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert causes_found(tmp_path) == []
