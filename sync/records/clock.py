"""How far a clock can be believed."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class ClockState(IntEnum):
    """How far wall time can be believed; the value is its number on the wire."""

    TRUSTED = 1
    """From a time anchor the office signed during this boot."""
    SUSPECT = 2
    """The system clock, not before the floor, unconfirmed."""
    UNKNOWN = 3
    """No wall time: only the boot clock orders events."""
