"""The watcher's loop: a round a second (`office.casework.rounds`). To be imported after Django is ready."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Final

from django.db import close_old_connections

from office.casework.rounds import Memory, make_round
from office.clock import utc_now_ms
from office.site.ending import Ending

EVERY_S: Final = 1.0


def watch(ending: Ending, *, once: bool) -> int:
    """Make rounds until the end is asked for, or ``once`` until nothing is left to do; how many."""
    memory, rounds = Memory(), 0
    while not ending.asked():
        close_old_connections()  # one to a server that was lost, too
        made = make_round(datetime.fromtimestamp(utc_now_ms() / 1000, UTC), memory)
        rounds += 1
        for name, failure in made.failed.items():
            sys.stderr.write(f"office watch: {name}: {failure}\n")
        if once and not made.more:
            break
        if not made.more:
            ending.asked(within_s=EVERY_S)
    return rounds
