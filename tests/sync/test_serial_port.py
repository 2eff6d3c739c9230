"""Opening a port: what goes wrong is said with its cure."""

from __future__ import annotations

import os
import pty
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.link_errors import LostLinkError, SerialPortError
from sync.serial_port import SerialPort, open_port


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """A port: its other side, and its name."""
    wire, held = pty.openpty()
    tty.setraw(held)
    yield wire, os.ttyname(held)
    os.close(held)
    os.close(wire)


@pytest.fixture
def port(terminal: tuple[int, str]) -> Iterator[SerialPort]:
    opened = open_port(terminal[1], 9_600)
    yield opened
    opened.close()


def test_bytes_go_both_ways_unchanged(terminal: tuple[int, str], port: SerialPort) -> None:
    everything = bytes(range(256))
    assert port.write(everything) == 256
    assert os.read(terminal[0], 4096) == everything
    os.write(terminal[0], everything)
    assert port.read() == everything


def test_a_full_port_takes_what_it_can_and_does_not_block(port: SerialPort) -> None:
    taken = 0
    while count := port.write(bytes(4096)):
        taken += count
    assert 0 < taken < 1 << 20


def test_a_port_in_use_is_refused_to_a_second_program(terminal: tuple[int, str], port: SerialPort) -> None:
    assert port.fileno() >= 0
    with pytest.raises(SerialPortError, match="another program uses this port"):
        open_port(terminal[1], 9_600)


def test_a_driver_that_cannot_switch_the_direction_is_refused(terminal: tuple[int, str]) -> None:
    with pytest.raises(SerialPortError, match=r"cannot switch the direction .* rs485 = false"):
        open_port(terminal[1], 9_600, kernel_rs485=True)
    open_port(terminal[1], 9_600).close()


def test_a_missing_port_is_a_lost_link_that_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(LostLinkError, match="there is no such port"):
        open_port(str(tmp_path / "ttyUSB0"), 9_600)


def test_what_is_no_serial_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SerialPortError, match="cannot be used as a serial port"):
        open_port(str(tmp_path / "file"), 9_600)


def test_a_missing_library_names_what_to_install(
    terminal: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(SerialPortError, match=r"\.\[serial\]"):
        open_port(terminal[1], 9_600)


def test_an_adapter_pulled_out_is_a_lost_link() -> None:
    wire, held = pty.openpty()
    tty.setraw(held)
    port = open_port(os.ttyname(held), 9_600)
    os.close(held)
    os.close(wire)
    with pytest.raises(LostLinkError, match="plugged in"):
        port.read()
    with pytest.raises(LostLinkError, match="plugged in"):
        port.write(b"?")
    port.close()
