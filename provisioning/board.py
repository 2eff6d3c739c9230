"""Which computer this is, and what follows from it: the GPIO backend, its chip, the UART, the boot files."""

from __future__ import annotations

import os
import re
from typing import Final

from msgspec import Struct

from provisioning.errors import ProvisioningError
from provisioning.host import Host

MODEL_FILES: Final = ("/proc/device-tree/model", "/sys/firmware/devicetree/base/model")
CHOICES: Final = ("pi-zero", "pi-1", "pi-2", "pi-3", "pi-4", "pi-5", "none")


ARM: Final = ("arm", "aarch64")
"""A running machine of another kind is no Raspberry Pi, whether it tells its model or not."""


class Board(Struct, frozen=True):
    """A computer that a gate can be."""

    name: str
    """One of `CHOICES`; ``none``: no Raspberry Pi, so no boot files either."""
    model: str
    """As it calls itself, empty if it was chosen by hand."""
    chip: str = ""
    """Label of the pin header's chip (docs/hardware.md)."""

    @property
    def is_pi(self) -> bool:
        """It has a pin header and reads config.txt."""
        return self.name != "none"


_CHIPS: Final = {
    "pi-zero": "pinctrl-bcm2835",
    "pi-1": "pinctrl-bcm2835",
    "pi-2": "pinctrl-bcm2835",
    "pi-3": "pinctrl-bcm2835",
    "pi-4": "pinctrl-bcm2711",
    "pi-5": "pinctrl-rp1",
}
_MODELS: Final = (
    (re.compile(r"Raspberry Pi Zero\b"), "pi-zero"),
    (re.compile(r"Raspberry Pi (5|500|Compute Module 5)\b"), "pi-5"),
    (re.compile(r"Raspberry Pi (4|400|Compute Module 4S?)\b"), "pi-4"),
    (re.compile(r"Raspberry Pi (3|Compute Module 3)\b"), "pi-3"),
    (re.compile(r"Raspberry Pi 2\b"), "pi-2"),
    (re.compile(r"Raspberry Pi (Model|Compute Module Rev)\b"), "pi-1"),
)
"""Whole words, so that a Pi 50 of the future is no Pi 5."""


def board_of(name: str, model: str = "") -> Board:
    """The board of one of `CHOICES`."""
    return Board(name, model, _CHIPS.get(name, ""))


def model_of(host: Host) -> str:
    """What the machine calls itself; empty for a PC, a container, an image that is not running."""
    for file in MODEL_FILES:
        if text := host.text(file).rstrip("\0\n "):
            return text
    return ""


def recognise(model: str) -> Board | None:
    """The board of this model name; ``None``: one that this release does not know."""
    for pattern, name in _MODELS:
        if pattern.match(model):
            return board_of(name, model)
    return None


def detect(host: Host, choice: str | None = None) -> Board:
    """The board: what the technician chose, else what the machine says.

    Raises:
        ProvisioningError: it says nothing, or something unknown, and nothing was chosen.
    """
    model = model_of(host)
    if choice is not None:
        return board_of(choice, model)
    if not model and host.live and not os.uname().machine.startswith(ARM):
        return board_of("none")
    if not model:
        where = (
            "this machine does not tell its model" if host.live else f"{host.root} is not a running machine"
        )
        raise ProvisioningError(f"{where}: say which it is by --board ({', '.join(CHOICES)})")
    board = recognise(model)
    if board is None:
        raise ProvisioningError(
            f"{model!r} is not a board this release knows. If it is like one of {', '.join(CHOICES[:-1])},"
            " say so by --board; with --board none the boot files are left alone and 'chip' in [gpio] must"
            " say where the lines are"
        )
    return board
