"""Verifying the list directory: a sound one is sound, and damage is named by its part."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sync.update import ListVersion
from terminal.stores.list_format import Side
from terminal.stores.list_verify import verify_lists
from tests.support.lists import ListBuilder, card, grant, lost, open_store


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """List 1.2 in force in B, 1.1 in A."""
    with closing(open_store(tmp_path)) as store:
        accepted, built = ListBuilder.empty().snapshot(grant(number) for number in range(1, 200))
        store.apply(accepted)
        store.apply(built.snapshot([lost(2), *(grant(number) for number in range(3, 200))])[0])
    return tmp_path


def test_a_sound_directory_is_described(directory: Path) -> None:
    report = verify_lists(directory)
    assert report.sound
    described = [(one.side, one.in_force, one.version, one.records) for one in report.sides]
    assert described == [
        (Side.A, False, ListVersion(1, 1), 199),
        (Side.B, True, ListVersion(1, 2), 198),
    ]


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE records SET crc = crc + 1 WHERE grant_id = 9", f"credential {card(9).key.hex()} fails"),
        ("UPDATE records SET bucket = bucket + 1 WHERE grant_id = 9", "does not have its digest"),
        ("DELETE FROM records WHERE grant_id = 9", "does not have its digest"),
        ("UPDATE buckets SET digest = zeroblob(32) WHERE number = 5", "bucket 5: does not have its digest"),
        ("UPDATE buckets SET digest = zeroblob(32) WHERE number = 5", "list digest: "),
        ("DELETE FROM buckets WHERE number = 5", "bucket digests are damaged"),
        ("UPDATE meta SET crc = 0 WHERE name = 'head'", "head fails its checksum"),
        ("DELETE FROM meta WHERE name = 'head'", "head is missing"),
        ("UPDATE meta SET value = x'00' WHERE name = 'settings'", "settings: settings fails"),
        ("DELETE FROM meta WHERE name = 'memory'", "memory: memory is missing"),
        ("DROP TABLE records", "no such table"),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_each_damaged_part_is_named(directory: Path, side: Side, statement: str, named: str) -> None:
    with closing(sqlite3.connect(directory / side.file_name)) as connection, connection:
        connection.execute(statement)
    report = verify_lists(directory)
    assert not report.sound
    broken = {one.side: one.problems for one in report.sides}
    assert any(named in problem for problem in broken[side])
    assert broken[side.other] == ()


def test_a_damaged_record_laid_over_the_list_before_is_found(directory: Path) -> None:
    with closing(sqlite3.connect(directory / Side.A.file_name)) as connection, connection:
        connection.execute("UPDATE later_records SET crc = 0")
    assert any(one.startswith("later records: a record") for one in verify_lists(directory).sides[0].problems)


@pytest.mark.parametrize("page", [0, 1, 2, 5])
def test_overwritten_pages_are_found(directory: Path, page: int) -> None:
    path = directory / Side.B.file_name
    data = bytearray(path.read_bytes())
    data[page * 4096 : page * 4096 + 64] = b"\xa5" * 64
    path.write_bytes(data)
    report = verify_lists(directory)
    assert not report.sound
    assert report.sides[1].problems


def test_a_missing_list_in_force_is_found(directory: Path) -> None:
    (directory / Side.B.file_name).unlink()
    report = verify_lists(directory)
    assert report.problems == (f"{directory}/list-b.db: the list in force is missing",)
    assert not report.sound


def test_a_torn_database_is_found(directory: Path) -> None:
    os.truncate(directory / Side.B.file_name, 3000)
    assert not verify_lists(directory).sound
