"""What is wrong with a reader is told by its own error, with its cure, and `check` tells the same."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from msgspec import Struct

from drivers.ports import (
    DriverError,
    DriverLibraryError,
    DriverMismatchError,
    DriverPermissionError,
    DriverUnavailableError,
)
from drivers.registry import find_reader, reader_kinds
from terminal.check_devices import check_readers
from terminal.config_file import parse_config
from terminal.findings import Verdict
from tests.drivers.readers.rig_osdp import write_key
from tests.support.gate_estate import gate_document
from tests.support.nobody import NOBODY, as_nobody

CODE: Final = {"technology": "code"}


class Kind(Struct, frozen=True):
    """How a device is named in its section, and the cures that belong to it."""

    key: str
    table: Mapping[str, object]
    library: str
    extra: str
    rights: str
    """Cure of a missing right."""


DEVICES: Final = {
    "em4100_serial": Kind("port", {}, "serial", "serial", "dialout"),
    "serial_text": Kind("port", {"number": CODE}, "serial", "serial", "dialout"),
    "osdp": Kind("port", {"key": "osdp.key"}, "osdp_sys", "osdp", "dialout"),
    "wiegand": Kind("chip", {"data0": "1", "data1": "2"}, "gpiod", "gpiod", "gpio"),
    "hid_keyboard": Kind("device", {"number": CODE}, "evdev", "evdev", "udev rule"),
}
ELSEWHERE: Final = {"sim", "pcsc"}
"""``sim`` has no device; pcscd lists readers alone, its errors are in tests/drivers/readers/test_pcsc.py."""


def test_every_kind_is_here_or_has_a_reason() -> None:
    assert DEVICES.keys() | ELSEWHERE == set(reader_kinds())


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def table_for(kind: str, device: object, folder: Path) -> dict[str, Any]:
    about = DEVICES[kind]
    table = {**about.table, about.key: str(device)}
    return {**table, "key": write_key(folder)} if kind == "osdp" else table


def refusal(kind: str, device: object, folder: Path) -> DriverError:
    driver = find_reader(kind)
    settings = driver.settings(table_for(kind, device, folder), where="test")
    with pytest.raises(DriverError) as told:
        driver.open(settings, time.monotonic).close()
    return told.value


@pytest.mark.parametrize("kind", sorted(DEVICES))
class TestOneAfterTheOther:
    def test_library(self, kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, DEVICES[kind].library, None)
        told = refusal(kind, "/dev/null", folder)
        assert type(told) is DriverLibraryError
        assert f"pip install '.[{DEVICES[kind].extra}]'" in str(told)

    def test_no_device(self, kind: str, folder: Path) -> None:
        pytest.importorskip(DEVICES[kind].library)
        device = folder / "nothing"
        told = refusal(kind, device, folder)
        assert type(told) is DriverUnavailableError
        assert str(device) in str(told)
        assert any(cure in str(told) for cure in ("plug", "connect", "correct", "gpiodetect"))

    def test_device_of_another_kind(self, kind: str, folder: Path) -> None:
        pytest.importorskip(DEVICES[kind].library)
        told = refusal(kind, "/dev/null", folder)
        assert type(told) is DriverMismatchError
        assert "/dev/null" in str(told)
        assert DEVICES[kind].key in str(told)

    def test_no_right(self, kind: str, folder: Path) -> None:
        pytest.importorskip(DEVICES[kind].library)
        closed = folder / "closed"
        closed.mkdir(0o000)  # libgpiod looks at a file before it asks for it: only its folder can refuse
        device = closed / "device"
        driver = find_reader(kind)
        table = table_for(kind, device, folder)
        if kind == "osdp" and os.geteuid() == 0:
            os.chown(table["key"], NOBODY, NOBODY)  # the key is well, the port is not
        settings = driver.settings(table, where="test")
        with as_nobody(), pytest.raises(DriverPermissionError, match=DEVICES[kind].rights) as told:
            driver.open(settings, time.monotonic).close()
        assert str(device) in str(told.value)


def test_check_tells_each_by_the_same_words_before_a_gate_starts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [kind for kind in sorted(DEVICES) if kind != "hid_keyboard"]
    monkeypatch.setitem(sys.modules, "evdev", None)
    document = gate_document(folder)
    document["readers"] = {
        f"{kind}_{what}": {"kind": kind, "door": "main", **table_for(kind, device, folder)}
        for kind in kinds
        for what, device in (("absent", folder / "nothing"), ("other", "/dev/null"))
    }
    document["readers"]["typing"] = {
        "kind": "hid_keyboard",
        "door": "main",
        **table_for("hid_keyboard", "/dev/null", folder),
    }
    for number, reader in enumerate(document["readers"].values(), 1):
        reader["id"] = number
    found = check_readers(parse_config(Path("gate.toml"), document), time.monotonic, within_s=0.1)
    assert [one.verdict for one in found] == [Verdict.ERROR] * len(document["readers"])
    told = {one.what.removeprefix("readers."): one.text for one in found}
    assert ".[evdev]" in told.pop("typing")
    for name, text in told.items():
        kind, what = name.rsplit("_", 1)
        assert text == str(refusal(kind, folder / "nothing" if what == "absent" else "/dev/null", folder))
