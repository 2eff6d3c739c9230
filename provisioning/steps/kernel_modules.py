"""The kernel's own NFC drivers stay off the card readers; USB serial is there before the services start."""

from __future__ import annotations

from typing import Final

from provisioning.item_step import ItemStep
from provisioning.items import Item
from provisioning.step import State, cannot, done
from provisioning.steps._shipped import by_package, shipped
from provisioning.visit import Visit

IN_THE_WAY: Final = ("pn533_usb", "pn533", "nfc")
"""In the order in which they can be unloaded; modprobe.d/gatehouse.conf names the same."""


def step() -> ItemStep:
    """The step."""
    return ItemStep(
        "modules", "kernel modules of card readers", _items, after=_unload, proof=_proof, nothing=by_package
    )


def loaded(visit: Visit) -> list[str]:
    """Which of the modules in the way are loaded now."""
    names = {line.split()[0] for line in visit.host.text("/proc/modules").splitlines() if line}
    return [one for one in IN_THE_WAY if one in names]


def _items(visit: Visit) -> list[Item]:
    return [*shipped(visit, "modprobe.d/*.conf"), *shipped(visit, "modules-load.d/*.conf")]


def _unload(visit: Visit) -> None:
    for one in loaded(visit):
        visit.host.run("modprobe", "-r", one)  # in use: the next boot leaves it out, and `verify` tells


def _proof(visit: Visit) -> State:
    if there := loaded(visit):
        names = ", ".join(there)
        return cannot(f"{names}: still loaded, and may take a card reader; pull the reader out, or reboot")
    return done()
