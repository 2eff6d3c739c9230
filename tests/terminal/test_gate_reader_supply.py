"""A reader that hangs until its power is taken away, at a whole gate that may take it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.events import EventKind
from terminal.core.supply import FIRST_PAUSE_S
from tests.drivers.readers.rig_em4100_serial import frame
from tests.support.gate_estate import RESIDENT
from tests.support.gate_rig import GateRig
from tests.support.paced_line import PacedLine
from tests.terminal.conftest import MakeRig

SUPPLY = "supply1"
AFTER_S, OFF_S = 60, 5
CARD = bytes.fromhex("0A00F12B3C")


class HangingReader:
    """A serial reader whose supply hangs on the normally-closed contact of a relay: fed unless the line
    is high. Once it hangs its port is gone, until it has been without its supply.
    """

    def __init__(self, port: Path) -> None:
        self._port = port
        self._line: PacedLine | None = None
        self._is_fed = True
        self.starts = 0
        self._start()

    def look(self, rig: GateRig) -> None:
        """Carry the relay's contact to the reader."""
        is_fed = rig.level(SUPPLY) is not True
        if is_fed and not self._is_fed:
            self._start()
        elif not is_fed:
            self.hang()
        self._is_fed = is_fed

    def hold(self, number: bytes) -> None:
        assert self._line is not None, "it hangs"
        self._line.send(frame(number))

    def hang(self) -> None:
        if self._line is not None:
            self._line.unplug()
            self._port.unlink()
        self._line = None

    def _start(self) -> None:
        self.starts += 1
        self._line = PacedLine(115_200)
        self._port.symlink_to(self._line.port)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[HangingReader]:
    made = HangingReader(tmp_path / "port")
    yield made
    made.hang()


@pytest.fixture
def rig(make_rig: MakeRig, reader: HangingReader, tmp_path: Path) -> GateRig:
    return make_rig(change=powered(tmp_path / "port")).start()


def powered(port: Path) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        one = document["readers"]["in"]
        one |= {"kind": "em4100_serial", "port": str(port)}
        one["power"] = {"line": SUPPLY, "after_s": AFTER_S, "off_s": OFF_S}

    return change


def supply(rig: GateRig) -> Any:
    return rig.order("status")["readers"]["in"]["supply"]


def advance(rig: GateRig, reader: HangingReader, seconds: int) -> None:
    """Second by second, the relay felt by the reader."""
    for _ in range(seconds):
        rig.advance(1)
        reader.look(rig)


def test_a_reader_that_hangs_is_started_afresh_and_reads_again(rig: GateRig, reader: HangingReader) -> None:
    reader.hang()
    advance(rig, reader, AFTER_S - 1)
    assert rig.moved(SUPPLY) == [False]
    advance(rig, reader, 2)
    assert rig.level(SUPPLY) is True
    assert supply(rig) == {"cut": True, "times": 1}
    assert "readers away: in" in rig.gate.status_line()
    advance(rig, reader, OFF_S + 5)
    assert rig.moved(SUPPLY) == [False, True, False]
    assert supply(rig) == {"cut": False, "times": 1}
    assert reader.starts == 2
    reader.hold(CARD)
    rig.until("the card is read", lambda: bool(rig.events(EventKind.TAP)))
    causes = [one.detail["cause"] for one in rig.events(EventKind.READER_DOWN)]
    assert causes[-1] != causes[0]
    assert "supply cut for 5 s, for the 1. time" in causes
    assert rig.gate.readers["in"].health.ok


def test_one_that_stays_dead_is_cut_ever_more_seldom_and_the_others_never_notice(
    rig: GateRig, reader: HangingReader
) -> None:
    reader.hang()
    rig.advance(AFTER_S + OFF_S + FIRST_PAUSE_S - 1)
    assert rig.moved(SUPPLY) == [False, True, False]
    rig.advance(OFF_S + 2)
    assert rig.moved(SUPPLY) == [False, True, False, True, False]
    rig.advance(2 * FIRST_PAUSE_S - 10)
    assert len(rig.moved(SUPPLY)) == 5
    assert rig.tap("out", RESIDENT).granted


def test_one_that_works_is_never_cut(rig: GateRig) -> None:
    rig.advance(24 * 3600)
    assert rig.moved(SUPPLY) == [False]
    assert supply(rig) == {"cut": False, "times": 0}


def test_end_while_it_is_cut_gives_the_supply_back(rig: GateRig, reader: HangingReader) -> None:
    reader.hang()
    rig.advance(AFTER_S + 1)
    assert rig.level(SUPPLY) is True
    rig.close()
    assert rig.level(SUPPLY) is None


def test_restart_by_command_gives_the_supply_back_at_once(rig: GateRig, reader: HangingReader) -> None:
    reader.hang()
    rig.advance(AFTER_S + 1)
    rig.order("restart_reader", reader="in")
    assert rig.level(SUPPLY) is False
    reader._start()
    rig.advance(5)
    assert rig.gate.readers["in"].health.ok
    rig.advance(FIRST_PAUSE_S)
    assert rig.moved(SUPPLY) == [False, True, False]


def test_without_a_right_to_the_port_its_supply_is_no_cure(make_rig: MakeRig, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("no serial port")
    rig = make_rig(change=powered(tmp_path / "port")).start()
    rig.advance(3600)
    assert not rig.gate.readers["in"].health.ok
    assert rig.moved(SUPPLY) == [False]
