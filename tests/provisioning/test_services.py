"""What systemctl says of the gate's services, as a trial takes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.services import GATE, SERVICES, RunningGate

SYNC = SERVICES[1]
Manager = Callable[..., Path]


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manager:
    """A service manager whose services run but those named; answers a status command that is content."""

    def make(*unwell: str) -> Path:
        for name, script in {
            "systemctl": f"""
                case " {" ".join(unwell)} " in
                    *" $2 "*) echo ActiveState=activating; echo SubState=auto-restart; echo NRestarts=7;;
                    *) echo ActiveState=active; echo SubState=running; echo NRestarts=0;;
                esac
                echo InvocationID=$2-1""",
            "gatehouse-terminal": "exit 0",
        }.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return tmp_path / "gatehouse-terminal"

    return make


def test_a_gate_that_is_well_is_judged_by_both(manager: Manager) -> None:
    command, gate = manager(), RunningGate(lambda: 1.0)
    assert gate.judged_by() == ()
    look = gate.look(command, ())
    assert (look.faults, look.restarts) == ((), 0)
    assert look.life == f"{GATE}:{GATE}-1 {SYNC}:{SYNC}-1"


def test_a_sync_process_that_was_unwell_before_counts_for_nothing(manager: Manager) -> None:
    command, gate = manager(SYNC), RunningGate(lambda: 1.0)
    assert gate.judged_by() == (GATE,)
    look = gate.look(command, (GATE,))
    assert (look.faults, look.restarts, look.life) == ((), 0, f"{GATE}:{GATE}-1")
    assert gate.look(command, ()).restarts == 7


def test_the_gate_process_always_counts(manager: Manager) -> None:
    command, gate = manager(GATE), RunningGate(lambda: 1.0)
    assert gate.judged_by() == ()
    assert "auto-restart" in gate.look(command, gate.judged_by()).faults[0]
