"""The time anchor file: what is saved is loaded, and nothing else is ever believed."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.update import ListVersion
from terminal.clock import Anchor
from terminal.stores.time_anchor import (
    FILE_NAME,
    MAX_FILE_BYTES,
    Lowered,
    SavedTime,
    TimeAnchorError,
    load_time,
    save_time,
)

BOOT = bytes(range(1, 17))
SAVED = SavedTime(1_800_000_000, Anchor(BOOT, 123_456, 1_800_000_100_000, 500))
LOWERED = Lowered(3, 1_790_000_000, ListVersion(1, 9))
AFTER_LOWERING = replace(SAVED, lowered=LOWERED)

times = st.integers(0, 2**53)
numbers = st.integers(0, 2**63 - 1)
saved_times = st.builds(
    SavedTime,
    times,
    st.none() | st.builds(Anchor, st.binary(min_size=16, max_size=16).filter(any), times, times, times),
    st.none() | st.builds(Lowered, numbers, times, st.builds(ListVersion, numbers, numbers)),
)


@given(saved=saved_times)
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, saved: SavedTime) -> None:
    directory = tmp_path_factory.mktemp("time")
    save_time(directory, saved)
    assert load_time(directory) == saved


def test_no_file_is_no_knowledge(tmp_path: Path) -> None:
    assert load_time(tmp_path) == SavedTime(0, None)


def test_the_file_is_one_line_a_person_can_read(tmp_path: Path) -> None:
    save_time(tmp_path, SAVED)
    text = (tmp_path / FILE_NAME).read_text("ascii")
    assert text.startswith(f"gatehouse-anchor 1 {BOOT.hex()} 123456 1800000100000 500 1800000000 ")
    assert text.count("\n") == 1


def test_a_newer_one_replaces_the_older(tmp_path: Path) -> None:
    save_time(tmp_path, SAVED)
    save_time(tmp_path, SavedTime(1_900_000_000, None))
    assert load_time(tmp_path) == SavedTime(1_900_000_000, None)
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]


def test_a_file_from_before_lowerings_is_read_as_ever(tmp_path: Path) -> None:
    line = f"gatehouse-anchor 1 {BOOT.hex()} 123456 1800000100000 500 1800000000 3c70fe7b\n"
    (tmp_path / FILE_NAME).write_text(line, "ascii")
    assert load_time(tmp_path) == SAVED


def test_a_lowering_stays_in_the_file_whoever_writes_it_next(tmp_path: Path) -> None:
    save_time(tmp_path, AFTER_LOWERING)
    save_time(tmp_path, SAVED)
    assert load_time(tmp_path) == AFTER_LOWERING
    save_time(tmp_path, replace(SAVED, lowered=replace(LOWERED, serial=2)))
    assert load_time(tmp_path) == AFTER_LOWERING
    newer = replace(AFTER_LOWERING, lowered=replace(LOWERED, serial=4, floor=5))
    save_time(tmp_path, newer)
    assert load_time(tmp_path) == newer


def test_a_damaged_file_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"torn")
    save_time(tmp_path, AFTER_LOWERING)
    assert load_time(tmp_path) == AFTER_LOWERING


@pytest.mark.parametrize(
    ("version", "issued_at", "disbelieved"),
    [
        (ListVersion(1, 9), LOWERED.floor + 1, True),
        (ListVersion(1, 8), LOWERED.floor + 1, True),
        (ListVersion(1, 9), LOWERED.floor, False),
        (ListVersion(1, 10), LOWERED.floor + 1, False),
        (ListVersion(2, 1), LOWERED.floor + 1, False),
    ],
    ids=str,
)
def test_the_issue_time_of_a_list_from_before_a_lowering_does_not_count(
    version: ListVersion, issued_at: int, disbelieved: bool
) -> None:
    assert LOWERED.disbelieves(version, issued_at) is disbelieved


@pytest.mark.parametrize("saved", [SAVED, AFTER_LOWERING], ids=["1", "2"])
def test_a_torn_file_is_not_believed(tmp_path: Path, saved: SavedTime) -> None:
    save_time(tmp_path, saved)
    whole = (tmp_path / FILE_NAME).read_bytes()
    for length in range(len(whole) - 1):
        (tmp_path / FILE_NAME).write_bytes(whole[:length])
        with pytest.raises(TimeAnchorError, match="damaged"):
            load_time(tmp_path)


@pytest.mark.parametrize("saved", [SAVED, AFTER_LOWERING], ids=["1", "2"])
def test_a_flipped_bit_is_not_believed(tmp_path: Path, saved: SavedTime) -> None:
    save_time(tmp_path, saved)
    whole = (tmp_path / FILE_NAME).read_bytes()
    for place in range(len(whole) - 1):
        for bit in (0, 3, 7):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            (tmp_path / FILE_NAME).write_bytes(flipped)
            with pytest.raises(TimeAnchorError, match="damaged"):
                load_time(tmp_path)


def sealed(body: str) -> bytes:
    return f"{body} {zlib.crc32(body.encode()):08x}\n".encode()


@pytest.mark.parametrize(
    "body",
    [
        f"gatehouse-anchor 2 {BOOT.hex()} 1 2 3 4",
        f"gatehouse-anchor 2 {BOOT.hex()} 1 2 3 4 5 6 7",
        f"gatehouse-anchor 2 {BOOT.hex()} 1 2 3 4 5 6 7 8 9",
        f"gatehouse-anchor 2 {BOOT.hex()} 1 2 3 4 5 6 7 -8",
        f"gatehouse-anchor 2 {BOOT.hex()} 1 2 3 4 5 6 7 {2**63}",
        f"gatehouse-anchor 2 {BOOT.hex()} 1 2 3 4 5 {2**54} 7 8",
        f"gatehouse-anchor 3 {BOOT.hex()} 1 2 3 4",
        f"other-anchor 1 {BOOT.hex()} 1 2 3 4",
        f"gatehouse-anchor 1 {BOOT.hex()[:-2]} 1 2 3 4",
        f"gatehouse-anchor 1 {BOOT.hex()} 1 2 3",
        f"gatehouse-anchor 1 {BOOT.hex()} 1 2 3 4 5",
        f"gatehouse-anchor 1 {BOOT.hex()} -1 2 3 4",
        f"gatehouse-anchor 1 {BOOT.hex()} 1 2 -3 4",
        f"gatehouse-anchor 1 {BOOT.hex()} 1 2 3 -4",
        f"gatehouse-anchor 1 {BOOT.hex()} 1_0 2 3 4",
        f"gatehouse-anchor 1 {BOOT.hex()} 1 2 3 {2**64}",
        f"gatehouse-anchor 1 {BOOT.hex()} 1 {10**60} 3 4",
    ],
)
def test_a_sound_checksum_over_nonsense_is_not_believed(tmp_path: Path, body: str) -> None:
    (tmp_path / FILE_NAME).write_bytes(sealed(body))
    with pytest.raises(TimeAnchorError, match="damaged"):
        load_time(tmp_path)


def test_an_oversize_file_is_not_believed(tmp_path: Path) -> None:
    save_time(tmp_path, SAVED)
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b"\n" * MAX_FILE_BYTES)
    with pytest.raises(TimeAnchorError, match="damaged"):
        load_time(tmp_path)


def test_a_file_that_cannot_be_read_is_told_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(TimeAnchorError, match="cannot be read .*; check its owner and mode"):
        load_time(tmp_path)


@given(data=st.binary(max_size=MAX_FILE_BYTES + 10) | st.text(max_size=100).map(str.encode).map(bytes))
def test_any_bytes_are_loaded_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    directory = tmp_path_factory.mktemp("time")
    (directory / FILE_NAME).write_bytes(data)
    with pytest.raises(TimeAnchorError):
        load_time(directory)
