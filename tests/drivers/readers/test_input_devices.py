"""Which input device is meant, on a copy of what sysfs shows of real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.ports import DriverError, DriverMismatchError, DriverUnavailableError
from drivers.readers._input_devices import InputDevice, Wanted, choose_device, list_devices

KEYBOARD_KEYS = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
"""Of a USB keyboard, on a 64-bit kernel."""
KEYS_32_BIT = "10000 7 ff9f207a c14057ff febeffdf ffefffff ffffffff fffffffe"
MOUSE_KEYS = "ff0000 0 0 0 0"
POWER_BUTTON_KEYS = "10000000000000 0"


def put(sysfs: Path, node: str, name: str, *, usb: str, serial: str = "", keys: str = KEYBOARD_KEYS) -> None:
    about = sysfs / node / "device"
    (about / "id").mkdir(parents=True)
    (about / "capabilities").mkdir()
    vendor, product = usb.split(":")
    for file, text in (
        ("name", name),
        ("uniq", serial),
        ("id/vendor", vendor),
        ("id/product", product),
        ("capabilities/key", keys),
    ):
        (about / file).write_text(text + "\n")


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    put(tmp_path, "event0", "Power Button", usb="0000:0001", keys=POWER_BUTTON_KEYS)
    put(tmp_path, "event1", "HXGCoLtd Keyboard", usb="ffff:0035", serial="08FF20140315")
    put(tmp_path, "event2", "HXGCoLtd Keyboard", usb="ffff:0035", serial="08FF20150112", keys=KEYS_32_BIT)
    put(tmp_path, "event3", "Newland Scanner", usb="1eab:0c10", serial="X1")
    put(tmp_path, "event4", "Newland Scanner Consumer Control", usb="1eab:0c10", serial="X1", keys="0")
    put(tmp_path, "event10", "Logitech USB Mouse", usb="046d:c077", keys=MOUSE_KEYS)
    (tmp_path / "event5").mkdir()  # pulled out while it was looked at
    (tmp_path / "mouse0").mkdir()
    return tmp_path


def test_sysfs_is_read_as_it_stands(sysfs: Path) -> None:
    devices = {one.node: one for one in list_devices(sysfs)}
    assert devices["event1"] == InputDevice(
        "event1", "HXGCoLtd Keyboard", "ffff:0035", "08FF20140315", types=True
    )
    assert {node for node, one in devices.items() if one.types} == {"event1", "event2", "event3"}
    assert "event5" not in devices


def test_without_an_input_layer_there_is_none(tmp_path: Path) -> None:
    assert list_devices(tmp_path / "nothing") == []


def test_a_device_may_call_itself_anything(tmp_path: Path) -> None:
    put(tmp_path, "event0", "a\x1b[2J\u202e" + "x" * 5000, usb="ffff:0035")
    (one,) = list_devices(tmp_path)
    assert one.name.startswith("a?[2J?xx")
    assert len(one.name) <= 512


@pytest.mark.parametrize(
    ("wanted", "node"),
    [
        (Wanted("HXGCoLtd", "", "08FF20150112"), "event2"),
        (Wanted("", "FFFF:0035", "08FF20140315"), "event1"),
        (Wanted("", "1eab:0c10", ""), "event3"),
        (Wanted("Newland", "", ""), "event3"),
    ],
)
def test_the_one_that_fits_and_types_is_chosen(sysfs: Path, wanted: Wanted, node: str) -> None:
    assert choose_device(wanted, list_devices(sysfs)).node == node


@pytest.mark.parametrize(
    ("wanted", "error", "text"),
    [
        (
            Wanted("", "ffff:0035", ""),
            DriverUnavailableError,
            "more than one device fits usb = 'ffff:0035'.*08FF20140315.*08FF20150112.*by-path",
        ),
        (
            Wanted("HXGCoLtd", "ffff:0035", "08FF"),
            DriverUnavailableError,
            "no device fits name = 'HXGCoLtd', usb = 'ffff:0035', serial = '08FF'; plug.*there: 'HXG",
        ),
        (Wanted("Logitech", "", ""), DriverMismatchError, "'Logitech USB Mouse'.*no digits and Enter"),
    ],
)
def test_nothing_is_guessed(sysfs: Path, wanted: Wanted, error: type[DriverError], text: str) -> None:
    with pytest.raises(error, match=text):
        choose_device(wanted, list_devices(sysfs))


def test_where_nothing_types_that_is_said() -> None:
    with pytest.raises(DriverUnavailableError, match="there: none"):
        choose_device(Wanted("x", "", ""), [])
