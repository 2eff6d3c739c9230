"""The office's time as the sync process keeps it: one anchor a boot, written seldom.

The gate process reads the file; what stands there outlives this process.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from sync.records import ClockState
from sync.update import ListVersion
from terminal.clock import Anchor, Judged, Reading, TimeKeeper
from terminal.stores.confirmation import Confirmation, load_confirmation, save_confirmation
from terminal.stores.time_anchor import Lowered, SavedTime, TimeAnchorError, load_time, save_time

WRITE_EVERY_S: Final = 3_600
"""Else an SD card would be written at every pulse; the floor lags by no more than this."""
CONFIRM_EVERY_S: Final = 600
"""The shortest trust window is a day."""
DRIFT_WORTH_WRITING_MS: Final = 1_000
LEAST_UNCERTAINTY_MS: Final = 10
"""Clocks are read in milliseconds on both sides."""


class TimeSource:
    """Judges time by the office's answers and keeps the newest where the gate process finds it."""

    def __init__(self, directory: Path, boot: bytes, read_clock: Callable[[], Reading]) -> None:
        self._directory = directory
        self._boot = boot
        self._read_clock = read_clock
        self.fault = ""
        """Why the file that was here is not believed."""
        try:
            saved = load_time(directory)
        except TimeAnchorError as error:
            saved, self.fault = SavedTime(0, None), str(error)
        self._keeper = TimeKeeper(boot, floor=saved.floor, anchor=saved.anchor)
        self._written = saved.anchor if saved.anchor is not None and saved.anchor.boot_id == boot else None
        self._lowered = saved.lowered
        self._confirmed = load_confirmation(directory)
        self.drift_ms: int | None = None
        """By how much the last answer differed from the anchor before it."""

    @property
    def lowering(self) -> int:
        """Number of the last lowering of the floor that was taken; 0 before the first."""
        return 0 if self._lowered is None else self._lowered.serial

    def judged(self) -> Judged:
        """What time it is, and how sure that is."""
        return self._keeper.judge(self._read_clock())

    def reading(self) -> Reading:
        """The clocks now."""
        return self._read_clock()

    def learn(self, version: ListVersion, issued_at: int) -> None:
        """A list of this time is in force: it is not earlier, unless the root said otherwise since."""
        if self._lowered is None or not self._lowered.disbelieves(version, issued_at):
            self._keeper.learn(issued_at, self._read_clock())

    def lower(self, lowered: Lowered) -> None:
        """The root's word was taken: what the office said before it counts no longer."""
        self._lowered = lowered
        self._written = None
        self._keeper.lower_floor(lowered.floor, None)

    def answered(self, utc_ms: int, *, asked_boottime_ms: int, round_trip_s: float) -> bool:
        """The office's answer to our nonce; whether it is believed.

        The office read its clock somewhere within the round trip: the middle, give or take
        half of it. Raises ``StoreError`` when it cannot be written.
        """
        half_ms = int(round_trip_s * 500)
        anchor = Anchor(self._boot, asked_boottime_ms + half_ms, utc_ms, half_ms + LEAST_UNCERTAINTY_MS)
        before = self._keeper.anchor
        if not self._keeper.take_anchor(anchor, self._read_clock()):
            return False
        if before is not None and before.boot_id == self._boot:
            self.drift_ms = anchor.utc_ms - before.utc_ms - (anchor.boottime_ms - before.boottime_ms)
        if self._is_worth_writing(anchor):
            floor = self.judged().now.floor
            save_time(self._directory, SavedTime(floor, anchor))
            self._written = anchor
        return True

    def confirmed(self, version: ListVersion) -> None:
        """The office says now that this is the newest list; written so often as a trust window needs.

        Raises ``StoreError`` when it cannot be written.
        """
        now = self.judged().now
        if now.clock is not ClockState.TRUSTED or now.utc is None:
            return
        before = self._confirmed
        if before.version == version and now.utc < before.utc + CONFIRM_EVERY_S:
            return
        self._confirmed = Confirmation(version, now.utc)
        save_confirmation(self._directory, self._confirmed)

    def _is_worth_writing(self, anchor: Anchor) -> bool:
        before = self._written
        if before is None or anchor.uncertainty_ms < before.uncertainty_ms // 2:
            return True
        passed_ms = anchor.boottime_ms - before.boottime_ms
        off_ms = abs(anchor.utc_ms - before.utc_ms - passed_ms)
        return passed_ms >= WRITE_EVERY_S * 1_000 or off_ms >= DRIFT_WORTH_WRITING_MS
