"""How readers with lamps of their own show each signal unless the configuration says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drivers.indicator import RHYTHMS, Pattern, Signal, pattern_of

PATTERNS: Final[Mapping[Signal, Pattern]] = {one: pattern_of(one, rhythm) for one, rhythm in RHYTHMS.items()}
