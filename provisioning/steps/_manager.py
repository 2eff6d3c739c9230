"""What steps ask of the running service manager."""

from __future__ import annotations

from provisioning.visit import Visit


def restart_if_running(visit: Visit, *services: str) -> None:
    """Restart those that run; one that is not installed, or not yet, has nothing to be told."""
    for one in services:
        if visit.host.run("systemctl", "cat", one).ok:
            visit.host.must("systemctl", "try-restart", one)


def reload(visit: Visit) -> None:
    """Let the manager read units and its own settings anew."""
    visit.host.must("systemctl", "daemon-reload")
