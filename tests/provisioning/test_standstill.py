"""Whatever happens while the gate's services are stopped, they are started again, the gate first."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.signals import ENDING
from provisioning.standstill import GATE, SYNC, stopped

ALL = [f"stop {SYNC}", f"stop {GATE}", f"start {GATE}", f"start {SYNC}"]
Manager = Callable[[str], Callable[[], list[str]]]


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manager:
    """Makes a service manager that also does ``script``, by its words; answers what it was told."""
    told = tmp_path / "told"

    def make(script: str) -> Callable[[], list[str]]:
        program = tmp_path / "bin/systemctl"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\necho "$*" >>{told}\ncase "$*" in {script} *) ;; esac\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        return lambda: [one for one in told.read_text().splitlines() if not one.startswith("is-active")]

    return make


def test_those_that_run_are_stopped_and_started(manager: Manager) -> None:
    told = manager(f'"is-active --quiet {SYNC}") exit 3;;')
    with stopped(Host(), SYNC, GATE):
        assert told() == [f"stop {GATE}"]
    assert told() == [f"stop {GATE}", f"start {GATE}"]


def test_a_sync_process_that_cannot_start_keeps_no_gate_away(manager: Manager) -> None:
    told = manager(f'"start {SYNC}") echo broken; exit 1;;')
    with (
        pytest.raises(ProvisioningError, match=f"start {SYNC}: exit code 1: broken"),
        stopped(Host(), SYNC, GATE),
    ):
        pass
    assert told() == ALL


def test_a_gate_that_cannot_start_keeps_no_sync_process_away_and_both_causes_are_told(
    manager: Manager,
) -> None:
    told = manager(f'"start {GATE}") exit 1;;')
    with (
        pytest.raises(ProvisioningError, match=f"list is refused; .*start {GATE}"),
        stopped(Host(), SYNC, GATE),
    ):
        raise ProvisioningError("the list is refused")
    assert told() == ALL


def test_a_stop_that_fails_is_taken_back(manager: Manager) -> None:
    told = manager(f'"stop {GATE}") exit 1;;')
    with pytest.raises(ProvisioningError, match=f"stop {GATE}"), stopped(Host(), SYNC, GATE):
        raise AssertionError("nothing may be done")
    assert told() == ALL


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_while_they_are_stopped_is_obeyed_before_the_work(
    manager: Manager, number: signal.Signals
) -> None:
    told = manager(f'"stop {GATE}") kill -{number} $PPID;;')
    with pytest.raises(KeyboardInterrupt), stopped(Host(), SYNC, GATE):
        raise AssertionError("nothing may be done")
    assert told() == ALL


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_during_the_work_or_the_start_is_obeyed_at_the_end(
    manager: Manager, number: signal.Signals
) -> None:
    told = manager(f'"start "*) kill -{number} $PPID;;')
    done = []

    def work() -> None:
        signal.raise_signal(number)
        done.append("to its end")

    with pytest.raises(KeyboardInterrupt), stopped(Host(), SYNC, GATE):
        work()
    assert done == ["to its end"]
    assert told() == ALL
