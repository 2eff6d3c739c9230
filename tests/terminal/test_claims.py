"""What readers need for themselves is held against the lines of the gate and against each other."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from terminal.check import config_errors
from terminal.config_file import parse_config

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "gate.toml"
PATH = Path("/etc/gatehouse/gate.toml")


def errors_with(**readers: dict[str, Any]) -> list[str]:
    document = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for number, (name, table) in enumerate(readers.items(), 10):
        document["readers"][name] = {"id": number, "door": "pedestrian", **table}
    return [error.removeprefix(f"{PATH}: ") for error in config_errors(parse_config(PATH, document))]


def wiegand(data0: str, data1: str) -> dict[str, Any]:
    return {"kind": "wiegand", "chip": "sim", "data0": data0, "data1": data1}


def osdp(port: str, address: int, baud: int = 9600) -> dict[str, Any]:
    return {"kind": "osdp", "port": port, "address": address, "baud": baud, "key": "/etc/gatehouse/a.key"}


def test_lines_and_addresses_of_ones_own_are_well() -> None:
    bus = "/dev/ttyAMA0"
    assert errors_with(a=wiegand("GPIO5", "GPIO6"), b=osdp(bus, 1), c=osdp(bus, 2)) == []


def test_a_wiegand_line_that_a_relay_has_names_both_users() -> None:
    assert errors_with(a=wiegand("relay1", "GPIO6")) == [
        (
            "line 'relay1' is used twice: by [doors.pedestrian.outputs.lock] and by [readers.a]; "
            "give one another line"
        )
    ]


def test_two_wiegand_readers_on_one_line_name_both() -> None:
    (error,) = errors_with(a=wiegand("GPIO5", "GPIO6"), b=wiegand("GPIO6", "GPIO7"))
    assert error == "line 'GPIO6' is used twice: by [readers.a] and by [readers.b]; give one another line"


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (
            osdp("/dev/ttyAMA0", 1),
            (
                "address 1 on '/dev/ttyAMA0' is used twice: by [readers.a] and by [readers.b]; "
                "give one another address"
            ),
        ),
        (
            osdp("/dev/ttyAMA0", 2, 115200),
            (
                "port '/dev/ttyAMA0' is used twice: by [readers.a] (osdp at 9600 baud) and by [readers.b] "
                "(osdp at 115200 baud); give one another port"
            ),
        ),
    ],
)
def test_two_readers_of_one_bus_must_differ_in_address_and_agree_in_baud(
    second: dict[str, Any], error: str
) -> None:
    assert errors_with(a=osdp("/dev/ttyAMA0", 1), b=second) == [error]


def test_a_reader_with_wrong_settings_is_told_once() -> None:
    (error,) = errors_with(a=wiegand("GPIO5", "GPIO5"))
    assert error.startswith("[readers.a]: 'data0' and 'data1' name the same line")
