"""The simulated reader's own faults and keypad."""

from __future__ import annotations

import select
from collections.abc import Iterator

import pytest

from drivers.indicator import Indicator, Signal
from drivers.ports import (
    CardRead,
    DigitsEntered,
    DriverUnavailableError,
    HealthChanged,
    ReadFailed,
    TamperChanged,
    Technology,
)
from drivers.readers.sim import MAX_SHOWN, Settings, SimReader, open_reader
from tests.support.patterns import PATTERNS

CARD = bytes.fromhex("01020304")
READ = CardRead(Technology.ISO14443A, CARD, 32, 5.0)


@pytest.fixture
def reader() -> Iterator[SimReader]:
    opened = open_reader(Settings(), lambda: 5.0)
    assert opened.read_events() == (HealthChanged(ok=True, cause=""),)
    yield opened
    opened.close()


def test_digits_and_bits_come_as_given(reader: SimReader) -> None:
    reader.enter("1234")
    reader.present(Technology.WIEGAND, CARD, bits=26)
    assert reader.read_events() == (
        DigitsEntered("1234", 5.0),
        CardRead(Technology.WIEGAND, CARD, 26, 5.0),
    )


def test_while_away_it_reads_nothing_and_looks_again_when_back(reader: SimReader) -> None:
    reader.fail("cable pulled")
    reader.present(Technology.ISO14443A, CARD)
    reader.enter("1")
    assert reader.read_events() == (HealthChanged(ok=False, cause="cable pulled"),)
    reader.repair()
    reader.fail("again")
    reader.repair()
    assert [event for event in reader.read_events() if event == READ] == [READ]


def test_its_housing_opened_and_closed_is_told(reader: SimReader) -> None:
    reader.tamper(True)
    reader.tamper(False)
    assert reader.read_events() == (TamperChanged(True, 5.0), TamperChanged(False, 5.0))


def test_what_its_lamps_show_can_be_looked_back_on(reader: SimReader) -> None:
    assert isinstance(reader, Indicator)
    for _ in range(MAX_SHOWN):
        reader.show(PATTERNS[Signal.REFUSED])
    reader.clear()
    assert list(reader.shown)[-2:] == [PATTERNS[Signal.REFUSED], None]
    assert len(reader.shown) == MAX_SHOWN


def test_mute_card_is_told(reader: SimReader) -> None:
    reader.present_mute()
    assert reader.read_events() == (ReadFailed("the card does not answer", 5.0),)


def test_pulled_out_it_wakes_the_loop_and_raises(reader: SimReader) -> None:
    reader.vanish("unplugged")
    assert select.select([reader.fileno()], [], [], 0)[0]
    with pytest.raises(DriverUnavailableError, match="unplugged"):
        reader.read_events()


def test_frozen_it_shows_no_life_and_speaks_after_the_thaw() -> None:
    now = 5.0
    reader = open_reader(Settings(), lambda: now)
    reader.read_events()
    reader.freeze()
    now = 9.0
    reader.present(Technology.ISO14443A, CARD)
    assert reader.last_alive() == 5.0
    assert not select.select([reader.fileno()], [], [], 0)[0]
    reader.thaw()
    assert reader.last_alive() == 9.0
    assert [type(event) for event in reader.read_events()] == [CardRead]
    reader.close()
