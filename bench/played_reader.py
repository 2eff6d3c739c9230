"""``python -m bench.played_reader KIND``: one reader under the gate's own supervisor, and its player.

In a process of its own, so that memory, threads and descriptors are the reader's. The loop, the
supervisor and the mapping of raw numbers to credentials are the gate's. Prints what it found as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Final

from msgspec import Struct

from bench.processes import memory_bytes
from bench.reader_devices import Device, make_device
from drivers.ports import CardRead, DigitsEntered, ReadFailed
from sync.records import Credential, MappingRule, Technology, canonical
from terminal.loop import Loop
from terminal.supervisor import Health, ReaderSupervisor

WITHIN_S: Final = 40.0
"""Longer than the supervisor's longest pause between two tries."""
LOST_AFTER_S: Final = 2.0
"""A tap that was not read by then is not read any more."""
LONGEST_OUTAGE_S: Final = 0.5
MARKS: Final = 10
"""So often memory is looked at during a load."""


class Wear(Struct):
    """What a load left behind, looked at in even steps."""

    rss_bytes: list[int]
    threads: list[int]
    descriptors: list[int]

    def look(self) -> None:
        """Note how it is now."""
        self.rss_bytes.append(memory_bytes(os.getpid()))
        self.threads.append(threading.active_count())
        self.descriptors.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208 - no object an entry


class Played:
    """The gate's half, and the device in the player's hands; both in one thread unless a tap is timed."""

    def __init__(self, device: Device, seed: str) -> None:
        self.device = device
        self.draw = Random(f"gatehouse {seed}")
        self.loop = Loop(time.monotonic, lambda _now: None)
        self._read: tuple[Credential, bytes, float] | None = None
        self.supervisor = ReaderSupervisor(
            "bench",
            lambda: device.open(time.monotonic),
            self.loop,
            on_read=self._on_read,
            on_health=lambda _health: None,
            on_tamper=lambda _active: None,
            jitter=lambda: self.draw.uniform(-1, 1),
        )
        self.supervisor.start()

    def close(self) -> None:
        """End the reader, then the device."""
        self.supervisor.close()
        self.loop.close()
        self.device.close()

    @property
    def health(self) -> Health:
        """As the supervisor tells it."""
        return self.supervisor.health

    def until(self, done: Callable[[], object], within_s: float) -> bool:
        """Turn the gate's loop until ``done``; False if it was not in time."""
        deadline = time.monotonic() + within_s
        while not done():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return False
            self.loop.turn(left_s)
        return True

    def wait_up(self) -> None:
        """Until the reader is well."""
        if not self.until(lambda: self.health.ok, WITHIN_S):
            raise TimeoutError(f"the reader does not come up: {self.health.cause}")

    def tap(self) -> bool:
        """A card from this thread; whether it was read, and nothing else."""
        self._read = None
        number = self.device.tap(self.draw.getrandbits(32))
        return self.until(lambda: self._read is not None and self._read[1] == number, LOST_AFTER_S)

    def timed_tap_s(self, hand: ThreadPoolExecutor) -> tuple[float, float]:
        """A card from another thread after a moment of quiet.

        Seconds until its credential is there: from complete on the wire, and from the card's coming.
        """
        self._read = None
        pause_s = self.draw.uniform(0.02, 0.06)
        number = self.draw.getrandbits(32)

        def play() -> tuple[float, bytes]:
            time.sleep(pause_s)
            return time.monotonic(), self.device.tap(number)

        played = hand.submit(play)
        credential, read, read_at = self._next_read(pause_s + LOST_AFTER_S)
        came_at, expected = played.result()
        if read != expected:
            raise RuntimeError(f"another card was read: {credential}")
        return read_at - self.device.complete_at(), read_at - came_at

    def _next_read(self, within_s: float) -> tuple[Credential, bytes, float]:
        self.until(lambda: self._read is not None, within_s)
        if self._read is None:
            raise TimeoutError("a card was not read")
        return self._read

    def _on_read(self, event: CardRead | DigitsEntered | ReadFailed) -> None:
        if isinstance(event, CardRead):
            credential = canonical(Technology[event.technology.name], event.number, MappingRule())
            self._read = (credential, event.number, time.monotonic())


def timed(played: Played, count: int) -> dict[str, list[float]]:
    """Milliseconds of each tap, from the wire and from the card's coming."""
    with ThreadPoolExecutor(1) as hand:
        played.timed_tap_s(hand)  # what is loaded with the first card is loaded
        taps = [played.timed_tap_s(hand) for _ in range(count)]
    return {"event_ms": [1_000 * one for one, _ in taps], "tap_ms": [1_000 * one for _, one in taps]}


def worn_by_taps(played: Played, count: int) -> dict[str, Any]:
    """Taps one after the other."""
    wear = Wear([], [], [])
    lost = 0
    for _ in range(MARKS):
        lost += sum(not played.tap() for _ in range(max(1, count // MARKS)))
        wear.look()
    return {"lost": lost, "wear": _fields(wear)}


def worn_by_replugs(played: Played, count: int, outage_s: float = LONGEST_OUTAGE_S) -> dict[str, Any]:
    """Unplug, wait ``outage_s`` at most, plug; until the supervisor says well, and the next tap is read."""
    wear = Wear([], [], [])
    recovery_ms, lost = [], 0
    for number in range(count):
        played.device.unplug()
        played.until(lambda: not played.health.ok, WITHIN_S)
        played.until(lambda: False, played.draw.uniform(0.0, outage_s))
        played.device.plug()
        back_at = time.monotonic()
        played.wait_up()
        recovery_ms.append(1_000 * (time.monotonic() - back_at))
        lost += not played.tap()
        if (number + 1) % max(1, count // MARKS) == 0:
            wear.look()
    return {"lost": lost, "recovery_ms": recovery_ms, "wear": _fields(wear)}


def _fields(wear: Wear) -> dict[str, list[int]]:
    return {"rss_bytes": wear.rss_bytes, "threads": wear.threads, "descriptors": wear.descriptors}


def main() -> int:
    """Play what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    for load in ("--timed", "--taps", "--replugs"):
        parser.add_argument(load, type=int, default=0, metavar="COUNT")
    parser.add_argument("--outage", type=float, default=LONGEST_OUTAGE_S, metavar="SECONDS")
    arguments = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="gatehouse-reader-") as directory:
        device = make_device(arguments.kind, Path(directory), timed=bool(arguments.timed))
        with closing(Played(device, arguments.kind)) as played:
            played.wait_up()
            if arguments.timed:
                found |= timed(played, arguments.timed)
            if arguments.taps:
                found["taps"] = worn_by_taps(played, arguments.taps)
            if arguments.replugs:
                found["replugs"] = worn_by_replugs(played, arguments.replugs, arguments.outage)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
