"""The list store on a real small disk: full, and read-only."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from terminal.stores.errors import StoreError
from terminal.stores.files import Checkpoint
from terminal.stores.list_index import ListIndex
from terminal.stores.list_verify import verify_lists
from tests.support.lists import ListBuilder, card, grant, lost, open_store
from tests.support.processes import kill_at

pytestmark = pytest.mark.real_part("mount")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted file system of 512 KiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", path],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)


def test_on_a_full_disk_the_list_in_force_stays_and_the_update_works_when_there_is_room(disk: Path) -> None:
    accepted, before = ListBuilder.empty().snapshot(grant(number) for number in range(1, 500))
    with closing(open_store(disk)) as store:
        store.apply(accepted)
    filler = disk / "filler"
    accepted, after = before.snapshot([lost(2), *(grant(number) for number in range(3, 600))])
    with closing(open_store(disk)) as store:
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for _ in range(512 // 4):  # more than there is
                file.write(bytes(4096))
        with pytest.raises(StoreError, match="check free space|check its directory"):
            store.apply(accepted)
        current = store.current()
        assert current is not None
        assert current.digest == before.digest()
        with closing(ListIndex(disk)) as index:
            assert index.lookup(card(2).key).records == (grant(2),)
            assert index.fault is None
        filler.unlink()
        store.apply(accepted)
    with closing(ListIndex(disk)) as index:
        assert index.lookup(card(2).key).records == (lost(2),)
        assert index.refresh().head.digest == after.digest()
    assert verify_lists(disk).sound


@pytest.mark.parametrize("clean", [True, False])
def test_on_a_read_only_disk_the_gate_reads_on_and_the_writer_says_so(disk: Path, clean: bool) -> None:
    """Mounted read-only after a clean end, or after a kill which left a write-ahead log."""
    steps = [ListBuilder.empty().snapshot([grant(1)])]
    steps.append(steps[0][1].delta([grant(2)]))
    steps.append(steps[1][1].delta([lost(1)]))

    def work(checkpoint: Checkpoint) -> None:
        store = open_store(disk, checkpoint)
        for accepted, _ in steps[:2]:
            store.apply(accepted)
        if not clean:
            checkpoint("end")
        store.close()

    writes = 6 + 4
    assert kill_at(writes, work) is not clean
    assert (disk / "list-a.db-wal").exists() is not clean
    remount(disk, "ro")
    with closing(ListIndex(disk)) as index:
        assert index.lookup(card(2).key).records == (grant(2),)
        assert index.fault is None
        assert verify_lists(disk).sound
        with pytest.raises(StoreError, match="Read-only file system.*check owner"):
            open_store(disk)
        assert index.lookup(card(1).key).records == (grant(1),)
        remount(disk, "rw")
        if not clean:
            index.close()  # SQLite shares what it knows of a file within one process
        with closing(open_store(disk)) as store:
            store.apply(steps[2][0])
        assert index.lookup(card(1).key).records == (lost(1),)


def remount(disk: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", disk], check=True)
