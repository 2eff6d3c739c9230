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

    def in_service(self) -> bool:
        """Whether the gate is meant to run."""

    def judged_by(self) -> tuple[str, ...]:
        """Services by which a new release is to be judged, given how they are now; none: by all."""

    def look(self, command: Path, services: tuple[str, ...]) -> Look:
        """These services now (none: all); ``command`` must get an answer, too."""

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
    """Let ``version`` serve. A gate in service tries it, also one that is not quite well.

    ``machine`` is ``None`` where nothing runs: an image, a tree.

    Raises:
        ReleaseError: the release is not there.
        ServiceError: the service manager refused; the links are switched.
    """
    before = releases.current() or ""
    running = machine if machine is not None and machine.in_service() else None
    on_trial = running is not None and before != ""
    services = running.judged_by() if running is not None else ()
    if not releases.switch(version, on_trial=on_trial, services=services):
        return Switched(version, changed=False)
    if running is not None:
        running.restart()
    if running is not None and on_trial:
        running.start_judge()
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
    command = releases.home / "current/bin/gatehouse-terminal"
    jury = Judge(wait(), limit_s=limit_s, steady_s=steady_s)
    while verdict is None:
        verdict = jury.take(machine.look(command, trial.services))
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
