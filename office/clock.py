"""The one place in the office that reads clocks; everything else takes the time."""

from __future__ import annotations

import time


def utc_now() -> int:
    """UTC seconds since 1970."""
    return int(time.time())


def utc_now_ms() -> int:
    """UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds on the monotonic clock."""
    return time.monotonic()
