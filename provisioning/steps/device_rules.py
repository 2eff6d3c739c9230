"""Names of devices that stay (/dev/gate-*), and who may use devices and pcscd."""

from __future__ import annotations

from provisioning.item_step import ItemStep
from provisioning.items import Item
from provisioning.steps._shipped import by_package, shipped
from provisioning.visit import Visit


def udev_step() -> ItemStep:
    """The rules of udev."""
    return ItemStep("devices", "names and rights of devices", _udev_rules, after=_reload, nothing=by_package)


def polkit_step() -> ItemStep:
    """The rule of polkit, which watches its own directory."""
    return ItemStep("pcscd", "the gate may speak to pcscd", _polkit_rules, nothing=by_package)


def _udev_rules(visit: Visit) -> list[Item]:
    return shipped(visit, "udev/*.rules")


def _polkit_rules(visit: Visit) -> list[Item]:
    return shipped(visit, "polkit/*.rules")


def _reload(visit: Visit) -> None:
    if not visit.host.exists("/run/udev/control"):
        return  # a container: the rules are for the machine's own boot
    visit.host.must("udevadm", "control", "--reload")
    visit.host.must(
        "udevadm",
        "trigger",
        "--action=change",
        *(f"--subsystem-match={one}" for one in ("gpio", "tty", "input")),
    )
    visit.host.run("udevadm", "settle", "--timeout=30")  # a device that takes longer comes later
