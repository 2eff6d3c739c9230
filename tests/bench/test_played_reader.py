"""The player of a reader sees what is lost, how long a reader was away, and what stayed behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from bench import played_reader
from bench.played_reader import Played, timed, worn_by_replugs, worn_by_taps
from drivers.ports import DriverUnavailableError, Reader, Technology
from drivers.readers.sim import SimReader


class Toy:
    """A device that can swallow cards, read them wrongly, keep descriptors and stay away."""

    def __init__(self) -> None:
        self.reader: SimReader | None = None
        self.there = True
        self.comes_back = True
        self.taps = 0
        self.swallows: frozenset[int] = frozenset()
        self.distorts = False
        self.leaks = False
        self.kept: list[int] = []
        self.told_at = 0.0

    def open(self, clock: Callable[[], float]) -> Reader:
        if not self.there:
            raise DriverUnavailableError("pulled out; plug it in")
        self.reader = SimReader(clock)
        self.clock = clock
        return self.reader

    def tap(self, number: int) -> bytes:
        self.taps += 1
        chip = number.to_bytes(4, "big")
        if self.leaks:
            self.kept.append(os.eventfd(0))
        if self.reader is not None and self.taps not in self.swallows:
            self.told_at = self.clock()
            self.reader.present(Technology.ISO14443A, chip[::-1] if self.distorts else chip)
        return chip

    def complete_at(self) -> float:
        return self.told_at

    def unplug(self) -> None:
        self.there = False
        if self.reader is not None:
            self.reader.vanish("pulled out; plug it in")

    def plug(self) -> None:
        self.there = self.comes_back

    def close(self) -> None:
        for fd in self.kept:
            os.close(fd)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Toy, Played]]:
    monkeypatch.setattr(played_reader, "LOST_AFTER_S", 0.1)
    device = Toy()
    with closing(Played(device, "test")) as played:
        played.wait_up()
        yield device, played


def test_a_swallowed_card_is_lost_and_no_other(toy: tuple[Toy, Played]) -> None:
    device, played = toy
    device.swallows = frozenset({3, 17})
    assert worn_by_taps(played, 20)["lost"] == 2
    assert device.taps == 20


def test_descriptors_that_stay_are_seen(toy: tuple[Toy, Played]) -> None:
    device, played = toy
    device.leaks = True
    held = worn_by_taps(played, 20)["wear"]["descriptors"]
    assert held[-1] - held[0] == 18


def test_a_card_read_wrongly_is_no_measurement(toy: tuple[Toy, Played]) -> None:
    device, played = toy
    device.distorts = True
    assert worn_by_taps(played, 10)["lost"] == 10
    with pytest.raises(RuntimeError, match="another card was read"):
        timed(played, 1)


def test_a_tap_is_timed_from_the_wire(toy: tuple[Toy, Played]) -> None:
    _, played = toy
    found = timed(played, 3)
    assert len(found["event_ms"]) == 3
    assert all(0 < wire <= tap for wire, tap in zip(found["event_ms"], found["tap_ms"], strict=True))


def test_each_return_is_told_and_the_tap_after_it_counts(toy: tuple[Toy, Played]) -> None:
    device, played = toy
    device.swallows = frozenset({2})
    found = worn_by_replugs(played, 2, 0.01)
    assert found["lost"] == 1
    assert all(one > 0 for one in found["recovery_ms"])
    assert played.health.ok


def test_a_reader_that_does_not_come_back_ends_the_measurement(
    toy: tuple[Toy, Played], monkeypatch: pytest.MonkeyPatch
) -> None:
    device, played = toy
    monkeypatch.setattr(played_reader, "WITHIN_S", 0.4)
    device.comes_back = False
    with pytest.raises(TimeoutError, match="pulled out; plug it in"):
        worn_by_replugs(played, 1, 0.01)
