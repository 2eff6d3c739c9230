"""A switch of releases on a gate, and the judging of it; what it needs of the machine is handed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from provisioning.releases import Releases, Trial
from provisioning.verdict import LIMIT_S, MAX_JUDGINGS, STEADY_S, Ending, Judge, Look, Verdict


class Machine(Protocol):
    """The gate's services on the machine that this runs on; ``provisioning.services`` is the real one."""

    def served(self) -> bool:
        """Whether both services are healthy now."""

    def in_service(self) -> bool:
        """Whether the gate is meant to run."""

    def look(self, command: Path) -> Look:
        """The services now; ``command`` must get an answer, too."""

    def restart(self) -> None:
        """Start the services anew with what the links name now; answers at once."""

    def start_judge(self) -> None:
        """Let the trial be judged from now on; answers at once."""


class Switched(Struct, frozen=True):
    """What a switch did."""

    version: str
    changed: bool
    on_trial: bool = False
    before: str = ""


def switch(releases: Releases, version: str, machine: Machine | None) -> Switched:
    """Let ``version`` serve. A gate that serves well tries it; one that does not has nothing to lose.

    ``machine`` is ``None`` where nothing runs: an image, a tree.

    Raises:
        ReleaseError: the release is not there.
        ServiceError: the service manager refused; the links are switched.
    """
    before = releases.current() or ""
    on_trial = machine is not None and machine.served()
    if not releases.switch(version, on_trial=on_trial):
        return Switched(version, changed=False)
    if machine is not None and (on_trial or machine.in_service()):
        machine.restart()
    if machine is not None and on_trial:
        machine.start_judge()
    else:
        releases.prune()
    return Switched(version, changed=True, on_trial=on_trial, before=before)


def go_back(releases: Releases, reason: str, machine: Machine | None) -> str:
    """Let the release before serve again; returns its version.

    Raises:
        ReleaseError: there is none.
        ServiceError: the service manager refused; the links are switched.
    """
    version = releases.go_back(reason)
    if machine is not None and machine.in_service():
        machine.restart()
    return version


def judge(
    releases: Releases,
    machine: Machine,
    wait: Callable[[], float],
    *,
    limit_s: float = LIMIT_S,
    steady_s: float = STEADY_S,
) -> Verdict | None:
    """Judge the trial under way to its end; ``None``: there is none, or somebody ended it by hand.

    ``wait`` waits for the next look and answers the time.
    """
    trial = releases.begin_judging()
    if trial is None:
        return None
    verdict = _too_often(trial)
    jury = Judge(wait(), limit_s=limit_s, steady_s=steady_s)
    while verdict is None:
        verdict = jury.take(machine.look(releases.home / "current/bin/gatehouse-terminal"))
        if releases.trial() is None:
            return None
        if verdict is None:
            wait()
    if verdict.ending is Ending.KEPT:
        releases.accept()
    else:
        go_back(releases, verdict.reason, machine)
    return verdict


def _too_often(trial: Trial) -> Verdict | None:
    if trial.judged <= MAX_JUDGINGS:
        return None
    return Verdict(
        Ending.GONE_BACK, f"judging it was cut off {trial.judged - 1} times; it may take the machine down"
    )
