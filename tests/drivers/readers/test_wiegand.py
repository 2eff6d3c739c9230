"""The reader's thread, its storm, and the kernel's lines as far as no gpiochip is needed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from drivers import gpio_chip
from drivers.ports import (
    CardRead,
    Claim,
    DriverLibraryError,
    DriverPermissionError,
    DriverSettingsError,
    DriverUnavailableError,
    HealthChanged,
    Pull,
)
from drivers.readers._edges import EVENT_BUFFER, GpiodEdges, SimEdges
from drivers.readers._wiegand_decoder import Edge
from drivers.readers._wiegand_formats import FORMATS
from drivers.readers.wiegand import (
    STORM_EDGES,
    Settings,
    Storm,
    WiegandReader,
    claims,
    open_reader,
)
from drivers.registry import find_reader
from tests.support.waiting import events_until, next_health, next_read, until
from tests.support.wiegand import frame_of

SETTINGS = Settings("GPIO5", "GPIO6", "sim")
LINES = ("GPIO5", "GPIO6")


class TestSettings:
    @pytest.mark.parametrize(
        ("more", "wrong"),
        [
            ({"data1": "GPIO5"}, "name the same line"),
            ({"formats": ["26", "27"]}, "'formats' has no '27' .*26, 34, 37"),
            ({"formats": []}, "no card could be read"),
            ({"key_bits": 5}, "key_bits"),
            ({"gap_s": 0.2}, "gap_s"),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_its_place(self, more: dict[str, object], wrong: str) -> None:
        table = {"data0": "GPIO5", "data1": "GPIO6", "chip": "sim", **more}
        with pytest.raises(DriverSettingsError, match=rf"here: .*{wrong}"):
            find_reader("wiegand").settings(table, where="here")

    def test_both_lines_are_claimed(self) -> None:
        assert claims(SETTINGS) == (Claim("line 'GPIO5'"), Claim("line 'GPIO6'"))


class TestStorm:
    def test_it_begins_with_more_edges_than_any_reader_sends_and_ends_after_a_quiet_second(self) -> None:
        storm = Storm()
        assert not storm.changes(STORM_EDGES, 10.0)
        assert storm.changes(1, 10.5)
        assert storm.rages
        assert not storm.changes(EVENT_BUFFER, 10.6)
        assert not storm.changes(0, 11.0), "the second that ends was stormy"
        assert storm.rages
        assert storm.changes(0, 12.0)
        assert not storm.rages

    def test_a_busy_reader_is_none(self) -> None:
        storm = Storm()
        assert not any(storm.changes(64, now / 10) for now in range(100))

    def test_it_is_told_survived_and_over(self) -> None:
        reader = open_reader(SETTINGS, time.monotonic)
        try:
            assert isinstance(reader.source, SimEdges)
            next_health(reader, ok=True)
            # The simulated wire keeps fewer edges than a kernel's: as many portions as it takes.
            told: list[HealthChanged] = []

            def storm() -> bool:
                assert isinstance(reader.source, SimEdges)
                reader.source.pulse([Edge(0, time.monotonic_ns())] * 64)
                told.extend(one for one in reader.read_events() if isinstance(one, HealthChanged))
                return bool(told)

            until("the interference is told", storm, between=lambda: None)
            assert "interference" in told[0].cause
            assert not told[0].ok
            next_health(reader, ok=True)
            reader.source.send(frame_of(FORMATS["26"], 5), 26)
            assert next_read(reader).number == b"\0\0\5"
        finally:
            reader.close()


class FakeRequest:
    """What libgpiod gives for two lines."""

    def __init__(self, kernel: FakeKernel) -> None:
        self.kernel = kernel
        self.fd = kernel.feed.fileno()

    def wait_edge_events(self, timeout: float) -> bool:
        assert timeout == 0, "it must never block"
        if self.kernel.lost:
            raise OSError(19, "No such device")
        return bool(self.kernel.edges)

    def read_edge_events(self, most: int) -> list[Any]:
        taken, self.kernel.edges = self.kernel.edges[:most], self.kernel.edges[most:]
        return taken

    def release(self) -> None:
        self.kernel.released += 1


class FakeKernel:
    """Stands for libgpiod and a chip with lines 5 and 6: other people's, absent on this machine."""

    def __init__(self, folder: Path) -> None:
        self.feed = SimEdges(time.monotonic)
        self.edges: list[Any] = []
        self.lost = False
        self.released = 0
        self.asked: dict[str, Any] = {}
        self.busy: OSError | None = None
        self.denied = False
        self.module = cast("Any", ModuleType("gpiod"))
        self.module.Chip = self.chip
        self.module.LineSettings = lambda **settings: settings
        self.module.line = SimpleNamespace(
            Bias=SimpleNamespace(DISABLED="none", PULL_UP="up", PULL_DOWN="down"),
            Direction=SimpleNamespace(INPUT="input"),
            Edge=SimpleNamespace(FALLING="falling"),
            Clock=SimpleNamespace(MONOTONIC="monotonic"),
        )
        for name in ("gpiochip0", "gpiochip4"):
            (folder / name).touch()

    def chip(self, path: str) -> Any:
        if self.denied:
            raise PermissionError(13, "Permission denied")
        label = {"gpiochip0": "other", "gpiochip4": "pinctrl-rp1"}[Path(path).name]
        return SimpleNamespace(
            get_info=lambda: SimpleNamespace(label=label),
            line_offset_from_id=self.offset,
            request_lines=self.request,
            get_line_info=lambda line: SimpleNamespace(used=line == 6, consumer="doors.main.lock"),
            close=lambda: None,
        )

    @staticmethod
    def offset(line: str) -> int:
        if line not in LINES:
            raise OSError(2, "No such file or directory")
        return int(line.removeprefix("GPIO"))

    def request(self, config: Any, **more: Any) -> FakeRequest:
        if self.busy is not None:
            raise self.busy
        self.asked = {"config": config, **more}
        return FakeRequest(self)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeKernel]:
    made = FakeKernel(tmp_path)
    monkeypatch.setitem(sys.modules, "gpiod", made.module)
    monkeypatch.setattr(gpio_chip, "DEVICES", tmp_path)
    yield made
    made.feed.close()


