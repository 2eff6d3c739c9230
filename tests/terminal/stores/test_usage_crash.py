"""The usage log's process is killed at every point at which it writes."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sync.events import Event, EventKind
from terminal.stores.access_state import SpendRefusedError
from terminal.stores.usage_log import UsageLog
from terminal.stores.usage_reader import UsageReader
from tests.terminal.stores.usage_support import kinds, open_log, plain, spending
from tests.terminal.stores.usage_victim import COUNTED

ROOT = Path(__file__).parents[3]


def run_victim(directory: Path, point: str, occurrence: int, *more: str) -> tuple[int, list[str]]:
    command = [
        sys.executable,
        "-m",
        "tests.terminal.stores.usage_victim",
        str(directory),
        point,
        str(occurrence),
    ]
    done = subprocess.run(
        [*command, *more], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.split()


def assert_sound(log: UsageLog, told: list[str]) -> None:
    """What was told is there; spends and their events are there together or not at all."""
    last = log.verify().number
    assert last >= max((int(one) for one in told), default=0)
    # The victim spends one use in every odd event of its log, and nothing else.
    assert log.access_state().used.get(COUNTED, 0) == (last + 1) // 2


@pytest.mark.parametrize("occurrence", [1, 4])
@pytest.mark.parametrize("point", ["events inserted", "before commit", "after commit"])
def test_a_kill_while_writing_loses_nothing_that_was_told(
    tmp_path: Path, point: str, occurrence: int
) -> None:
    code, told = run_victim(tmp_path, point, occurrence)
    assert code == -signal.SIGKILL
    with UsageReader(tmp_path) as reader:  # another process may be the first to recover the log
        assert reader.verify().number >= len(told)
    with contextlib.closing(open_log(tmp_path)) as log:
        assert_sound(log, told)
        assert EventKind.ACCESS_STATE_LOST not in kinds(log)
        following = log.head.last.number + 1
        assert log.commit([plain()]) == [following]


@pytest.mark.parametrize("point", ["file created", "before founding commit", "log begun", "epoch remembered"])
def test_a_kill_during_the_first_start_is_no_loss(tmp_path: Path, point: str) -> None:
    assert run_victim(tmp_path, point, 1) == (-signal.SIGKILL, [])
    code, told = run_victim(tmp_path, "never", 1)
    assert (code, len(told)) == (0, 12)
    with contextlib.closing(open_log(tmp_path)) as log:
        assert_sound(log, told)
        assert not log.access_state().all_void


@pytest.mark.parametrize(
    "point",
    [
        "before setting aside",
        "set aside",
        "file created",
        "before founding commit",
        "log begun",
        "epoch remembered",
    ],
)
def test_a_kill_while_a_damaged_log_is_replaced_still_voids_counted_grants(
    tmp_path: Path, point: str
) -> None:
    with contextlib.closing(open_log(tmp_path)) as log:
        log.commit([spending(COUNTED, limit=9)])
    (tmp_path / "usage.db").write_bytes(b"damaged")
    assert run_victim(tmp_path, point, 1)[0] == -signal.SIGKILL
    with contextlib.closing(open_log(tmp_path, first_epoch=77)) as log:
        assert log.access_state().all_void
        assert kinds(log)[-1] is EventKind.ACCESS_STATE_LOST
        assert isinstance(log.commit([spending(COUNTED, limit=9)])[0], SpendRefusedError)
    assert (tmp_path / "usage.db.damaged-1").read_bytes() == b"damaged"
    assert not (tmp_path / "usage.db.damaged-2").exists()


def test_a_full_disk_is_a_store_error_and_loses_nothing_that_was_told(tmp_path: Path) -> None:
    code, told = run_victim(tmp_path, "never", 1, str(14 * 1024))
    assert code == 0
    assert told.pop() == "StoreError"
    assert told
    with contextlib.closing(open_log(tmp_path)) as log:
        assert_sound(log, told)


def test_a_kill_between_commits_leaves_a_reader_that_works(tmp_path: Path) -> None:
    code, told = run_victim(tmp_path, "before commit", 6)  # in a purge
    assert code == -signal.SIGKILL
    with UsageReader(tmp_path) as reader:
        page = reader.read_after(int(told[-1]) - 1, 100)
        assert all(isinstance(one.content, Event) for one in page)
        assert page[0].number == int(told[-1])
