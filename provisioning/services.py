"""Asks and tells the service manager about the gate's services, by systemctl(1)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from provisioning.errors import ProvisioningError
from provisioning.verdict import Look

SERVICES: Final = ("gate-terminal.service", "gate-sync.service")
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

    def served(self) -> bool:
        """Whether both services are healthy now."""
        return not self._look(None).faults

    def in_service(self) -> bool:
        """Whether the gate is meant to run."""
        return _run("is-active", "--quiet", TARGET).returncode == 0

    def look(self, command: Path) -> Look:
        """The services now; ``command`` must get an answer, too."""
        return self._look(command)

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

    def _look(self, command: Path | None) -> Look:
        faults, lives, restarts = [], [], 0
        for service in SERVICES:
            found = _show(service)
            if (found.get("ActiveState"), found.get("SubState")) != ("active", "running"):
                state = f"{found.get('ActiveState', 'unknown')} ({found.get('SubState', '?')})"
                faults.append(f"{service} is {state}, last result {found.get('Result', '?')}")
            lives.append(f"{service}:{found.get('InvocationID', '')}")
            restarts = max(restarts, int(found.get("NRestarts") or 0))
        if command is not None and not faults and (fault := _status_fault(command)):
            faults.append(fault)
        return Look(self._now_s(), tuple(faults), " ".join(lives), restarts)


def _show(service: str) -> dict[str, str]:
    answer = _run("show", service, *(f"--property={one}" for one in _PROPERTIES))
    return dict(line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line)


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
