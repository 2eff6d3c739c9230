"""In which mode a door stands, why, and until when.

The first that applies (fire is not here: it outranks every mode in the door machine)

1. lockdown by command; the shell keeps it over restarts
2. free access by command; it ends with a restart
3. lockdown by schedule
4. an outage whose approved mode is lockdown, else free; an outage approved as normal
   changes nothing
5. free access by schedule; a window that needs its first card is free only after a
   card that may start it has opened in this very window
6. normal

Without wall time nobody knows whether a window runs: commands alone count.
"""

from __future__ import annotations

from enum import Enum, unique

from msgspec import Struct

from sync.records import DoorMode
from terminal.core.rules import ModeRule, Rules
from terminal.core.schedule import LOOK_AHEAD_S, Hours, inside, next_boundary
from terminal.core.situation import Now


@unique
class ModeCause(Enum):
    """What put a door in its mode."""

    COMMAND = "command"
    SCHEDULE = "schedule"
    OUTAGE = "outage"
    DEFAULT = "default"


class Commanded(Struct, frozen=True):
    """Modes commanded at a door and not lifted. Lockdown outranks, it does not erase."""

    lockdown: bool = False
    free: bool = False


class DoorState(Struct, frozen=True):
    """The mode of one door now."""

    mode: DoorMode
    cause: ModeCause
    ask_again: int | None
    """UTC second by which the answer may have changed; ``None`` without wall time: ask
    when the clock becomes known."""
    awaits_first_card: bool = False
    """A free-access window runs and waits for a card that may start it."""


def door_mode(
    door: int, rules: Rules, commanded: Commanded, first_card_utc: int | None, now: Now
) -> DoorState:
    """The mode of ``door`` now. ``first_card_utc``: when a card last started free access
    there, in UTC seconds. An unknown door stands in normal (and refuses every tap)."""
    rule = rules.doors.get(door)
    windows = () if rule is None else rule.modes
    wall = now.wall
    ask_again = None if wall is None else _next_change(windows, rules, wall)
    if commanded.lockdown:
        return DoorState(DoorMode.LOCKDOWN, ModeCause.COMMAND, ask_again)
    if commanded.free:
        return DoorState(DoorMode.FREE, ModeCause.COMMAND, ask_again)
    if wall is None:
        return DoorState(DoorMode.NORMAL, ModeCause.DEFAULT, ask_again)
    running = [one for one in windows if _runs(one, rules, wall)]
    free = [one for one in running if one.mode is DoorMode.FREE]
    is_free = any(not one.needs_first_card or _started(one, rules, first_card_utc, wall) for one in free)
    approved = {one.door_mode for one in rules.outages if one.start <= wall < one.end}
    for mode, cause, applies in (
        (DoorMode.LOCKDOWN, ModeCause.SCHEDULE, any(one.mode is DoorMode.LOCKDOWN for one in running)),
        (DoorMode.LOCKDOWN, ModeCause.OUTAGE, DoorMode.LOCKDOWN in approved),
        (DoorMode.FREE, ModeCause.OUTAGE, DoorMode.FREE in approved),
        (DoorMode.FREE, ModeCause.SCHEDULE, is_free),
    ):
        if applies:
            return DoorState(mode, cause, ask_again)
    return DoorState(DoorMode.NORMAL, ModeCause.DEFAULT, ask_again, awaits_first_card=bool(free))


def _runs(window: ModeRule, rules: Rules, wall: int) -> bool:
    return inside(window.plan, rules.holidays, wall, rules.zone) is Hours.INSIDE


def _started(window: ModeRule, rules: Rules, first_card_utc: int | None, wall: int) -> bool:
    """Whether the first card came in the window that runs now (and has not ended since).

    A window that runs on for longer than the look-ahead asks for a card anew.
    """
    if first_card_utc is None or not 0 <= first_card_utc <= wall < first_card_utc + LOOK_AHEAD_S:
        return False
    if not _runs(window, rules, first_card_utc):
        return False
    end = next_boundary(window.plan, rules.holidays, first_card_utc, rules.zone)
    return end is None or wall < end


def _next_change(windows: tuple[ModeRule, ...], rules: Rules, wall: int) -> int:
    """The next second at which a window or an outage starts or ends, at most a look-ahead away."""
    changes = [wall + LOOK_AHEAD_S]
    for window in windows:
        boundary = next_boundary(window.plan, rules.holidays, wall, rules.zone)
        if boundary is not None:
            changes.append(boundary)
    changes += [edge for one in rules.outages for edge in (one.start, one.end) if edge > wall]
    return min(changes)
