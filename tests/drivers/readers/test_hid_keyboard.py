"""Readers that type: their key events, their settings, and each way in which opening fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.ports import (
    CardRead,
    DigitsEntered,
    DriverMismatchError,
    DriverPermissionError,
    DriverSettingsError,
    DriverUnavailableError,
    ReaderEvent,
)
from drivers.readers import _input_devices
from drivers.readers._keys import ENTER
from drivers.readers.hid_keyboard import TYPING_PAUSE_S, Decoder, Settings, open_reader
from drivers.settings import load_settings
from tests.drivers.readers.rig_hid_keyboard import settings
from tests.support import keystrokes as k
from tests.support.keystrokes import TypingDevice
from tests.support.nobody import as_nobody
from tests.support.waiting import next_health, next_read, wait_readable

TEXT = {"technology": "code"}
CARD = {"technology": "em4100", "base": "dec", "width_bytes": 4, "min_length": 8}
CAPS_LOCK, NUM_LOCK, LEFT_CTRL, F1 = 58, 69, 29, 59
KEYPAD_1, KEYPAD_ENTER, TAB, BACKSPACE, ESCAPE = 79, 96, 15, 14, 1


def shown(events: list[CardRead | DigitsEntered]) -> list[str]:
    return [one.digits if isinstance(one, DigitsEntered) else one.number.decode() for one in events]


def texts(data: bytes) -> list[str]:
    return shown(Decoder(settings(TEXT)).feed(data, 0.0))


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (k.line("0015805244"), ["0015805244"]),
        (k.line("aZ09 -=[]\\;'`,./"), ["aZ09 -=[]\\;'`,./"]),
        (k.line('!@#$%^&*()_+{}|:"~<>?'), ['!@#$%^&*()_+{}|:"~<>?']),
        (k.press(KEYPAD_1) * 3 + k.press(KEYPAD_ENTER), ["111"]),
        (k.typed("12") + k.press(TAB), ["12"]),
        (k.press(ENTER) * 3, []),
        (k.typed("12"), []),
        (k.key(2, 1) + k.key(2, 2) * 30 + k.key(2, 0) + k.press(ENTER), ["1"]),
        (k.press(NUM_LOCK) + k.press(CAPS_LOCK) + k.line("ab"), ["ab"]),
        (k.typed("13") + k.press(BACKSPACE) + k.line("2"), ["12"]),
        (k.press(BACKSPACE) + k.line("2"), ["2"]),
        (k.typed("99") + k.press(ESCAPE) + k.line("2"), ["2"]),
        (k.typed("1") + k.DROPPED + k.line("2") + k.line("3"), ["3"]),
        (k.key(LEFT_CTRL, 1) + k.line("c") + k.key(LEFT_CTRL, 0) + k.line("3"), ["3"]),
        (k.key(k.LEFT_ALT, 1) + k.typed("065") + k.key(k.LEFT_ALT, 0) + k.press(ENTER), []),
        (k.press(F1) + k.line("1") + k.line("2"), ["2"]),
        (k.key(k.LEFT_SHIFT, 1) + k.line("1") + k.line("2"), ["!", "2"]),
        (k.line("1" * 64), ["1" * 64]),
        (k.line("1" * 5000) + k.line("2"), ["2"]),
    ],
    ids=[
        "digits",
        "plain keys",
        "shifted keys",
        "keypad",
        "ended by Tab",
        "only Enter",
        "not at its end yet",
        "a key held down",
        "locks",
        "Backspace",
        "Backspace at the start",
        "Escape",
        "keys lost by the kernel",
        "Control",
        "Alt code",
        "a key without a character",
        "Shift whose release was lost",
        "as long as allowed",
        "endless",
    ],
)
def test_keys_are_read_as_they_are_typed(data: bytes, read: list[str]) -> None:
    assert texts(data) == read


def test_other_records_than_keys_mean_nothing() -> None:
    moved = k.record(2, 0, 5) + k.record(3, 1, 17) + k.record(0x15, 2, 1) + k.SYNC
    assert texts(k.typed("1") + moved + k.line("2")) == ["12"]


class TestPin:
    def test_short_lines_of_digits_are_pins_and_long_ones_cards(self) -> None:
        decoder = Decoder(settings(CARD, pin_digits=6))
        events: list[CardRead | DigitsEntered] = decoder.feed(
            k.line("2580") + k.line("123456") + k.line("1234567") + k.line("0015805244"), 3.0
        )
        assert events[:2] == [DigitsEntered("2580", 3.0), DigitsEntered("123456", 3.0)]
        (card,) = events[2:]
        assert isinstance(card, CardRead)
        assert card.number == bytes.fromhex("00F12B3C")

    def test_without_a_keypad_digits_are_no_pin(self) -> None:
        assert Decoder(settings(CARD)).feed(k.line("2580"), 0.0) == []

    def test_a_person_may_think_between_two_digits_but_not_for_ever(self) -> None:
        decoder = Decoder(settings(CARD, pin_digits=6))
        decoder.feed(k.typed("2"), 100.0)
        decoder.feed(k.typed("5"), 100.0 + TYPING_PAUSE_S)
        assert shown(decoder.feed(k.line("8"), 100.0 + 2 * TYPING_PAUSE_S)) == ["258"]
        decoder.feed(k.typed("9"), 200.0)
        assert shown(decoder.feed(k.line("1"), 200.1 + TYPING_PAUSE_S)) == ["1"]


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ({}, "set 'device', or some of"),
        ({"device": "/dev/input/event0", "name": "x"}, "set 'device', or some of"),
        ({"usb": "ffff-0035"}, "'usb' is vendor and product"),
        ({"name": "x", "pin_digits": 4}, "'pin_digits' is 4, but a card's text may have 1 characters"),
    ],
)
def test_contradictions_are_refused(table: dict[str, Any], wrong: str) -> None:
    with pytest.raises(DriverSettingsError, match=f"test: {wrong}"):
        load_settings(Settings, {"number": TEXT, **table}, where="test")


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TypingDevice]:
    made = TypingDevice(tmp_path / "event7")
    monkeypatch.setitem(sys.modules, "evdev", made.library)
    yield made
    made.unplug()


def set_to(path: Path) -> Settings:
    return settings(TEXT, device=str(path))


class TestOpening:
    def test_no_such_device(self, device: TypingDevice) -> None:
        device.unplug()
        with pytest.raises(DriverUnavailableError, match=r"event7: no such device .*plug.*by-id"):
            open_reader(set_to(device.path), time.monotonic)

    def test_no_permission(self, device: TypingDevice) -> None:
        device.path.chmod(0)
        with as_nobody(), pytest.raises(DriverPermissionError, match="group input.*udev rule"):
            open_reader(set_to(device.path), time.monotonic)

    def test_grabbed_by_another(self, device: TypingDevice) -> None:
        device.grabbed_elsewhere = True
        with pytest.raises(DriverUnavailableError, match="another program has grabbed it"):
            open_reader(set_to(device.path), time.monotonic)

    def test_a_mouse(self, device: TypingDevice) -> None:
        device.keys = [0x110, 0x111]
        with pytest.raises(DriverMismatchError, match="no digits and Enter"):
            open_reader(set_to(device.path), time.monotonic)
        assert device.grabs == 0

    @pytest.mark.parametrize("path", ["/dev/null", "/proc/version", "/"])
    def test_the_real_library_tells_what_is_no_input_device(self, path: str) -> None:
        pytest.importorskip("evdev")
        with pytest.raises(DriverMismatchError, match="not an input device"):
            open_reader(set_to(Path(path)), time.monotonic)

    def test_chosen_by_what_it_is(
        self, device: TypingDevice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = _input_devices.InputDevice("event7", "HXGCoLtd Keyboard", "ffff:0035", "", types=True)
        monkeypatch.setattr(_input_devices, "list_devices", lambda: [there])
        monkeypatch.setattr(_input_devices, "NODES", tmp_path)
        reader = open_reader(settings(TEXT, device="", usb="FFFF:0035"), time.monotonic)
        next_health(reader, ok=True)
        assert device.grabs == 1
        device.type(k.line("1234"))
        assert next_read(reader).number == b"1234"
        reader.close()


def test_unplugged_in_the_middle_of_a_line_it_is_told(device: TypingDevice) -> None:
    reader = open_reader(set_to(device.path), time.monotonic)
    next_health(reader, ok=True)
    device.type(k.typed("12"))
    events: list[ReaderEvent] = []
    assert wait_readable(reader)
    events += reader.read_events()
    device.unplug()
    assert wait_readable(reader)
    with pytest.raises(DriverUnavailableError, match="the reader is gone .*plug it in again"):
        reader.read_events()
    assert events == []
    reader.close()
