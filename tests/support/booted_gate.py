"""A gate on a booted Debian: its life, its answers, and its units with other settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tests.support.container import Container
from tests.support.gate_package import SERVICES
from tests.support.waiting import until

GATE, SYNC = SERVICES
OLD, NEW, BAD = "1.0", "1.1", "1.2"
"""Releases; the gate process of the last one does not start."""
STATE: Final = "/var/lib/gatehouse"


def booted(tree: Path) -> Iterator[Container]:
    """The tree, booted, with its gate in service; switched off at the end."""
    container = Container(tree)
    try:
        container.boot()
        container.until_serving(*SERVICES)
        yield container
    finally:
        container.cut_power()


def answer(container: Container, *command: str, ok: bool = True) -> dict[str, Any]:
    """The object that a command answers with ``--json``."""
    found: dict[str, Any] = json.loads(container.run(*command, "--json", ok=ok))
    return found


def with_settings(container: Container, unit: str, *lines: str) -> None:
    """Let a unit have these settings instead, until the next boot or call."""
    folder = f"/run/systemd/system/{unit}.d"
    words = " ".join(f"'{line}'" for line in ("[Service]", *lines))
    container.run("sh", "-c", f"mkdir -p {folder}; printf '%s\\n' {words} >{folder}/test.conf")
    container.run("systemctl", "daemon-reload")


def until_restarted(container: Container, unit: str, life: str, within_s: float = 30.0) -> None:
    """Wait until the unit runs in another life than ``life``."""
    until(
        f"{unit} back in service",
        lambda: (
            container.show(unit, "SubState") == "running" and container.show(unit, "InvocationID") != life
        ),
        within_s,
        told=container.journal,
    )


def within(container: Container, commands: Sequence[tuple[str, str]]) -> list[str]:
    """How each command ends that is run as its unit runs its process: same user, same walls."""
    probes = [f"probe-{number}.service" for number in range(len(commands))]
    for probe, (unit, command) in zip(probes, commands, strict=True):
        replaced = (
            f"s|^ExecStart=.*|ExecStart={command}|; s|^Type=.*|Type=oneshot|; s|^Restart=.*|Restart=no|;"
            "/^ExecStopPost=/d; /^WatchdogSec=/d; /^PartOf=/d; /^RuntimeDirectory/d"
        )
        file = f"/run/systemd/system/{probe}"
        source = f"/usr/lib/systemd/system/{unit}"
        container.run("sed", "--follow-symlinks", "-e", replaced, "-e", f"w {file}", "-n", source)
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "start", *probes, ok=None)
    return [container.show(one, "Result") for one in probes]


def release(container: Container) -> tuple[str, str, str | None]:
    """Which release serves, which one before, and which is on trial."""
    found = answer(container, "gatehouse-provision", "rollback", "--dry-run")
    return found["current"], found["previous"], found["on_trial"]
