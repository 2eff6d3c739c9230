"""Reader drivers: event complete on the wire → credential; wear, recovery, noise, and an idle gate.

Each kind runs under the gate's own supervisor in a process of its own (`bench.played_reader`); one
that needs a library that is not installed gives no figures.
"""

from __future__ import annotations

import json
import os
import select
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any, Final

from msgspec import Struct

from bench import wiegand
from bench.figures import Figure, Spread, middle, p99
from bench.idle_gate import idle
from bench.processes import output_of
from bench.rig import Workshop

HANDED_OVER_MS: Final = 2.0
"""Issue's bar for each kind: event complete on the wire to the decision, in our code."""
RECOVERED_MS: Final = 1_000.0
KB_PER_10000_TAPS: Final = 100.0
"""A megabyte in 100,000 taps: less cannot be told from the allocator's breathing."""
KB_PER_1000_REPLUGS: Final = 1_000.0
LONG_OUTAGES: Final = 10
LONG_OUTAGE_S: Final = 10.0
"""Somebody looks for the plug: by then, who looks ever more seldom looks seldom."""
FRAMES: Final = 10_000
WITHIN_S: Final = 5.0


class Load(Struct, frozen=True):
    """What a kind of reader is put through."""

    library: str
    """Without it there are no figures; empty: it needs none."""
    timed: int
    taps: int
    replugs: int
    """0: nobody could notice, see `bench.reader_devices`."""
    is_paced: bool = False
    """Its device takes its time over each card."""


KINDS: Final[Mapping[str, Load]] = {
    "pcsc": Load("smartcard", 500, 100_000, 1_000),
    "em4100_serial": Load("serial", 500, 100_000, 1_000),
    "serial_text": Load("serial", 500, 100_000, 1_000),
    "hid_keyboard": Load("evdev", 500, 100_000, 1_000),
    "wiegand": Load("", 300, 100_000, 0),
    # A reader is asked every 52 ms: 100,000 taps would take two hours.
    "osdp": Load("osdp_sys", 500, 5_000, 200, is_paced=True),
}


def measure(workshop: Workshop) -> list[Figure]:
    """Figures of every kind of reader that can be measured here."""
    frames = FRAMES // 50 if workshop.quick else FRAMES
    loads = {kind: load for kind, load in KINDS.items() if not load.library or find_spec(load.library)}
    return [
        *wiegand.decoding(frames),
        *wiegand.noise(frames),
        *_timed(workshop, loads),
        p99("bare_wake", [_bare_wake() * 1_000 for _ in range(20 if workshop.quick else 300)], "ms"),
        *_worn(workshop, loads),
        *idle(workshop),
    ]


def _timed(workshop: Workshop, loads: Mapping[str, Load]) -> Iterator[Figure]:
    """One kind after the other, so that none disturbs another's figures."""
    for kind, load in loads.items():
        found = _played(workshop, kind, "--timed", load.timed)
        yield p99(f"{kind}_event", found["event_ms"], "ms", HANDED_OVER_MS)
        if kind == "osdp":
            yield middle("osdp_tap_until_event", found["tap_ms"], "ms")


def _worn(workshop: Workshop, loads: Mapping[str, Load]) -> Iterator[Figure]:
    """What keeps a core busy two at a time, then all that mostly waits at once."""
    taps = [(kind, "--taps", load.taps) for kind, load in loads.items()]
    replugs = [(kind, "--replugs", load.replugs) for kind, load in loads.items() if load.replugs]
    waiting = [*replugs, *(one for one in taps if loads[one[0]].is_paced)]
    found = _play(workshop, [one for one in taps if one not in waiting], at_once=2)
    long = [(kind, "--outage", LONG_OUTAGES) for kind, load in loads.items() if load.replugs]
    found |= _play(workshop, [*waiting, *long], at_once=len(waiting) + len(long))
    for kind, what, count in taps:
        yield from _tap_wear(kind, _scaled(workshop, count), found[kind, what]["taps"])
    for kind, what, count in replugs:
        yield from _replug_wear(kind, _scaled(workshop, count), found[kind, what]["replugs"])
        spread = Spread.of(found[kind, "--outage"]["replugs"]["recovery_ms"])
        yield Figure(f"{kind}_recovery_after_longer", spread.max, "ms", RECOVERED_MS, spread)


def _play(
    workshop: Workshop, jobs: Sequence[tuple[str, str, int]], *, at_once: int
) -> dict[tuple[str, str], dict[str, Any]]:
    with ThreadPoolExecutor(max(1, at_once)) as pool:
        begun = {
            (kind, what): pool.submit(_played, workshop, kind, what, count) for kind, what, count in jobs
        }
        return {job: one.result() for job, one in begun.items()}


def _tap_wear(kind: str, taps: int, found: Mapping[str, Any]) -> Iterator[Figure]:
    yield Figure(f"{kind}_taps_lost", found["lost"], f"of {taps}", 0)
    yield Figure(
        f"{kind}_growth_over_taps",
        _grown(found["wear"]["rss_bytes"]) * 10_000 / (taps / 2),
        "kB in 10,000",
        KB_PER_10000_TAPS,
    )
    yield Figure(f"{kind}_held_after_taps", _held(found["wear"]), "threads, files", 0)


def _replug_wear(kind: str, replugs: int, found: Mapping[str, Any]) -> Iterator[Figure]:
    spread = Spread.of(found["recovery_ms"])
    yield Figure(f"{kind}_recovery", spread.max, "ms", RECOVERED_MS, spread)
    yield Figure(f"{kind}_taps_lost_after_recovery", found["lost"], f"of {replugs}", 0)
    yield Figure(
        f"{kind}_growth_over_replugs",
        _grown(found["wear"]["rss_bytes"]) * 1_000 / (replugs / 2),
        "kB in 1,000",
        KB_PER_1000_REPLUGS,
    )
    yield Figure(f"{kind}_held_after_replugs", _held(found["wear"]), "threads, files", 0)


def _grown(rss_bytes: list[int]) -> float:
    """Kilobytes in the second half of a load: pools and caches are full by then."""
    return max(0, rss_bytes[-1] - rss_bytes[(len(rss_bytes) - 1) // 2]) / 1_000


def _held(wear: Mapping[str, list[int]]) -> int:
    """Threads and descriptors that there are more of at the end than after the first tenth."""
    return sum(max(0, wear[one][-1] - wear[one][0]) for one in ("threads", "descriptors"))


def _played(workshop: Workshop, kind: str, load: str, count: int) -> dict[str, Any]:
    arguments = ["-m", "bench.played_reader", kind, load, str(_scaled(workshop, count))]
    if load == "--outage":
        outage_s = 0.1 if workshop.quick else LONG_OUTAGE_S
        arguments[3:] = ["--replugs", str(2 if workshop.quick else count), "--outage", str(outage_s)]
    found: dict[str, Any] = json.loads(output_of(workshop, arguments))
    return found


def _scaled(workshop: Workshop, count: int) -> int:
    return max(2, count // 500) if workshop.quick else count


def _bare_wake() -> float:
    """Seconds from a moment a thread waits for until a second thread, woken by it, runs.

    What this machine takes for it; that much of every reader's figure is not ours.
    """
    fd = os.eventfd(0)
    due_at = time.monotonic() + 0.05

    def wake() -> None:
        select.select([], [], [], max(0.0, due_at - time.monotonic()))
        os.eventfd_write(fd, 1)

    waker = threading.Thread(target=wake)
    waker.start()
    select.select([fd], [], [], WITHIN_S)
    woken_at = time.monotonic()
    waker.join()
    os.close(fd)
    return woken_at - due_at
