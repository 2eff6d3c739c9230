"""The talk that makes a configuration: few questions, each explained, and a gate starts with the answers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.board import CHOICES, board_of
from provisioning.errors import ProvisioningError
from provisioning.questions import MOST_QUESTIONS, Outcome, ask_for_config
from provisioning.uarts import header_uart
from provisioning.visits import judged_config

ROOT_KEY = "ab" * 32
GATE = ["North gate", "7", "6761 7465 6830 3031", ROOT_KEY]
STRIKE = ["strike", "17", "-", "22"]


def talk(answers: list[str], board: str | None = "pi-4") -> tuple[Outcome, list[str]]:
    """The outcome, and everything that was said."""
    said: list[str] = []
    left: Iterator[str] = iter(answers)

    def ask(prompt: str) -> str:
        said.append(prompt)
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    outcome = ask_for_config(ask, said.append, None if board is None else board_of(board))
    assert list(left) == [], "answers that nobody asked for"
    return outcome, said


@pytest.mark.parametrize("board", CHOICES)
@pytest.mark.parametrize(
    "door",
    [STRIKE, ["magnet", "17 low", "23", "-"], ["barrier", "17, 27 low", "5", "6"]],
    ids=["strike", "magnet", "barrier"],
)
@pytest.mark.parametrize("link", ["none", "hub.example:4433, 10.0.0.2:4433", "serial PORT 3"])
def test_every_way_through_ends_in_a_gate_that_would_start(board: str, door: list[str], link: str) -> None:
    link = link.replace("PORT", header_uart(board_of(board)))
    outcome, _ = talk([board, *GATE, *door, "24", "wiegand 8 9", link], board=None)
    config = judged_config(outcome.config_text, Path("answers"))
    assert outcome.questions <= MOST_QUESTIONS
    assert (config.gate.name, config.gate.id, config.gate.estate) == ("North gate", 7, "6761746568303031")
    assert config.gpio_kind == ("sim" if board == "none" else "gpiod")
    assert config.link.kind.value == {"n": "none", "h": "network", "s": "serial"}[link[0]]
    assert config.doors["door"].settings.kind.value == door[0]
    assert config.inputs["fire"].line.line == ("24" if board == "none" else "GPIO24")
    assert not config.inputs["fire"].line.active_low, "a cut wire must be fire"


def test_an_empty_answer_takes_what_is_offered() -> None:
    outcome, _ = talk([*GATE, "", "17", "", "", "", "pcsc", ""])
    document = tomllib.loads(outcome.config_text.decode())
    assert document["doors"]["door"]["kind"] == "strike"
    assert "inputs" not in document
    assert "inputs" not in document["doors"]["door"]
    assert document["link"] == {"kind": "none"}


@pytest.mark.parametrize(
    ("wrong", "at", "told"),
    [
        ("", 0, "1 to 64 characters"),
        ("zero", 1, "a whole number"),
        ("0", 1, "a whole number"),
        ("67617465683030", 2, "16 hexadecimal digits"),
        ("x" * 64, 3, "64 hexadecimal digits"),
        ("door", 4, "strike, magnet or barrier"),
        ("28", 5, "the number is the GPIO's"),
        ("17, 18", 5, "one pin"),
        ("2", 5, "GPIO 2 is for the I2C bus"),
        ("none", 6, "one pin, such as 17"),
        ("rfid", 9, "pcsc, em4100_serial PORT"),
        ("wiegand 5", 9, "pcsc, em4100_serial PORT"),
        ("hub.example", 10, "HOST:PORT"),
        ("serial /dev/serial0 200", 10, "from 1 to 127"),
        ("serial /dev/serial0 \N{SUPERSCRIPT TWO}", 10, "from 1 to 127"),
        ("serial /dev/ttyS0 3", 10, "name /dev/serial0"),
        ("hub.example:99999", 10, "HOST:PORT"),
        ("hub.example:0", 10, "HOST:PORT"),
        ("17", 6, "GPIO17 was the answer to: Pin of the lock's relay?"),
        ("22", 8, "GPIO22 was the answer to: Pin of the exit button"),
        ("wiegand 22 9", 9, "GPIO22 was the answer to"),
        ("wiegand 8 8", 9, "named twice"),
        ("em4100_serial /dev/ttyS0", 9, "name /dev/serial0"),
    ],
)
def test_a_wrong_answer_is_explained_and_asked_again(wrong: str, at: int, told: str) -> None:
    right = [*GATE, *STRIKE, "-", "pcsc", "none"]
    _, said = talk([*right[:at], wrong, *right[at:]])
    assert [line for line in said if line.startswith("   That does not fit: ") and told in line]


def test_the_wires_of_the_serial_port_are_not_given_away_twice() -> None:
    strike = ["strike", "14", "-", "-"]
    _, said = talk([*GATE, *strike, "-", "pcsc", "serial /dev/serial0 3", "none"])
    assert "GPIO14 was the answer to: Pin of the lock's relay?" in "".join(said)


def test_reader_and_office_do_not_share_a_port() -> None:
    answers = [*GATE, *STRIKE, "-", "em4100_serial /dev/ttyUSB0", "serial /dev/ttyUSB0 3", "none"]
    _, said = talk(answers)
    assert "/dev/ttyUSB0 was the answer to: Which reader" in "".join(said)


def test_nobody_there_is_told() -> None:
    with pytest.raises(ProvisioningError, match="nothing was changed"):
        talk(GATE[:2])


def test_a_name_cannot_break_out_of_its_line() -> None:
    outcome, _ = talk(['"]\\ 门', *GATE[1:], *STRIKE, "-", "pcsc", "none"])
    assert judged_config(outcome.config_text, Path("answers")).gate.name == '"]\\ 门'


def test_every_answer_is_told_back_by_what_it_means() -> None:
    _, said = talk(["pi-4", *GATE, "barrier", "17, 27 low", "5", "-", "-", "wiegand 8 9", "hub:1, b:2"], None)
    meanings = [line.removeprefix("   → ") for line in said if line.startswith("   → ")]
    assert meanings == [
        "pi-4, pin header pinctrl-bcm2711",
        "North gate",
        "7",
        "6761746568303031",
        ROOT_KEY,
        "barrier",
        "GPIO17: active while it is high, at rest low; GPIO27: active while it is low, at rest high",
        "GPIO5: active while it is high, at rest low",
        "none: the gate does without",
        "none: the gate does without",
        "kind wiegand chip pinctrl-bcm2711 data0 GPIO8 data1 GPIO9",
        "kind network hubs hub:1, b:2",
    ]
