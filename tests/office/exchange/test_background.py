"""Work in a process of its own: who looks at it disturbs nobody, and what cannot be started holds nothing."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path

import pytest

from office.exchange.background import Background

TOKEN = "0" * 32


@pytest.fixture
def work(tmp_path: Path) -> Background:
    (tmp_path / TOKEN).mkdir()
    return Background(tmp_path, TOKEN)


def test_two_who_look_at_once_do_not_take_each_other_for_the_work(work: Background) -> None:
    with (work.folder / "lock").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)  # in the middle of `running`
        assert not work.running()
        fcntl.flock(other, fcntl.LOCK_EX)
        assert work.running()


def test_what_could_not_be_started_does_not_count_as_running(
    work: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(work.folder / "away"))
    with pytest.raises(FileNotFoundError):
        work.start("check", [])
    assert not work.running()
