"""A gate's state directory that is gone, and comes back."""

from __future__ import annotations

from pathlib import Path

from terminal.log_service import RETRY_S
from tests.support.gate_rig import GateRig


def take_disk_away(rig: GateRig) -> Path:
    """The state directory of a gate that is not running is gone (a disk that does not mount)."""
    away = rig.directory / "away"
    rig.gate.config.terminal_dir.rename(away)
    return away


def give_disk_back(rig: GateRig, away: Path) -> None:
    away.rename(rig.gate.config.terminal_dir)
    rig.advance(RETRY_S)
    rig.hook_disk()
    rig.until("the log runs", lambda: rig.gate.log.health().running)
