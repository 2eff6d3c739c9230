"""What happens at a passage (events) and what it asks for in return (effects).

Doors and barriers share these words. Gates import them from `terminal.core.passage`.
"""

from __future__ import annotations

from enum import Enum, unique

from msgspec import Struct

from sync.records import DoorMode


@unique
class Contact(Enum):
    """The door contact; at a barrier, the contact that makes when the boom is fully down."""

    CLOSED = "closed"
    OPEN = "open"
    FAULT = "fault"
    """The line is cut or shorted: the position is unknown."""
    ABSENT = "absent"
    """None is fitted: no held, forced or not-used can be told."""


@unique
class Loop(Enum):
    """The clearance loop (or light barrier) under a boom. A barrier always has one."""

    CLEAR = "clear"
    OCCUPIED = "occupied"
    FAULT = "fault"
    """Treated as occupied: a boom never closes on what it cannot see."""


@unique
class Fire(Enum):
    """The fire input with its memory."""

    NONE = "none"
    ACTIVE = "active"
    LATCHED = "latched"
    """The input is quiet again, but the release waits for a reset (`fire_needs_reset`)."""


class Inputs(Struct, frozen=True):
    """The inputs as they read at start. A button that is down then is told by `ExitPressed`."""

    contact: Contact
    fire: Fire = Fire.NONE
    """The level, or `Fire.LATCHED` where an earlier release still waits for its reset."""
    loop: Loop = Loop.FAULT
    """A barrier that is not told its loop never closes; a door has none."""


@unique
class Alarm(Enum):
    """What the buzzer of a passage has to say."""

    NONE = "none"
    HELD_SOON = "held_soon"
    HELD = "held"
    FORCED = "forced"


@unique
class Input(Enum):
    """Which input a fault report speaks of."""

    CONTACT = "contact"
    LOOP = "loop"
    EXIT_BUTTON = "exit_button"


@unique
class Output(Enum):
    """The command outputs of a barrier."""

    OPEN = "open"
    STOP = "stop"
    CLOSE = "close"


@unique
class PassageReport(Enum):
    """Kinds of report; names are those of `sync.events.EventKind` (a test compares them)."""

    DOOR_OPENED = "door_opened"
    DOOR_CLOSED = "door_closed"
    DOOR_FORCED = "door_forced"
    DOOR_FORCED_ENDED = "door_forced_ended"
    DOOR_HELD_SOON = "door_held_soon"
    DOOR_HELD = "door_held"
    DOOR_HELD_ENDED = "door_held_ended"
    DOOR_NOT_USED = "door_not_used"
    EXIT_BUTTON = "exit_button"
    FIRE = "fire"
    FIRE_CLEARED = "fire_cleared"
    CONTACT_FAULT = "contact_fault"
    """An input cannot be believed; the report's ``input`` says which."""
    CONTACT_RESTORED = "contact_restored"
    BARRIER_BLOCKED = "barrier_blocked"


class Granted(Struct, frozen=True):
    """A decision opens: one person (or vehicle) may pass."""

    long: bool = False
    """The holder needs the longer opening time."""
    by: int | None = None
    """Grant id, handed back in the reports of this opening."""


class RemoteOpened(Struct, frozen=True):
    """An operator opens; who and why is recorded by whoever sends this."""


class ExitPressed(Struct, frozen=True):
    """The exit button went down."""


class ExitReleased(Struct, frozen=True):
    """The exit button came up."""


class ContactChanged(Struct, frozen=True):
    """The contact reads differently now."""

    contact: Contact


class LoopChanged(Struct, frozen=True):
    """The clearance loop reads differently now; a door ignores it."""

    loop: Loop


class FireChanged(Struct, frozen=True):
    """The fire input changed. Whether an open circuit means fire is wiring, told by the sender."""

    active: bool


class FireRecalled(Struct, frozen=True):
    """It turns out that fire released the passage before the start; counts where that waits for a reset."""


class FireReset(Struct, frozen=True):
    """Somebody with rights ends a latched fire release; no effect while fire is active."""


class ModeChanged(Struct, frozen=True):
    """A command or a schedule puts the passage into another mode."""

    mode: DoorMode


class TimePassed(Struct, frozen=True):
    """Nothing but time: sent when `next_deadline` is reached."""


Event = (
    Granted
    | RemoteOpened
    | ExitPressed
    | ExitReleased
    | ContactChanged
    | LoopChanged
    | FireChanged
    | FireRecalled
    | FireReset
    | ModeChanged
    | TimePassed
)


class Lock(Struct, frozen=True):
    """Put the strike or magnet into this state; how a relay does that is wiring."""

    unlocked: bool


class Drive(Struct, frozen=True):
    """Switch one command output of a barrier; at most one is on at a time."""

    output: Output
    on: bool


class Report(Struct, frozen=True):
    """Something for the usage log."""

    kind: PassageReport
    by: int | None = None
    """The latest grant of this opening, where there is one."""
    input: Input | None = None


class ShowAlarm(Struct, frozen=True):
    """The buzzer's new state; `Alarm.NONE` silences it."""

    alarm: Alarm


Effect = Lock | Drive | Report | ShowAlarm
