"""The gate's services: their units, the one name that is enabled, and their start."""

from __future__ import annotations

import re
from typing import Final

from provisioning.item_step import ItemStep
from provisioning.items import Item, Link
from provisioning.step import State, cannot, done, not_needed, to_do
from provisioning.steps._manager import reload
from provisioning.steps._shipped import in_force, shipped
from provisioning.visit import Visit

TARGET: Final = "gate.target"
SERVICES: Final = ("gate-terminal.service", "gate-sync.service")
PROGRAM: Final = "/opt/gatehouse/current/bin/gatehouse-terminal"
"""What the units start (systemd/README.md)."""
WANTED_BY: Final = re.compile(r"^WantedBy=(.+)$", re.MULTILINE)
START_LIMIT_S: Final = 180.0
"""Longer than both services' own limits together."""


def units_step() -> ItemStep:
    """Units, and the target enabled: the links that ``systemctl enable`` would make."""
    return ItemStep("units", "services, in service from every boot on", _items, after=reload, proof=_enabled)


class ServiceStep:
    """Fills `provisioning.step.Step`: the services run. In a tree nothing runs."""

    name: Final = "service"
    title: Final = "the gate runs"
    holds_state: Final = False

    def check(self, visit: Visit) -> State:
        """Asks the service manager."""
        if not visit.host.live:
            return not_needed("starts with the machine's next boot")
        if not visit.host.exists(PROGRAM):
            return cannot(
                f"{PROGRAM} is not there: install the package first (apt install ./gatehouse_*.deb)"
            )
        idle = [one for one in SERVICES if not visit.host.run("systemctl", "is-active", "--quiet", one).ok]
        return to_do([f"start {one}" for one in idle]) if idle else done("runs")

    def apply(self, visit: Visit) -> None:
        """Start them; returns when both are ready."""
        visit.host.must("systemctl", "start", TARGET, *SERVICES, limit_s=START_LIMIT_S)

    def verify(self, visit: Visit) -> State:
        """Whether both run; if not, the cure is in the journal."""
        state = self.check(visit)
        if state.changes:
            names = ", ".join(one.removeprefix("start ") for one in state.changes)
            return cannot(f"not running: {names}; see journalctl -u gate-terminal -u gate-sync")
        return state

    def undo(self, visit: Visit) -> list[str]:
        """Stop them before their units go."""
        if not visit.host.live:
            return []
        ran = visit.host.run("systemctl", "stop", TARGET, *SERVICES, limit_s=START_LIMIT_S)
        return [] if ran.ok else [f"the services could not be stopped: {ran.output}"]


def _items(visit: Visit) -> list[Item]:
    units = [item for pattern in ("system/*.service", "system/*.target") for item in shipped(visit, pattern)]
    wanted_by = WANTED_BY.search(visit.data.text(f"system/{TARGET}"))
    names = wanted_by.group(1).split() if wanted_by else []
    aim = in_force(visit, f"system/{TARGET}")
    return [*units, *(Link(f"/etc/systemd/system/{name}.wants/{TARGET}", aim) for name in names)]


def _enabled(visit: Visit) -> State:
    ran = visit.host.run("systemctl", "is-enabled", TARGET)
    return done(ran.output) if ran.ok else cannot(f"{TARGET} is {ran.output}: systemctl enable {TARGET}")
