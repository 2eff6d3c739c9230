"""A gate's own key file: made once, whole, private; and anything else refused with its cure."""

from __future__ import annotations

import itertools
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.gate_key import MAX_FILE_BYTES, GateKeyError, fingerprint, load, load_or_make
from sync.keys import SigningKey


def counting() -> Callable[[int], bytes]:
    """Stands in for randomness: another seed at each call."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a gate's key is, made already."""
    load_or_make(tmp_path / "gate.key", random_bytes=counting())
    return tmp_path / "gate.key"


def test_a_key_is_made_once_and_found_ever_after(tmp_path: Path) -> None:
    draw = counting()
    first = load_or_make(tmp_path / "gate.key", random_bytes=draw)
    again = load_or_make(tmp_path / "gate.key", random_bytes=draw)
    assert (first.made, again.made) == (True, False)
    assert first.key == again.key == load(tmp_path / "gate.key")
    assert [one.name for one in tmp_path.iterdir()] == ["gate.key"]


def test_without_a_file_there_is_no_key_and_none_is_made_by_looking(tmp_path: Path) -> None:
    assert load(tmp_path / "gate.key") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("umask", [0o000, 0o277])
def test_the_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        load_or_make(tmp_path / "gate.key", random_bytes=counting())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "gate.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(GateKeyError, match="chmod 600"):
        load_or_make(path, random_bytes=counting())


def test_a_link_or_a_directory_is_no_key(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, told in (("link", "plain file"), ("folder", "no plain file"), ("pipe", "no plain file")):
        with pytest.raises(GateKeyError, match=told):
            load_or_make(tmp_path / name, random_bytes=counting())


@pytest.mark.real_part("root")
def test_another_users_key_is_refused(path: Path) -> None:
    os.chown(path, 65534, -1)
    with pytest.raises(GateKeyError, match="belongs to user 65534, .* run it as the key's owner"):
        load(path)


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GateKeyError, match="cannot be made .*No such file.*check free space"):
        load_or_make(tmp_path / "nowhere" / "gate.key", random_bytes=counting())


def test_two_that_make_it_at_once_end_with_one_key(tmp_path: Path) -> None:
    other = SigningKey(bytes(32))

    def slow(size: int) -> bytes:
        """While this process draws, another one is done."""
        load_or_make(tmp_path / "gate.key", random_bytes=lambda _: other.seed)
        return b"\1" * size

    found = load_or_make(tmp_path / "gate.key", random_bytes=slow)
    assert (found.key, found.made) == (other, False)
    assert [one.name for one in tmp_path.iterdir()] == ["gate.key"]


def test_any_flipped_bit_and_any_torn_end_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in (0, 5, 7):
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            with pytest.raises(GateKeyError, match="damaged; remove it"):
                load(path)
        path.write_bytes(whole[:place])
        with pytest.raises(GateKeyError, match="damaged; remove it"):
            load(path)


@given(data=st.binary(max_size=MAX_FILE_BYTES + 20))
def test_any_bytes_are_refused_by_name(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("key") / "gate.key"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(GateKeyError):
        load(path)


def test_no_error_and_no_representation_shows_the_key(path: Path) -> None:
    seed = path.read_text("ascii").split(" ")[2]
    found = load(path)
    assert seed not in repr(found)
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(GateKeyError) as told:
        load(path)
    assert seed not in str(told.value)


def test_a_fingerprint_is_four_groups_and_differs_from_key_to_key() -> None:
    keys = [SigningKey(number.to_bytes(32, "big")).public for number in range(50)]
    texts = [fingerprint(one) for one in keys]
    assert all(re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", one) for one in texts)
    assert len(set(texts)) == len(texts)
    assert texts[0] == "YKHI-ZTI6-RILL-RYCB"
    with pytest.raises(ValueError, match="32 bytes"):
        fingerprint(b"short")
