"""Small durable files: whole or not at all, one writer, clear errors."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.stores.errors import StoreError
from terminal.stores.files import FILE_MODE, StoreBusyError, WriterLock, read_small, write_atomic


class CutError(Exception):
    """The process ends here."""


@contextlib.contextmanager
def tiny_disk() -> Iterator[None]:
    """No file may grow beyond 4 KiB: how a full disk looks to a write.

    For one statement only: the limit also holds for a file that takes pytest's own output.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_replaced_and_is_private_to_the_group(tmp_path: Path) -> None:
    path = tmp_path / "state"
    old_mask = os.umask(0o077)
    try:
        write_atomic(path, b"one")
        write_atomic(path, b"two")
        WriterLock(tmp_path / "lock").release()
    finally:
        os.umask(old_mask)
    assert read_small(path, max_bytes=3) == b"two"
    assert {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {
        "state": FILE_MODE,
        "lock": FILE_MODE,
    }


@pytest.mark.parametrize(("step", "left"), [("file: written", b"old"), ("file: renamed", b"new")])
def test_a_cut_leaves_the_old_or_the_new_content(tmp_path: Path, step: str, left: bytes) -> None:
    path = tmp_path / "state"
    write_atomic(path, b"old")

    def cut(reached: str) -> None:
        if reached == step:
            raise CutError

    with pytest.raises(CutError):
        write_atomic(path, b"new", checkpoint=cut)
    assert read_small(path, max_bytes=9) == left
    write_atomic(path, b"next")
    assert read_small(path, max_bytes=9) == b"next"


def test_what_is_not_there_is_none_and_what_is_too_large_is_refused(tmp_path: Path) -> None:
    assert read_small(tmp_path / "none", max_bytes=9) is None
    (tmp_path / "large").write_bytes(bytes(10))
    with pytest.raises(StoreError, match=r"large: has more than 9 bytes.*remove it"):
        read_small(tmp_path / "large", max_bytes=9)
    with pytest.raises(StoreError, match="cannot be read"):
        read_small(tmp_path, max_bytes=9)


def test_a_missing_directory_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="gone/state: cannot be written.*check free space"):
        write_atomic(tmp_path / "gone" / "state", b"x")
    with pytest.raises(StoreError, match="cannot be opened"):
        WriterLock(tmp_path / "gone" / "lock")


def test_a_full_disk_leaves_the_old_content_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_atomic(path, b"old")
    with tiny_disk(), pytest.raises(StoreError, match="cannot be written"):
        write_atomic(path, bytes(8192))
    assert read_small(path, max_bytes=9) == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["state"]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    first = WriterLock(tmp_path / "lock")
    with pytest.raises(StoreBusyError, match="another process writes here"):
        WriterLock(tmp_path / "lock")
    first.release()
    first.release()
    WriterLock(tmp_path / "lock").release()


def test_no_link_leads_elsewhere(tmp_path: Path) -> None:
    """Root writes and reads here too, beside users who may make links."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "state.new").symlink_to(victim)
    write_atomic(tmp_path / "state", b"new")
    (tmp_path / "state.new").hardlink_to(victim)
    write_atomic(tmp_path / "state", b"newer")
    assert (victim.read_text(), read_small(tmp_path / "state", max_bytes=9)) == ("precious", b"newer")
    (tmp_path / "link").symlink_to(victim)
    with pytest.raises(StoreError, match="link: cannot be read"):
        read_small(tmp_path / "link", max_bytes=9)
    with pytest.raises(StoreError, match="link: cannot be opened"):
        WriterLock(tmp_path / "link")


def test_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_small(tmp_path / "pipe", max_bytes=9) == b""
