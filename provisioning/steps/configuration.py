"""The gate's configuration file, judged before it is put in place."""

from __future__ import annotations

from typing import Final

from provisioning.errors import ProvisioningError
from provisioning.item_step import ItemStep
from provisioning.items import File, Item
from provisioning.step import State, cannot
from provisioning.steps._manager import restart_if_running
from provisioning.steps.services import SERVICES
from provisioning.visit import Visit
from terminal.config import Config, GateSettings

PATH: Final = "/etc/gatehouse/gate.toml"
MODE: Final = 0o640
"""The gate's users read it, nobody else: it names the hub and the wiring."""


class ConfigurationStep(ItemStep):
    """One file."""

    def __init__(self) -> None:
        """What is in it comes with the visit."""
        super().__init__("configuration", "the gate's configuration", _items, after=_restart)

    def check(self, visit: Visit) -> State:
        """Also whether the services may use the paths that it names."""
        if visit.config is None:
            return cannot(
                f"{visit.host.path(PATH)}: there is no configuration; give one with --config, or let apply"
                " ask for it"
            )
        if reasons := foreign_paths(visit.config):
            return cannot("; ".join(reasons))
        return super().check(visit)


def foreign_paths(config: Config) -> list[str]:
    """Paths that the units, which are locked to theirs, would not let the gate use."""
    usual = GateSettings(name="", id=1, estate="")
    return [
        f"{config.path}: [gate] {name!r} is {given!r}: the services may write to {kept!r} alone; leave it out"
        for name, given, kept in (
            ("state_dir", config.gate.state_dir, usual.state_dir),
            ("control_socket", config.gate.control_socket, usual.control_socket),
        )
        if given != kept
    ]


def _items(visit: Visit) -> list[Item]:
    if not visit.config_text:
        raise ProvisioningError("the configuration is empty")
    return [File(PATH, visit.config_text, MODE, "root", "gatehouse")]


def _restart(visit: Visit) -> None:
    """A gate reads its file at its start only; one that is not running yet is started by a later step."""
    restart_if_running(visit, *SERVICES)
