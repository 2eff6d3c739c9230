"""A reader made of uinput: why it cannot be had, and (where the kernel has it) what it types."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from drivers.ports import DriverUnavailableError, Technology
from drivers.readers._text_number import Base, TextNumber
from drivers.readers.hid_keyboard import Settings, open_reader
from drivers.virtual_keyboard import VirtualKeyboard, why_unavailable
from tests.support.waiting import next_health, next_read


def test_without_uinput_the_cause_and_the_cure_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.virtual_keyboard.UINPUT", tmp_path / "uinput")
    assert "modprobe uinput" in why_unavailable()
    with pytest.raises(DriverUnavailableError, match="virtual keyboard reader: .*uinput"):
        VirtualKeyboard("no reader")


@pytest.mark.skipif(bool(why_unavailable()), reason="this kernel has no uinput, or not for this user")
def test_what_it_types_is_read_by_the_driver() -> None:
    name = f"gatehouse virtual keyboard {os.getpid()}"
    keyboard = VirtualKeyboard(name)
    reader = open_reader(
        Settings(TextNumber(Technology.ISO14443A, Base.HEXADECIMAL), name=name), time.monotonic
    )
    next_health(reader, ok=True)
    keyboard.type_line("04a10001")
    assert next_read(reader).number == bytes.fromhex("04A10001")
    reader.close()
    keyboard.close()
