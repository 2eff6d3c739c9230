"""The usage log on a real disk that is full, or read-only."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.stores.errors import StoreError
from terminal.stores.usage_log import UsageLog
from tests.terminal.stores.usage_support import open_log, plain, spending

DISK_BYTES = 512 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(os.urandom(4096))
    return ballast


def commit_until_refused(log: UsageLog) -> int:
    for committed in range(1000):
        try:
            log.commit([spending(5, limit=100_000), plain()])
        except StoreError as error:
            assert "check free space" in str(error)  # noqa: PT017 - how often it went well matters too
            return committed
    pytest.fail("the full disk took everything")


@pytest.mark.real_part("root")
def test_a_full_disk_refuses_whole_transactions_and_works_again_with_space(small_disk: Path) -> None:
    log = open_log(small_disk)
    log.commit([plain()])
    ballast = fill(small_disk)
    committed = commit_until_refused(log)
    assert log.access_state().used.get(5, 0) == committed
    with pytest.raises(StoreError, match="no room"):
        log.tidy()
    ballast.unlink()
    assert log.commit([spending(5, limit=100_000)]) == [2 + 2 * committed]
    assert log.verify() == log.head.last
    log.close()
    again = open_log(small_disk)
    assert again.access_state().used == {5: committed + 1}
    again.close()


@pytest.mark.real_part("root")
def test_beginning_a_log_on_a_full_disk_is_a_store_error_and_works_again_with_space(small_disk: Path) -> None:
    ballast = fill(small_disk)
    with pytest.raises(StoreError):
        open_log(small_disk)
    ballast.unlink()
    with contextlib.closing(open_log(small_disk)) as log:
        assert not log.access_state().all_void


@pytest.mark.real_part("root")
def test_a_read_only_disk_is_a_store_error_and_sets_nothing_aside(small_disk: Path) -> None:
    with contextlib.closing(open_log(small_disk)) as log:
        log.commit([plain()])
    before = {one.name: one.read_bytes() for one in small_disk.iterdir()}
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreError):
        open_log(small_disk)
    assert {one.name: one.read_bytes() for one in small_disk.iterdir()} == before