class TestKernelLines:
    @pytest.mark.parametrize("chip", ["pinctrl-rp1", "gpiochip4"])
    def test_falling_edges_are_asked_for_with_a_buffer_that_holds_them(
        self, kernel: FakeKernel, chip: str
    ) -> None:
        edges = GpiodEdges(chip, ("GPIO6", "GPIO5"), Pull.UP)
        assert kernel.asked == {
            "config": {
                (6, 5): {
                    "direction": "input",
                    "edge_detection": "falling",
                    "bias": "up",
                    "event_clock": "monotonic",
                }
            },
            "consumer": "gatehouse wiegand",
            "event_buffer_size": 1024,
        }
        assert edges.read() == []
        kernel.edges = [SimpleNamespace(line_offset=5, timestamp_ns=7)] * (EVENT_BUFFER + 1)
        assert edges.read() == [Edge(1, 7)] * EVENT_BUFFER
        assert edges.read() == [Edge(1, 7)]

    def test_lost_lines_end_the_reader_with_a_cure(self, kernel: FakeKernel) -> None:
        reader = open_reader(Settings("GPIO5", "GPIO6", "pinctrl-rp1"), time.monotonic)
        try:
            next_health(reader, ok=True)
            kernel.lost = True
            kernel.feed.pulse([Edge(0, 0)])  # wakes as a hang-up does
            with pytest.raises(DriverUnavailableError, match="lost.*connect"):
                next_read(reader)
        finally:
            reader.close()
        assert kernel.released == 1

    def test_close_gives_the_lines_back_before_it_returns(self, kernel: FakeKernel) -> None:
        reader = open_reader(Settings("GPIO5", "GPIO6", "gpiochip4"), time.monotonic)
        reader.close()
        assert kernel.released == 1

    @pytest.mark.parametrize(
        ("chip", "told"),
        [
            ("gpiochip7", "no GPIO chip is labelled 'gpiochip7'.*there: other, pinctrl-rp1.*gpiodetect"),
            ("pinctrl-bcm2711", "no GPIO chip is labelled 'pinctrl-bcm2711'.*gpiodetect"),
            ("/dev/gpiochip7", "/dev/gpiochip7 is not there; gpiodetect"),
        ],
    )
    def test_a_missing_chip_is_named_with_those_there(self, kernel: FakeKernel, chip: str, told: str) -> None:
        kernel.module.Chip = missing_like(kernel.chip)
        with pytest.raises(DriverUnavailableError, match=told):
            GpiodEdges(chip, LINES, Pull.UP)

    def test_a_missing_line_is_named(self, kernel: FakeKernel) -> None:
        with pytest.raises(DriverSettingsError, match="no line 'GPIO99'.*gpioinfo"):
            GpiodEdges("gpiochip4", ("GPIO5", "GPIO99"), Pull.UP)

    def test_a_line_that_is_taken_names_both_users(self, kernel: FakeKernel) -> None:
        kernel.busy = OSError(16, "Device or resource busy")
        with pytest.raises(
            DriverUnavailableError,
            match=r"line 6 of the Wiegand reader is in use by 'doors\.main\.lock'",
        ):
            GpiodEdges("gpiochip4", LINES, Pull.UP)

    def test_no_permission_is_its_own_error(self, kernel: FakeKernel) -> None:
        kernel.denied = True
        with pytest.raises(DriverPermissionError, match="gpio"):
            GpiodEdges("gpiochip4", LINES, Pull.UP)


