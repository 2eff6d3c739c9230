"""The one place in the office that reads the clock; everything else takes the time."""

from __future__ import annotations

import time


def utc_now() -> int:
    """UTC seconds since 1970."""
    return int(time.time())  # noqa: TID251  # this module is what the rule points to
