"""The supply, by the firmware's word: under-voltage now, and since the board was switched on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning.selftest.machine import THROTTLED
from provisioning.selftest.visit import Visit, failed, passed, skipped
from sync.as_built import Check

# Bits of the firmware's answer (Raspberry Pi documentation, vcgencmd get_throttled).
_NOW: Final = {0: "under-voltage", 1: "clock held back", 2: "throttled", 3: "too hot"}
_SINCE_BOOT: Final = 16
"""The same bits, so much higher: it has happened since the board was switched on."""
CURE: Final = "give it the supply that its maker names, with a short thick cable; cool it"


def probe(visit: Visit) -> Iterator[Check]:
    """Nothing to be told on a board without such a flag."""
    told = visit.machine.text(THROTTLED)
    if told is None:
        yield skipped(
            "power", f"{visit.machine.model} has no flag for it: measure 4.8 V or more at the board"
        )
        return
    now, before = throttled(told)
    if now:
        yield failed("power", f"{', '.join(now)} at this moment: {CURE}")
    elif before:
        yield failed("power", f"{', '.join(before)} since it was switched on: {CURE}; then switch off and on")
    else:
        yield passed("power", "no under-voltage since the board was switched on")


def throttled(told: str) -> tuple[list[str], list[str]]:
    """What the flags say of this moment, and of the time since the board was switched on.

    Raises:
        OSError: the kernel tells something else than flags.
    """
    try:
        flags = int(told, 16)
    except ValueError:
        raise OSError(f"/{THROTTLED} tells {told[:20]!r}, which are no flags") from None
    now = [text for bit, text in _NOW.items() if flags >> bit & 1]
    return now, [text for bit, text in _NOW.items() if flags >> (bit + _SINCE_BOOT) & 1]