def missing_like(chip: Callable[[str], Any]) -> Callable[[str], Any]:
    def open_it(path: str) -> Any:
        if not Path(path).exists():
            raise FileNotFoundError(2, "No such file or directory")
        return chip(path)

    return open_it


class TestLibrary:
    def test_without_gpiod_there_is_no_wiegand_whatever_else_drives_pins(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "gpiod", None)
        with pytest.raises(DriverLibraryError, match=r"kind 'wiegand'.*pip install '\.\[gpiod\]'"):
            open_reader(Settings("GPIO5", "GPIO6", "gpiochip0"), time.monotonic)

    def test_the_first_gpiod_is_too_old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "gpiod", ModuleType("gpiod"))
        with pytest.raises(DriverLibraryError, match=r"kind 'wiegand' needs the Python package gpiod 2"):
            open_reader(Settings("GPIO5", "GPIO6", "gpiochip0"), time.monotonic)

    def test_the_real_one_finds_no_such_chip_here(self) -> None:
        pytest.importorskip("gpiod", exc_type=ImportError)
        with pytest.raises(DriverUnavailableError, match="no GPIO chip is labelled 'gpiochip4711'"):
            open_reader(Settings("GPIO5", "GPIO6", "gpiochip4711"), time.monotonic)


def test_frames_sent_one_after_the_other_are_read_in_order() -> None:
    reader = open_reader(SETTINGS, time.monotonic)
    try:
        assert isinstance(reader, WiegandReader)
        assert isinstance(reader.source, SimEdges)
        ends = [reader.source.send(frame_of(FORMATS["26"], number), 26) for number in (1, 2, 3)]
        events = events_until(reader, lambda event: isinstance(event, CardRead) and event.number[-1] == 3)
        reads = [event for event in events if isinstance(event, CardRead)]
        assert [(read.number.hex(), read.bits) for read in reads] == [(f"00000{i}", 24) for i in (1, 2, 3)]
        assert [round(read.read_at * 1e9) for read in reads] == pytest.approx(ends, abs=1000)
    finally:
        reader.close()
