"""Single key files: private where they lie, and an error that never shows what is in them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.key_files import make_pair, read_private, read_public
from sync.keys import SigningKey

SEED = bytes(range(32))
PUBLIC = SigningKey(SEED).public


def make(directory: Path, stick: Path) -> bytes:
    return make_pair(directory, "list", private_in=stick, random_bytes=lambda size: SEED[:size])


def test_the_private_half_goes_where_it_is_told_and_nowhere_else(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    assert make(tmp_path, stick) == PUBLIC
    assert {one.name for one in tmp_path.iterdir()} == {"stick", "list.pub"}
    assert stat.S_IMODE((stick / "list.key").stat().st_mode) == 0o600
    assert read_private(stick / "list.key").public == PUBLIC


def test_a_stick_that_is_not_there_leaves_no_half_of_a_key(tmp_path: Path) -> None:
    with pytest.raises(OfficeError, match="is the stick .* mounted"):
        make(tmp_path, tmp_path / "stick")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "list.key").write_text("precious")
    with pytest.raises(OfficeError, match="has a key 'list' already"):
        make(tmp_path, tmp_path)
    assert (tmp_path / "list.key").read_text() == "precious"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o755])
def test_a_private_key_others_may_read_is_refused_with_both_cures(tmp_path: Path, mode: int) -> None:
    make(tmp_path, tmp_path)
    (tmp_path / "list.key").chmod(mode)
    with pytest.raises(OfficeError, match="chmod 600 .*FAT stick .*umask=077"):
        read_private(tmp_path / "list.key")


@pytest.mark.parametrize("content", [b"", b"zz" * 32, SEED.hex().encode()[:-2], SEED.hex().encode() + b"00"])
def test_a_damaged_key_is_named_and_not_shown(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(OfficeError, match="list.key: must hold 64 hexadecimal digits") as told:
        read_private(path)
    assert content == b"" or content.decode()[:16] not in str(told.value)


def test_a_public_key_comes_as_digits_or_as_a_file(tmp_path: Path) -> None:
    make(tmp_path, tmp_path)
    assert read_public(PUBLIC.hex()) == PUBLIC
    assert read_public(str(tmp_path / "list.pub")) == PUBLIC
    with pytest.raises(OfficeError, match="no such file"):
        read_public("z" * 64)
