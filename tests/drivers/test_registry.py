"""Drivers are found by file name; each way to fail has its own error and cure."""

from __future__ import annotations

import sys

import pytest

from drivers.library import load_library
from drivers.ports import DriverLibraryError, UnknownDriverError
from drivers.registry import find_gpio, find_reader, gpio_kinds, reader_kinds


def test_kinds_are_the_files_without_helpers() -> None:
    assert reader_kinds() == (
        "em4100_serial",
        "hid_keyboard",
        "osdp",
        "pcsc",
        "serial_text",
        "sim",
        "wiegand",
    )
    assert gpio_kinds() == ("gpiod", "rpi_gpio", "sim")


@pytest.mark.parametrize(
    "kind", ["pscs", "", "PCSC", "_contactless", "__init__", "../sim", "sim.py", "os", "a" * 99]
)
def test_misspelt_kind_lists_what_there_is(kind: str) -> None:
    with pytest.raises(UnknownDriverError, match="there are: em4100_serial, .*, sim, wiegand"):
        find_reader(kind)
    with pytest.raises(UnknownDriverError, match="there are: gpiod, rpi_gpio, sim"):
        find_gpio(kind)


def test_finding_a_driver_loads_no_optional_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)  # Python's own "cannot be imported"
    assert find_reader("pcsc").kind == "pcsc"


def load(name: str) -> None:
    load_library(name, kind="pcsc", package="pyscard", extra="pcsc", system="libpcsclite1")


def test_library_not_installed_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with pytest.raises(DriverLibraryError, match=r"pyscard, which is not installed.*\.\[pcsc\]"):
        load("smartcard")


def test_library_that_does_not_load_names_the_debian_package(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    (folder / "broken_binding.py").write_text("raise ImportError('libpcsclite.so.1: cannot open')")
    monkeypatch.syspath_prepend(folder)
    with pytest.raises(DriverLibraryError, match=r"does not load .*libpcsclite\.so\.1.*libpcsclite1"):
        load("broken_binding")
