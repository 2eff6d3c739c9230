"""What the commands about releases share."""

from __future__ import annotations

from pathlib import Path

from provisioning.cli._answer import Fields
from provisioning.releases import Releases
from provisioning.services import RunningGate, manager_runs
from provisioning.trial import Machine
from terminal import clock


def machine_of(root: Path) -> Machine | None:
    """The gate that runs here; ``None`` for a tree, and where no service manager runs."""
    is_here = root.resolve() == Path("/") and manager_runs()
    return RunningGate(monotonic_s) if is_here else None


def monotonic_s() -> float:
    """Now, on the clock that nobody sets."""
    return clock.read().monotonic


def state_of(releases: Releases) -> Fields:
    """What the links and notes say."""
    trial, refused = releases.trial(), releases.refused()
    return {
        "current": releases.current(),
        "previous": releases.previous(),
        "on_trial": None if trial is None else trial.version,
        "refused": None if refused is None else {"version": refused.version, "reason": refused.reason},
    }
