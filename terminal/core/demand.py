"""Why a passage should be open now: fire, mode, exit button, grants. Doors and barriers share it.

Each cause opens by itself, and the passage locks when the last one is gone. Lockdown
withdraws openings given before it, but neither fire nor a button that is down: fire
outranks every mode, and the exit button opens in each of them.
"""

from __future__ import annotations

from enum import Enum, unique

from msgspec import Struct
from msgspec.structs import replace

from sync.records import DoorMode
from terminal.core.signals import (
    Event,
    ExitPressed,
    ExitReleased,
    Fire,
    FireChanged,
    FireRecalled,
    FireReset,
    Granted,
    Input,
    ModeChanged,
    PassageReport,
    RemoteOpened,
    Report,
)
from terminal.core.timing import OnFire, Timing

Reports = tuple[Report, ...]


@unique
class Button(Enum):
    """The exit button."""

    UP = "up"
    DOWN = "down"
    STUCK = "stuck"


class Demand(Struct, frozen=True):
    """The causes that are in force. Times are monotonic seconds."""

    mode: DoorMode = DoorMode.NORMAL
    fire: Fire = Fire.NONE
    button: Button = Button.UP
    button_stuck_at: float | None = None
    open_until: float | None = None
    """End of the opening given by grants and the exit button."""
    waiting: int = 0
    """People let through by this opening who have not passed yet."""
    unused: bool = False
    """A grant of this opening has not been seen used."""
    by: int | None = None
    """The latest grant id of this opening."""


def is_released(demand: Demand, timing: Timing) -> bool:
    """Whether fire holds the passage open."""
    return demand.fire is not Fire.NONE and timing.on_fire is OnFire.RELEASE


def is_free(demand: Demand, timing: Timing) -> bool:
    """Whether everybody may pass: nothing can be forced, held or left unused."""
    return demand.mode is DoorMode.FREE or is_released(demand, timing)


def is_wanted(demand: Demand, timing: Timing) -> bool:
    """Whether anything wants the passage open."""
    return is_free(demand, timing) or demand.open_until is not None or demand.button is Button.DOWN


def next_deadline(demand: Demand) -> float | None:
    """When the next cause runs out by itself."""
    return earliest(demand.open_until, demand.button_stuck_at)


def earliest(*times: float | None) -> float | None:
    """The first of several optional deadlines."""
    return min((one for one in times if one is not None), default=None)


def extend(demand: Demand, until: float) -> Demand:
    """Keep open at least until then; an opening is never shortened by another one."""
    if demand.open_until is not None:
        until = max(until, demand.open_until)
    return replace(demand, open_until=until)


def passed(demand: Demand) -> Demand:
    """One of the people let through has passed."""
    return replace(demand, waiting=max(0, demand.waiting - 1), unused=False)


def close_early(demand: Demand) -> Demand:
    """End the opening if nobody is waiting to pass; others keep their time."""
    return demand if demand.waiting else replace(demand, open_until=None)


def forget_unused(demand: Demand, timing: Timing, *, untouched: bool) -> Demand:
    """``untouched``: contact or loop shows that nobody has passed; in free passage nobody can tell."""
    free = is_free(demand, timing)
    unused = demand.unused and untouched and not free
    by = None if free and demand.open_until is None else demand.by
    return replace(demand, unused=unused, by=by)


def expire(demand: Demand, now: float) -> tuple[Demand, Reports]:
    """Let run out what is due."""
    reports: Reports = ()
    if demand.button_stuck_at is not None and demand.button_stuck_at <= now:
        demand = replace(demand, button=Button.STUCK, button_stuck_at=None)
        reports = (Report(PassageReport.CONTACT_FAULT, input=Input.EXIT_BUTTON),)
    if demand.open_until is not None and demand.open_until <= now:
        demand = replace(demand, open_until=None)
    if demand.open_until is None:
        demand = replace(demand, waiting=_leaving(demand))
    return demand, reports


def apply(
    demand: Demand, event: Event, now: float, timing: Timing, *, lead_s: float = 0.0
) -> tuple[Demand, Reports]:
    """The causes after ``event``; ``lead_s`` is the time the passage needs to be open at all."""
    until = now + lead_s + timing.open_s
    match event:
        case Granted() | RemoteOpened():
            return _grant(demand, event, now + lead_s, timing), ()
        case ExitPressed() if demand.button is Button.UP:
            pressed = replace(
                extend(demand, until),
                button=Button.DOWN,
                button_stuck_at=now + timing.exit_stuck_s,
                waiting=demand.waiting + 1,
            )
            return pressed, (Report(PassageReport.EXIT_BUTTON),)
        case ExitReleased():
            return _release_button(demand, until)
        case ModeChanged(mode=mode):
            return _change_mode(demand, mode), ()
        case FireChanged() | FireRecalled() | FireReset():
            return _change_fire(demand, event, timing)
        case _:
            return demand, ()


def _grant(demand: Demand, event: Granted | RemoteOpened, start: float, timing: Timing) -> Demand:
    match event:
        case Granted(long=True, by=by):
            open_s = timing.long_open_s
        case Granted(by=by):
            open_s = timing.open_s
        case RemoteOpened():
            open_s, by = timing.open_s, None
    # The same card tapped twice is one person; else the door would stay unlocked
    # behind everybody who is impatient.
    again = by is not None and by == demand.by and demand.waiting > 0
    waiting = demand.waiting + (0 if again else 1)
    return replace(extend(demand, start + open_s), waiting=waiting, unused=True, by=by)


def _release_button(demand: Demand, until: float) -> tuple[Demand, Reports]:
    up = replace(demand, button=Button.UP, button_stuck_at=None)
    match demand.button:
        case Button.DOWN if demand.waiting:
            # Whoever leans on the button still needs the time to reach the door.
            return extend(up, until), ()
        case Button.STUCK:
            return up, (Report(PassageReport.CONTACT_RESTORED, input=Input.EXIT_BUTTON),)
        case _:
            return up, ()


def _change_mode(demand: Demand, mode: DoorMode) -> Demand:
    if mode is not DoorMode.LOCKDOWN:
        return replace(demand, mode=mode)
    return replace(demand, mode=mode, open_until=None, waiting=_leaving(demand), unused=False, by=None)


def _leaving(demand: Demand) -> int:
    """Of the people waiting, the one who still leans on the exit button."""
    return min(demand.waiting, 1) if demand.button is Button.DOWN else 0


def _change_fire(
    demand: Demand, event: FireChanged | FireRecalled | FireReset, timing: Timing
) -> tuple[Demand, Reports]:
    match event, demand.fire:
        case FireChanged(active=True), Fire.NONE | Fire.LATCHED:
            return replace(demand, fire=Fire.ACTIVE), (Report(PassageReport.FIRE),)
        case (FireChanged(active=False), Fire.ACTIVE) | (FireRecalled(), Fire.NONE) if (
            timing.fire_needs_reset
        ):
            return replace(demand, fire=Fire.LATCHED), ()
        case (FireChanged(active=False), Fire.ACTIVE) | (FireReset(), Fire.LATCHED):
            return replace(demand, fire=Fire.NONE), (Report(PassageReport.FIRE_CLEARED),)
        case _:
            return demand, ()
