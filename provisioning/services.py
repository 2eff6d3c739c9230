"""Asks and tells the service manager about the gate's services, by systemctl(1)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from provisioning.errors import ProvisioningError
from provisioning.verdict import Look

GATE: Final = "gate-terminal.service"
SERVICES: Final = (GATE, "gate-sync.service")
TARGET: Final = "gate.target"
JUDGE: Final = "gatehouse-upgrade-check.service"
_PROPERTIES: Final = ("ActiveState", "SubState", "NRestarts", "InvocationID", "Result")
_LIMIT_S: Final = 30.0


class ServiceError(ProvisioningError):
    """The service manager refused, or does not answer."""


def manager_runs() -> bool:
    """Whether this is a booted machine (sd_booted(3)); not so in an image that is being made."""
    return Path("/run/systemd/system").is_dir()


class RunningGate:
    """The gate on this machine."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s

    def in_service(self) -> bool:
        """Whether the gate is meant to run."""
        return _run("is-active", "--quiet", TARGET).returncode == 0

    def judged_by(self) -> tuple[str, ...]:
        """The gate process always, for residents stand there; the sync process unless it is unwell."""
        well = tuple(one for one in SERVICES if one == GATE or not _fault(one, _show(one)))
        return () if well == SERVICES else well

    def look(self, command: Path, services: tuple[str, ...]) -> Look:
        """These services now (none: both); ``command`` must get an answer, too."""
        faults, lives, restarts = [], [], 0
        for service in services or SERVICES:
            found = _show(service)
            if fault := _fault(service, found):
                faults.append(fault)
            lives.append(f"{service}:{found.get('InvocationID', '')}")
            restarts = max(restarts, int(found.get("NRestarts") or 0))
        if not faults and (fault := _status_fault(command)):
            faults.append(fault)
        return Look(self._now_s(), tuple(faults), " ".join(lives), restarts)

    def restart(self) -> None:
        """Start both services anew with what the manager finds now; answers at once.

        Raises:
            ServiceError: the manager refused.
        """
        _must("daemon-reload")
        _must("reset-failed", *SERVICES)
        _must("restart", "--no-block", *SERVICES)

    def start_judge(self) -> None:
        """Let the release on trial be judged from now on; answers at once. Raises ``ServiceError``."""
        _must("restart", "--no-block", JUDGE)


def _show(service: str) -> dict[str, str]:
    answer = _run("show", service, *(f"--property={one}" for one in _PROPERTIES))
    return dict(line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line)


def _fault(service: str, found: dict[str, str]) -> str:
    if (found.get("ActiveState"), found.get("SubState")) == ("active", "running"):
        return ""
    state = f"{found.get('ActiveState', 'unknown')} ({found.get('SubState', '?')})"
    return f"{service} is {state}, last result {found.get('Result', '?')}"


def _status_fault(command: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [command, "status", "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"its status command fails: {error}"
    return (
        "" if done.returncode == 0 else f"its status command answers {done.returncode}: {done.stdout[:200]}"
    )


def _must(*words: str) -> None:
    done = _run(*words)
    if done.returncode != 0:
        raise ServiceError(f"systemctl {' '.join(words)}: {done.stderr.strip()}")


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    command: Sequence[str] = ("systemctl", *words)
    try:
        return subprocess.run(  # noqa: S603 - fixed words
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceError(f"systemctl {' '.join(words)}: {error}") from error
