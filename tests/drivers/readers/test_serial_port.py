"""Serial ports: each way to fail has its own error and cure; an unplugged one is told, whenever it goes."""

from __future__ import annotations

import errno
import os
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.ports import (
    CardRead,
    DriverMismatchError,
    DriverPermissionError,
    DriverUnavailableError,
    HealthChanged,
    ReaderEvent,
)
from drivers.readers._serial_port import MAX_READ_BYTES, Baud, Character, SerialPort
from drivers.readers._stream import StreamReader
from tests.support.nobody import as_nobody
from tests.support.paced_line import PacedLine
from tests.support.waiting import WITHIN_S, wait_readable


def open_port(path: str, character: Character = Character.C8N1, baud: Baud = Baud.B9600) -> SerialPort:
    return SerialPort(path, baud, character, kind="serial_text")


@pytest.fixture
def line() -> Iterator[PacedLine]:
    with PacedLine(115200) as made:
        yield made


class TestOpening:
    def test_no_such_port(self) -> None:
        with pytest.raises(DriverUnavailableError, match=r"/dev/ttyUSB77: no such port .*plug.*by-id"):
            open_port("/dev/ttyUSB77")

    def test_unplugged_behind_its_link(self, tmp_path: Path) -> None:
        (tmp_path / "usb-reader").symlink_to("/dev/ttyUSB77")
        with pytest.raises(DriverUnavailableError, match="no such port"):
            open_port(str(tmp_path / "usb-reader"))

    def test_no_permission(self, line: PacedLine) -> None:
        Path(line.port).chmod(0)
        with as_nobody(), pytest.raises(DriverPermissionError, match="may not use the port; .*dialout"):
            open_port(line.port)

    def test_in_use_by_another(self, line: PacedLine) -> None:
        first = open_port(line.port)
        with pytest.raises(DriverUnavailableError, match="another program uses the port"):
            open_port(line.port)
        first.close()
        open_port(line.port).close()

    @pytest.mark.parametrize("path", ["/dev/null", "/proc/version", "/"])
    def test_a_device_of_another_kind(self, path: str) -> None:
        with pytest.raises(DriverMismatchError, match="not a serial port .*another kind"):
            open_port(path)

    @pytest.mark.parametrize("character", Character)
    @pytest.mark.parametrize("baud", [Baud.B1200, Baud.B115200])
    def test_every_setting_is_taken_by_the_kernel(
        self, line: PacedLine, character: Character, baud: Baud
    ) -> None:
        port = open_port(line.port, character, baud)
        line.send(b"A")
        assert select.select([port], [], [], WITHIN_S)[0]
        assert port.read() == b"A"
        port.close()


class TestReading:
    def test_nothing_waits(self, line: PacedLine) -> None:
        port = open_port(line.port)
        assert port.read() == b""
        port.close()
        port.close()

    def test_a_flood_is_taken_in_bounded_pieces(self) -> None:
        master, slave = os.openpty()
        port = open_port(os.ttyname(slave))
        os.write(master, bytes(3 * MAX_READ_BYTES))
        assert len(port.read()) == MAX_READ_BYTES
        port.close()
        os.close(master)
        os.close(slave)

    def test_unplugged(self, line: PacedLine) -> None:
        port = open_port(line.port)
        line.unplug()
        assert select.select([port], [], [], WITHIN_S)[0]
        for _ in range(2):
            with pytest.raises(DriverUnavailableError, match="the port is gone.*plug the reader"):
                port.read()
        port.close()

    def test_every_answer_of_a_lost_port_is_converted(
        self, line: PacedLine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        port = open_port(line.port)

        def fails(_size: int) -> bytes:
            # What in_waiting and some adapters' drivers give instead of pyserial's own error.
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(port._port, "read", fails)
        with pytest.raises(DriverUnavailableError, match="Input/output error"):
            port.read()
        port.close()


class Once:
    """A decoder that answers each piece with the events it was given."""

    def __init__(self, *events: ReaderEvent) -> None:
        self.events = events
        self.fed: list[tuple[bytes, float]] = []

    def feed(self, data: bytes, now: float) -> tuple[ReaderEvent, ...]:
        self.fed.append((data, now))
        return self.events


def open_files() -> set[str]:
    return {one.name for one in Path("/proc/self/fd").iterdir()}


class TestStreamReader:
    @pytest.fixture
    def open_one(self, line: PacedLine) -> Iterator[Callable[[Once], StreamReader]]:
        opened: list[StreamReader] = []

        def open_it(decoder: Once) -> StreamReader:
            opened.append(StreamReader(open_port(line.port), decoder, lambda: 7.0))
            return opened[-1]

        yield open_it
        for reader in opened:
            reader.close()

    def test_what_comes_before_the_first_look_is_kept(
        self, line: PacedLine, open_one: Callable[[Once], StreamReader]
    ) -> None:
        decoder = Once()
        reader = open_one(decoder)
        line.send(b"card")
        line.drain()
        assert reader.read_events() == (HealthChanged(ok=True, cause=""),)
        assert decoder.fed == []
        while b"".join(data for data, _ in decoder.fed) != b"card":  # the kernel hands on when it likes
            assert wait_readable(reader)
            reader.read_events()
        assert {now for _, now in decoder.fed} == {7.0}
        assert not wait_readable(reader, 0)

    def test_unplugged_it_wakes_the_loop_and_raises_until_closed(
        self, line: PacedLine, open_one: Callable[[Once], StreamReader]
    ) -> None:
        reader = open_one(Once())
        reader.read_events()
        line.unplug()
        for _ in range(2):
            assert wait_readable(reader)
            with pytest.raises(DriverUnavailableError):
                reader.read_events()
        reader.close()
        assert reader.fileno() == -1
        assert reader.read_events() == ()

    def test_closing_leaves_no_descriptor_open(
        self, line: PacedLine, open_one: Callable[[Once], StreamReader]
    ) -> None:
        before = open_files()
        open_one(Once()).close()  # before its first word
        greeted = open_one(Once())
        greeted.read_events()
        greeted.close()
        assert open_files() == before


def test_the_paced_line_keeps_its_speed() -> None:
    with PacedLine(9600) as line:
        port = open_port(line.port)
        data = bytes(range(48))
        begun = time.monotonic()
        line.send(data)
        got = b""
        while len(got) < len(data):
            assert select.select([port], [], [], WITHIN_S)[0]
            got += port.read()
        assert got == data
        assert time.monotonic() - begun >= len(data) * 10 / 9600
        port.close()


def test_reads_carry_the_time_of_their_last_byte() -> None:
    from drivers.readers.em4100_serial import Settings, open_reader  # noqa: PLC0415 - one of the drivers

    with PacedLine(9600) as line:
        reader = open_reader(Settings(line.port), time.monotonic)
        reader.read_events()
        line.send(b"\x0262E3086CED08\x03")
        events: list[ReaderEvent] = []
        while not events:
            assert wait_readable(reader)
            events += reader.read_events()
        (read,) = events
        assert isinstance(read, CardRead)
        line.drain()
        assert line.last_byte_at <= read.read_at <= time.monotonic()
        reader.close()
