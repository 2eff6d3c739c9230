"""Which Raspberry Pi it is; an unknown one is told and asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.board import CHOICES, board_of, detect, recognise
from provisioning.errors import ProvisioningError
from provisioning.host import Host

MODELS = {
    "Raspberry Pi Zero W Rev 1.1": "pi-zero",
    "Raspberry Pi Zero 2 W Rev 1.0": "pi-zero",
    "Raspberry Pi Model B Plus Rev 1.2": "pi-1",
    "Raspberry Pi Compute Module Rev 1.0": "pi-1",
    "Raspberry Pi 2 Model B Rev 1.1": "pi-2",
    "Raspberry Pi 3 Model B Plus Rev 1.3": "pi-3",
    "Raspberry Pi Compute Module 3 Plus Rev 1.0": "pi-3",
    "Raspberry Pi 4 Model B Rev 1.4": "pi-4",
    "Raspberry Pi 400 Rev 1.0": "pi-4",
    "Raspberry Pi Compute Module 4 Rev 1.0": "pi-4",
    "Raspberry Pi Compute Module 4S Rev 1.0": "pi-4",
    "Raspberry Pi 5 Model B Rev 1.0": "pi-5",
    "Raspberry Pi 500 Rev 1.0": "pi-5",
    "Raspberry Pi Compute Module 5 Rev 1.0": "pi-5",
}


@pytest.mark.parametrize(("model", "name"), MODELS.items())
def test_every_model_is_known_with_the_chip_of_its_header(model: str, name: str) -> None:
    board = recognise(model)
    assert board is not None
    assert (board.name, board.model) == (name, model)
    chip = {"pi-4": "pinctrl-bcm2711", "pi-5": "pinctrl-rp1"}.get(name, "pinctrl-bcm2835")
    assert board.chip == chip


@pytest.mark.parametrize("model", ["Raspberry Pi 6 Model B", "Raspberry Pi 50", "Orange Pi 5", ""])
def test_no_other_is_taken_for_one_of_them(model: str) -> None:
    assert recognise(model) is None


def test_an_unknown_one_is_told_and_asked_for(machine: Path) -> None:
    (machine / "proc/device-tree/model").write_text("Raspberry Pi 6 Model B Rev 1.0\0")
    with pytest.raises(
        ProvisioningError, match="'Raspberry Pi 6 Model B Rev 1.0' is not a board this release"
    ):
        detect(Host(machine))
    assert detect(Host(machine), "pi-5") == board_of("pi-5", "Raspberry Pi 6 Model B Rev 1.0")


def test_an_image_that_does_not_run_must_be_told_which_it_is_for(machine: Path) -> None:
    (machine / "proc/device-tree/model").unlink()
    with pytest.raises(
        ProvisioningError, match=r"not a running machine: say which it is by --board \(pi-zero"
    ):
        detect(Host(machine))


def test_every_choice_is_a_board() -> None:
    assert {board_of(one).is_pi for one in CHOICES[:-1]} == {True}
    assert not board_of("none").is_pi
