"""The only place of the gate that reads a clock, and what a reading is worth.

`read` asks the kernel; `TimeKeeper` is pure and judges readings: ``trusted`` from a
time anchor the office signed during this boot, ``suspect`` from a system clock that
is at least not before the floor, else ``unknown``. The gate never sets the system
clock, only trusted time raises the floor, and only the root's word lowers it.
"""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import Struct

from sync.records import ClockState
from terminal.core.situation import Now

RELEASE_FLOOR = 1_793_491_200
"""2026-11-01T00:00:00Z: no gate runs this release earlier than that."""
LATEST_BELIEVABLE = 4_102_444_800
"""2100-01-01: a system clock beyond it is taken for broken."""
DRIFT_PPM = 100
"""Worst crystal of the boards in question (Raspberry Pi: ±50 ppm, doubled for cold)."""
TRUSTED_UNCERTAINTY_MS = 300_000
"""Beyond five minutes of accumulated doubt an anchor is only suspect."""
SET_BACK_MS = 300_000
"""An office whose clock was corrected backwards by so much is still believed: the time then stands at the
floor until it has caught up. Else the gate would keep its old answer, whose doubt grows, until it boots."""
JUMP_BOUND_S = 86_400
"""How far ahead of a trusted clock a signed time may lie."""
STEP_MS = 2_000
"""A change of the system clock against the boot clock that is worth an event."""


class Reading(Struct, frozen=True):
    """The three clocks at one moment."""

    monotonic: float
    boottime_ms: int
    system_ms: int


class Anchor(Struct, frozen=True):
    """The office's signed time, tied to the boot clock of one boot."""

    boot_id: bytes
    boottime_ms: int
    utc_ms: int
    uncertainty_ms: int


class Judged(Struct, frozen=True):
    """What a reading is worth."""

    now: Now
    boottime_ms: int
    wall_ms: int | None


def read() -> Reading:
    """Read the kernel's clocks."""
    return Reading(
        time.monotonic(),
        time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
        time.time_ns() // 1_000_000,
    )


def monotonic() -> float:
    """Seconds on the monotonic clock."""
    return time.monotonic()


def boot_id() -> bytes:
    """The kernel's id of this boot, 16 bytes."""
    text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    return bytes.fromhex(text.strip().replace("-", ""))


class TimeKeeper:
    """Judges readings against anchor and floor. Pure: readings are passed in."""

    def __init__(self, boot: bytes, *, floor: int, anchor: Anchor | None) -> None:
        self._boot = boot
        self._floor = max(floor, RELEASE_FLOOR)
        self._anchor = anchor
        self._offset_ms: int | None = None

    @property
    def floor(self) -> int:
        """UTC second before which it cannot be; rises by itself, and falls only by ``lower_floor``."""
        return self._floor

    def raise_floor(self, utc: int) -> None:
        """Take a signed time as lower bound; an earlier one changes nothing."""
        self._floor = max(self._floor, utc)

    def lower_floor(self, utc: int, anchor: Anchor | None) -> None:
        """Take the root's word that the floor was too high; of the office's answers, only ``anchor`` counts.

        An answer from before it is as wrong as the floor was, and would raise it again.
        """
        self._floor = max(min(self._floor, utc), RELEASE_FLOOR)
        self._anchor = anchor

    def learn(self, utc: int, reading: Reading) -> bool:
        """Take a signed issue time as lower bound; says whether it can be believed.

        A trusted clock knows better: it raises the floor itself, and a signed time far
        ahead of it is not believed. A stolen key could otherwise end every time-limited
        grant for good.
        """
        now = self.judge(reading).now
        if now.clock is ClockState.TRUSTED and now.utc is not None:
            return utc <= now.utc + JUMP_BOUND_S
        if utc >= LATEST_BELIEVABLE:
            return False
        self.raise_floor(utc)
        return True

    @property
    def anchor(self) -> Anchor | None:
        """The office's answer in use."""
        return self._anchor

    def take_anchor(self, anchor: Anchor, reading: Reading) -> bool:
        """Use the office's latest answer; a trusted clock does not believe a far jump ahead."""
        now = self.judge(reading).now
        if now.clock is ClockState.TRUSTED and now.utc is not None:
            wall = self._by(anchor, reading)
            if wall is None or wall[0] // 1000 > now.utc + JUMP_BOUND_S:
                return False
        self._anchor = anchor
        return True

    def judge(self, reading: Reading) -> Judged:
        """What time it is, and how sure that is."""
        wall, state = self._anchored(reading) or self._system(reading)
        if state is ClockState.TRUSTED and wall is not None:
            self.raise_floor(wall // 1000)
        utc = None if wall is None else wall // 1000
        now = Now(reading.monotonic, utc, self._floor, state)
        return Judged(now, reading.boottime_ms, wall)

    def step_ms(self, reading: Reading) -> int:
        """By how much the system clock jumped since this was last asked; 0 if it did not."""
        offset = reading.system_ms - reading.boottime_ms
        previous, self._offset_ms = self._offset_ms, offset
        if previous is None or abs(offset - previous) < STEP_MS:
            return 0
        return offset - previous

    def _anchored(self, reading: Reading) -> tuple[int, ClockState] | None:
        return None if self._anchor is None else self._by(self._anchor, reading)

    def _by(self, anchor: Anchor, reading: Reading) -> tuple[int, ClockState] | None:
        """Wall time by ``anchor``; ``None`` if it cannot be right."""
        if anchor.boot_id != self._boot:
            return None
        since_ms = reading.boottime_ms - anchor.boottime_ms
        wall = anchor.utc_ms + since_ms
        doubt_ms = anchor.uncertainty_ms + since_ms * DRIFT_PPM // 1_000_000
        floor_ms = self._floor * 1000
        if since_ms < 0 or not floor_ms - doubt_ms - SET_BACK_MS <= wall < LATEST_BELIEVABLE * 1000:
            return None
        state = ClockState.TRUSTED if doubt_ms <= TRUSTED_UNCERTAINTY_MS else ClockState.SUSPECT
        return max(wall, floor_ms), state

    def _system(self, reading: Reading) -> tuple[int | None, ClockState]:
        if self._floor <= reading.system_ms // 1000 < LATEST_BELIEVABLE:
            return reading.system_ms, ClockState.SUSPECT
        return None, ClockState.UNKNOWN
