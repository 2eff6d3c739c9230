"""One suite for every reader driver: it finds the drivers by their files."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest
from msgspec import Struct

from drivers.ports import (
    ALIVE_EVERY_S,
    CardRead,
    DriverLibraryError,
    DriverSettingsError,
    DriverUnavailableError,
    HealthChanged,
    Reader,
    UnknownDriverError,
)
from drivers.registry import find_reader, reader_kinds
from tests.drivers.readers.contract import Rig, RigMaker
from tests.support.waiting import events_until, next_health, next_read, until, wait_readable

pytestmark = pytest.mark.parametrize("kind", reader_kinds())


@pytest.fixture
def rig(kind: str, request: pytest.FixtureRequest) -> Iterator[Rig]:
    maker: RigMaker = import_module(f"tests.drivers.readers.rig_{kind}").rig
    with maker(request) as made:
        yield made


@pytest.fixture
def open_one(kind: str, rig: Rig) -> Iterator[Callable[[], Reader]]:
    """Opens readers on the rig; closed at the end, they may leave no thread (see tests/conftest.py)."""
    opened: list[Reader] = []

    def open_it() -> Reader:
        driver = find_reader(kind)
        reader = driver.open(driver.settings(rig.table(), where="test"), time.monotonic)
        rig.attach(reader)
        opened.append(reader)
        return reader

    yield open_it
    for reader in opened:
        reader.close()


def test_settings_are_frozen_and_leave_the_gates_own_keys_alone(kind: str, rig: Rig) -> None:
    driver = find_reader(kind)
    settings = driver.settings(rig.table(), where="test")
    assert isinstance(settings, Struct)
    assert isinstance(hash(settings), int), "only a frozen structure has a hash"
    for taken in ("id", "kind", "door", "way", "repeat_s", "indicator"):
        assert not hasattr(settings, taken), "this key of a reader's section is the gate's"


def test_unknown_key_is_refused_by_name(kind: str) -> None:
    with pytest.raises(DriverSettingsError, match=r"gate\.toml \[reader\.in\].*'bauds'"):
        find_reader(kind).settings({"bauds": 9600}, where="gate.toml [reader.in]")


def test_missing_device_is_unavailable_with_a_cure(kind: str, rig: Rig) -> None:
    driver = find_reader(kind)
    settings = driver.settings(rig.take_away_device(), where="test")
    with pytest.raises(DriverUnavailableError, match=r"install|remove|plug|connect"):
        driver.open(settings, time.monotonic)


def test_misspelt_kind_and_missing_library_are_told_apart(
    kind: str, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnknownDriverError, match=f"there are: .*{kind}"):
        find_reader(kind + "s")
    driver = find_reader(kind)
    settings = driver.settings(rig.table(), where="test")
    if rig.library:
        for name in (rig.library, rig.library.partition(".")[0]):
            monkeypatch.setitem(sys.modules, name, None)  # Python's own way to say "cannot be imported"
        with pytest.raises(DriverLibraryError, match=r"pip install '\.\["):
            driver.open(settings, time.monotonic)


def test_first_event_tells_health_and_the_descriptor_falls_silent_once_read(
    open_one: Callable[[], Reader],
) -> None:
    reader = open_one()
    assert wait_readable(reader)
    assert list(reader.read_events()) == [HealthChanged(ok=True, cause="")]
    assert not wait_readable(reader, 0)
    assert list(reader.read_events()) == []


def test_a_held_card_is_read_once_and_each_presentation_anew(
    open_one: Callable[[], Reader], rig: Rig
) -> None:
    reader = open_one()
    next_health(reader, ok=True)
    before = time.monotonic()
    first, second = rig.numbers
    rig.present(first)
    read = next_read(reader)
    assert (read.technology, read.number, read.bits) == (rig.technology, first, 8 * len(first))
    assert before <= read.read_at <= time.monotonic()
    rig.remove()
    rig.present(first)
    assert next_read(reader).number == first
    rig.remove()
    rig.present(second)
    # Had the held card been read again, it would stand before the second one.
    events = events_until(reader, lambda event: isinstance(event, CardRead))
    assert [event.number for event in events if isinstance(event, CardRead)] == [second]


def test_a_quiet_reader_shows_life(open_one: Callable[[], Reader]) -> None:
    reader = open_one()
    next_health(reader, ok=True)
    assert not wait_readable(reader, ALIVE_EVERY_S)
    quiet_at = time.monotonic()
    until("a sign of life after the quiet", lambda: reader.last_alive() >= quiet_at)


def test_closed_twice_it_is_silent_and_can_be_opened_anew(open_one: Callable[[], Reader], rig: Rig) -> None:
    old = open_one()
    next_health(old, ok=True)
    old.close()
    old.close()
    new = open_one()
    next_health(new, ok=True)
    rig.present(rig.numbers[1])
    assert next_read(new).number == rig.numbers[1]
    assert list(old.read_events()) == []
