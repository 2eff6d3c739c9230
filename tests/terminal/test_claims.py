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


def errors_with(more: dict[str, Any] | None = None, **readers: dict[str, Any]) -> list[str]:
    document = {**tomllib.loads(EXAMPLE.read_text(encoding="utf-8")), **(more or {})}
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


SCANNER = {"kind": "serial_text", "port": "/dev/ttyUSB0", "number": {"technology": "code"}}
TYPING = {"kind": "hid_keyboard", "number": {"technology": "em4100", "base": "hex", "width_bytes": 5}}


@pytest.mark.parametrize(
    ("first", "second", "error"),
    [
        (
            {"kind": "em4100_serial", "port": "/dev/ttyUSB0"},
            SCANNER,
            "port '/dev/ttyUSB0' is used twice: by [readers.a] and by [readers.b]; give one another port",
        ),
        (
            osdp("/dev/ttyUSB0", 1),
            SCANNER,
            (
                "port '/dev/ttyUSB0' is used twice: by [readers.a] (osdp at 9600 baud) and by [readers.b]; "
                "give one another port"
            ),
        ),
        (
            {**TYPING, "usb": "FFFF:0035"},
            {**TYPING, "usb": "ffff:0035"},
            (
                "keyboard \"usb = 'ffff:0035'\" is used twice: by [readers.a] and by [readers.b]; "
                "give one another keyboard"
            ),
        ),
        (
            {**TYPING, "device": "/dev/input/by-id/usb-x-event-kbd"},
            {**TYPING, "device": "/dev/input/by-id/usb-x-event-kbd"},
            (
                "keyboard '/dev/input/by-id/usb-x-event-kbd' is used twice: by [readers.a] and by "
                "[readers.b]; give one another keyboard"
            ),
        ),
        (
            {"kind": "pcsc", "reader": "ACS ACR122U"},
            {"kind": "pcsc", "reader": "ACS ACR122U"},
            "reader 'ACS ACR122U' is used twice: by [readers.a] and by [readers.b]; give one another reader",
        ),
    ],
)
def test_one_port_or_device_for_two_readers_names_both(
    first: dict[str, Any], second: dict[str, Any], error: str
) -> None:
    assert errors_with(a=first, b=second) == [error]


def test_equal_readers_that_are_told_apart_are_well() -> None:
    choose = {"kind": "pcsc", "reader": "ACS ACR1252"}
    by_serial = [{**TYPING, "usb": "ffff:0035", "serial": one} for one in ("1", "2")]
    assert (
        errors_with(
            a={**choose, "serial": "A1"}, b={**choose, "serial": "A2"}, c=by_serial[0], d=by_serial[1]
        )
        == []
    )


def test_a_reader_on_the_port_of_the_link_names_both() -> None:
    link = {"kind": "serial", "port": "/dev/ttyUSB0", "address": 3}
    assert errors_with({"link": link}, a=SCANNER) == [
        "port '/dev/ttyUSB0' is used twice: by [link] and by [readers.a]; give one another port"
    ]


@pytest.mark.parametrize(("chip", "refused"), [("pinctrl-bcm2711", True), ("sim", False)])
def test_a_wiegand_reader_beside_rpi_gpio_is_refused_with_the_reason(chip: str, refused: bool) -> None:
    errors = errors_with({"gpio": {"backend": "rpi_gpio"}}, a={**wiegand("GPIO5", "GPIO6"), "chip": chip})
    told = [one for one in errors if one.startswith("[readers.a] cannot stand beside 'rpi_gpio'")]
    assert bool(told) is refused
    assert not refused or 'set [gpio] backend = "gpiod"' in told[0]


def test_a_supply_on_anothers_line_names_both() -> None:
    assert errors_with(a={"kind": "sim", "power": {"line": "relay1"}}) == [
        (
            "line 'relay1' is used twice: by [doors.pedestrian.outputs.lock] and by [readers.a.power]; "
            "give one another line"
        )
    ]


def test_a_reader_that_is_given_its_key_must_not_lose_its_supply() -> None:
    reader = {**osdp("/dev/ttyAMA0", 1), "install_mode": True, "power": {"line": "GPIO9"}}
    assert errors_with(a=reader) == [
        (
            "[readers.a] 'install_mode' and 'power' exclude each other; "
            "take 'power' out until the reader has its key"
        )
    ]
    assert errors_with(a={**reader, "install_mode": False}) == []


def test_a_reader_with_wrong_settings_is_told_once() -> None:
    (error,) = errors_with(a=wiegand("GPIO5", "GPIO5"))
    assert error.startswith("[readers.a]: 'data0' and 'data1' name the same line")
