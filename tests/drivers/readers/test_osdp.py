"""OSDP readers against libosdp's own peripherals on a pseudo-terminal, and what happens to their wire."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.indicator import Indicator, Signal
from drivers.ports import (
    CardRead,
    DigitsEntered,
    DriverError,
    DriverLibraryError,
    DriverMismatchError,
    DriverPermissionError,
    DriverUnavailableError,
    HealthChanged,
    ReaderEvent,
    ReadFailed,
    TamperChanged,
)
from drivers.readers import _osdp_talk, osdp
from drivers.readers import _osdp_wire as wire
from drivers.readers._osdp_key import FACTORY_KEY
from drivers.readers.osdp import OsdpReader, Settings
from drivers.virtual_osdp import OsdpBus
from tests.drivers.readers.rig_osdp import KEY, write_key
from tests.support.patterns import PATTERNS
from tests.support.waiting import events_until, next_health, next_read

pytestmark = pytest.mark.real_part("libosdp")

OTHER_KEY = "11" * 8 + "22" * 8
CARD = "04a1b2c3"
SECRETS = (KEY, OTHER_KEY)

Open = Callable[..., OsdpReader]


@pytest.fixture
def open_one(tmp_path: Path) -> Iterator[Open]:
    """Opens readers on a bus; closed at the end, they leave no thread."""
    opened: list[OsdpReader] = []

    def open_it(bus: OsdpBus, address: int = 1, key: str = KEY, **more: Any) -> OsdpReader:
        settings = Settings(port=bus.path, key=write_key(tmp_path, key), address=address, **more)
        opened.append(osdp.open_reader(settings, time.monotonic))
        return opened[-1]

    yield open_it
    for reader in opened:
        reader.close()


@pytest.fixture
def bus() -> Iterator[OsdpBus]:
    """Two readers with our key, at the addresses 1 and 2."""
    with OsdpBus({1: KEY, 2: KEY}) as made:
        yield made


def is_a(kind: type[ReaderEvent]) -> Callable[[ReaderEvent], bool]:
    return lambda event: isinstance(event, kind)


class TestAtWork:
    def test_cards_keys_and_housing_come_by_secure_channel(self, bus: OsdpBus, open_one: Open) -> None:
        reader = open_one(bus)
        assert next_health(reader, ok=True) == HealthChanged(True, "")
        before = time.monotonic()
        bus.tell("card", 1, data=CARD)
        read = next_read(reader)
        assert (read.number.hex(), read.bits) == (CARD, 32)
        assert before <= read.read_at <= time.monotonic()
        bus.tell("card", 1, data="00000000", bits=26)
        assert "parity" in str(events_until(reader, is_a(ReadFailed))[-1])
        for keys in ("12", "9*34", "\r"):
            bus.tell("keys", 1, data=keys)
        entered = events_until(reader, is_a(DigitsEntered))[-1]
        assert isinstance(entered, DigitsEntered)
        assert entered.digits == "34"
        for active in (1, 1, 0):
            bus.tell("tamper", 1, active=active)
        events = events_until(reader, lambda event: isinstance(event, TamperChanged) and not event.active)
        assert [event.active for event in events if isinstance(event, TamperChanged)] == [True, False]

    def test_signals_arrive_at_lamp_and_buzzer_and_the_standing_one_ends(
        self, bus: OsdpBus, open_one: Open
    ) -> None:
        reader = open_one(bus)
        assert isinstance(reader, Indicator)
        next_health(reader, ok=True)
        assert bus.next("command")["command"]["type"] == 2, "the state of its housing is asked for first"
        reader.show(PATTERNS[Signal.REFUSED])
        lamp, buzzer = bus.next("command")["command"], bus.next("command")["command"]
        assert (lamp["on_color"], lamp["on_count"], lamp["timer_count"], lamp["temporary"]) == (
            1,
            2,
            12,
            True,
        )
        assert (buzzer["rep_count"], buzzer["control_code"]) == (3, 2)
        reader.clear()
        lamp, buzzer = bus.next("command")["command"], bus.next("command")["command"]
        assert (lamp["on_color"], lamp["temporary"], buzzer["control_code"]) == (0, False, 1)

    def test_what_stood_is_ended_although_a_tap_is_shown_at_the_same_moment(
        self, bus: OsdpBus, open_one: Open
    ) -> None:
        reader = open_one(bus)
        next_health(reader, ok=True)
        bus.next("command")
        reader.show(PATTERNS[Signal.PRE_ALARM])
        reader.show(PATTERNS[Signal.REFUSED])
        reader.clear()
        reader.show(PATTERNS[Signal.GRANTED])
        while (told := bus.next("command")["command"])["command"] != wire.CMD_LED or told["on_color"]:
            assert told.get("on_color") != 2, "the grant must not be shown before what stood is ended"
        while bus.next("command")["command"].get("on_color") != 2:
            pass

    def test_a_reader_that_refuses_a_command_is_not_told_it_again(self, bus: OsdpBus, open_one: Open) -> None:
        bus.tell("refuse", 1, commands=[wire.CMD_STATUS, wire.CMD_LED])
        reader = open_one(bus)
        events_until(reader, lambda event: event == HealthChanged(False, _osdp_talk.BROKEN_OFF))
        next_health(reader, ok=True)
        reader.show(PATTERNS[Signal.REFUSED])
        events_until(reader, lambda event: event == HealthChanged(False, _osdp_talk.BROKEN_OFF))
        next_health(reader, ok=True)
        reader.show(PATTERNS[Signal.REFUSED])
        told = [bus.next("command")["command"]["command"] for _ in range(3)]
        assert told == [wire.CMD_STATUS, wire.CMD_LED, wire.CMD_BUZZER]
        bus.tell("card", 1, data=CARD)
        assert next_read(reader).number.hex() == CARD

    def test_a_signal_for_a_reader_that_is_away_is_not_shown_later(
        self, bus: OsdpBus, open_one: Open
    ) -> None:
        reader = open_one(bus)
        next_health(reader, ok=True)
        bus.next("command")
        bus.tell("cut", 1)
        next_health(reader, ok=False)
        reader.show(PATTERNS[Signal.GRANTED])
        bus.tell("join", 1)
        next_health(reader, ok=True)
        assert bus.next("command")["command"]["command"] == wire.CMD_STATUS
        reader.show(PATTERNS[Signal.REFUSED])
        assert bus.next("command")["command"]["on_color"] == 1


class TestOneBus:
    def test_two_readers_and_an_absent_one_share_a_port(self, bus: OsdpBus, open_one: Open) -> None:
        absent, first, second = open_one(bus, 9), open_one(bus, 1), open_one(bus, 2)
        assert "does not answer" in next_health(absent, ok=False).cause
        next_health(first, ok=True)
        next_health(second, ok=True)
        for i in range(20):
            reader, address = ((first, 1), (second, 2))[i % 2]
            bus.tell("card", address, data=f"0000{i:04x}")
            assert next_read(reader).number[-1] == i
        assert [event for event in absent.read_events() if isinstance(event, CardRead)] == []

    def test_an_absent_reader_gets_ever_fewer_turns(self, bus: OsdpBus, open_one: Open) -> None:
        absent = open_one(bus, 9)
        talk = absent._talk
        next_health(absent, ok=False)
        waits = []
        for _ in range(8):
            waits.append(talk._retry_s)
            talk._away(time.monotonic(), "still not there")
        assert waits[0] < waits[3] < waits[-1] == _osdp_talk.LONGEST_RETRY_S

    def test_a_port_that_another_program_keeps_is_told_and_taken_when_free(
        self, bus: OsdpBus, open_one: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_osdp_talk, "TURN_WITHIN_S", 0.1)
        hog = os.open(bus.path, os.O_RDWR | os.O_NOCTTY)
        try:
            fcntl.flock(hog, fcntl.LOCK_EX)
            reader = open_one(bus)
            assert "another program" in next_health(reader, ok=False).cause
        finally:
            os.close(hog)
        next_health(reader, ok=True)


class TestWire:
    def test_a_cable_cut_is_told_and_the_reader_is_back_when_it_is_mended(
        self, bus: OsdpBus, open_one: Open
    ) -> None:
        reader, neighbour = open_one(bus, 1), open_one(bus, 2)
        next_health(reader, ok=True)
        next_health(neighbour, ok=True)
        bus.tell("cut", 1)
        assert "check cable" in next_health(reader, ok=False).cause
        bus.tell("card", 2, data=CARD)
        assert next_read(neighbour).number.hex() == CARD
        bus.tell("join", 1)
        next_health(reader, ok=True)
        bus.tell("card", 1, data=CARD)
        assert next_read(reader).number.hex() == CARD

    def test_an_adapter_pulled_out_ends_the_reader_with_a_cure(self, bus: OsdpBus, open_one: Open) -> None:
        reader = open_one(bus)
        next_health(reader, ok=True)
        bus.end()
        with pytest.raises(DriverUnavailableError, match=r"the port is gone.*connect"):
            next_read(reader)
        with pytest.raises(DriverUnavailableError, match=r"cannot be opened.*connect"):
            open_one(bus)


class TestKeys:
    def test_a_wrong_key_is_refused_by_name_and_nothing_is_read(self, bus: OsdpBus, open_one: Open) -> None:
        reader = open_one(bus, 1, OTHER_KEY)
        assert "not by our key" in next_health(reader, ok=False).cause
        bus.tell("card", 1, data=CARD)
        bus.tell("card", 2, data=CARD)
        neighbour = open_one(bus, 2)
        next_read(neighbour)  # the bus has served that long
        assert [type(event) for event in reader.read_events()] == []

    def test_a_reader_with_the_factory_key_is_refused_without_install_mode(self, open_one: Open) -> None:
        with OsdpBus({1: ""}) as bus:
            reader = open_one(bus)
            assert "'install_mode'" in next_health(reader, ok=False).cause

    def test_install_mode_gives_the_key_says_so_and_is_over(self, open_one: Open) -> None:
        with OsdpBus({1: ""}) as bus:
            reader = open_one(bus, install_mode=True)
            events = events_until(reader, lambda event: isinstance(event, HealthChanged) and event.ok)
            causes = [event.cause for event in events if isinstance(event, HealthChanged)]
            assert causes == [_osdp_talk.INSTALLING, _osdp_talk.KEY_GIVEN, ""]
            keyset = bus.next("command")["command"]
            assert keyset["data"] == KEY
            assert reader._talk._installs_until is None
            bus.tell("card", 1, data=CARD)
            assert next_read(reader).number.hex() == CARD
            reader.close()
            # The key is in the reader: from now on it needs no install mode.
            next_health(open_one(bus), ok=True)

    def test_install_mode_is_over_at_once_when_the_reader_has_our_key(
        self, bus: OsdpBus, open_one: Open
    ) -> None:
        reader = open_one(bus, install_mode=True)
        assert next_health(reader, ok=False).cause == _osdp_talk.INSTALLING
        next_health(reader, ok=True)
        assert reader._talk._installs_until is None

    def test_install_mode_ends_by_itself(self, open_one: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_osdp_talk, "INSTALL_WITHIN_S", 0.5)
        with OsdpBus({1: OTHER_KEY}) as bus:
            reader = open_one(bus, install_mode=True)
            events = events_until(
                reader, lambda event: isinstance(event, HealthChanged) and "not by our key" in event.cause
            )
            causes = [event.cause for event in events if isinstance(event, HealthChanged)]
            assert causes[:2] == [_osdp_talk.INSTALLING, _osdp_talk.INSTALL_OVER]

    def test_no_key_ever_shows(self, bus: OsdpBus, open_one: Open, capfd: pytest.CaptureFixture[str]) -> None:
        readers = [open_one(bus, 1), open_one(bus, 2, OTHER_KEY)]
        next_health(readers[0], ok=True)
        told = [repr(next_health(readers[1], ok=False)), *map(repr, readers), repr(vars(readers[1]))]
        printed = capfd.readouterr()
        for secret in SECRETS:
            raw = repr(bytes.fromhex(secret))
            assert not any(secret in text or raw in text for text in (*told, printed.out, printed.err))


class TestOpening:
    def settings(self, tmp_path: Path, **more: Any) -> Settings:
        return Settings(**{"port": "/dev/null", "key": write_key(tmp_path), **more})

    def fails(self, settings: Settings, error: type[DriverError], text: str) -> None:
        with pytest.raises(error, match=text) as raised:
            osdp.open_reader(settings, time.monotonic)
        assert KEY not in str(raised.value)

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            ("", "32 hex digits"),
            (KEY + "00", "32 hex digits"),
            ("z" + KEY[1:], "32 hex digits"),
            ("é" * 16, "32 hex digits"),
            (FACTORY_KEY.hex(), "known to everybody"),
            ("00" * 16, "known to everybody"),
        ],
    )
    def test_what_is_no_key_is_refused_and_not_shown(self, tmp_path: Path, content: str, text: str) -> None:
        settings = self.settings(tmp_path)
        Path(settings.key).write_text(content, encoding="utf-8")
        self.fails(settings, DriverUnavailableError, text)

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
    def test_a_key_that_others_may_read_is_refused(self, tmp_path: Path, mode: int) -> None:
        settings = self.settings(tmp_path)
        Path(settings.key).chmod(mode)
        self.fails(settings, DriverPermissionError, "chmod 600")

    def test_a_missing_key_and_a_missing_port_are_told_with_their_cures(self, tmp_path: Path) -> None:
        self.fails(self.settings(tmp_path, key="/nowhere"), DriverUnavailableError, "no key.*openssl")
        self.fails(self.settings(tmp_path, port="/nowhere"), DriverUnavailableError, "connect")

    def test_what_is_no_serial_port_is_refused(self, tmp_path: Path) -> None:
        self.fails(self.settings(tmp_path), DriverMismatchError, "/dev/null: not a serial port")

    @pytest.mark.parametrize("which", ["port", "key"])
    def test_no_permission_is_its_own_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
    ) -> None:
        settings = self.settings(tmp_path)
        opened = os.open

        def refuse(path: Any, *more: Any) -> int:
            # Root may open everything: only the kernel's answer is replaced.
            if path == getattr(settings, which):
                raise PermissionError(13, "Permission denied")
            return opened(path, *more)

        monkeypatch.setattr(os, "open", refuse)
        self.fails(settings, DriverPermissionError, "may not")

    def test_a_missing_library_names_package_and_cure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "osdp_sys", None)
        self.fails(self.settings(tmp_path), DriverLibraryError, r"libosdp.*pip install '\.\[osdp\]'")
