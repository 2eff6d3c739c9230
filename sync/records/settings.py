"""The settings part of a permission list: schedules, holidays, doors, policies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import IntEnum, unique

from msgspec import Struct

from sync.records.credential import MappingRule, RecordError
from sync.records.grant import PIN_SALT_BYTES, GrantKind

MINUTES_PER_DAY = 1440
MAX_ITEMS = 256
"""Cap on schedules, doors, areas, readers; holidays and outages have their own."""
MAX_HOLIDAYS = 1024

DAY_S = 86_400


@unique
class DoorMode(IntEnum):
    """How a door treats taps."""

    NORMAL = 1
    FREE = 2
    """Unlocked for everybody."""
    LOCKDOWN = 3
    """Only grants that override lockdown open."""


class Window(Struct, frozen=True, order=True):
    """Minutes of local wall time on some weekdays; may run past midnight."""

    weekdays: int
    """Bit 0 is Monday … bit 6 is Sunday: the days on which the window starts."""
    start_minute: int
    end_minute: int
    """First minute outside; above 1440 when the window ends on the next day."""

    def __post_init__(self) -> None:
        if not 1 <= self.weekdays <= 0x7F:
            raise RecordError("window: weekdays must name at least one of seven days")
        if not 0 <= self.start_minute < MINUTES_PER_DAY:
            raise RecordError("window: start must lie within the day")
        if not self.start_minute < self.end_minute <= self.start_minute + MINUTES_PER_DAY:
            raise RecordError("window: end must follow start within 24 hours")


class Schedule(Struct, frozen=True):
    """Weekly windows, and what holidays do to them."""

    schedule_id: int
    windows: tuple[Window, ...]
    holiday_windows: tuple[tuple[int, tuple[Window, ...]], ...] = ()
    """Holiday type → the windows of such a day (an empty tuple closes it)."""
    observes_holidays: bool = True
    """Whether a holiday type without windows of its own closes the day."""

    def __post_init__(self) -> None:
        _check_ids(f"schedule {self.schedule_id}: holiday type", (kind for kind, _ in self.holiday_windows))
        if len(self.windows) > MAX_ITEMS:
            raise RecordError(f"schedule {self.schedule_id}: too many windows")


class Holiday(Struct, frozen=True, order=True):
    """A local calendar day of some holiday type."""

    day: date
    holiday_type: int = 1


@unique
class PassbackMode(IntEnum):
    """What a second entry without an exit does."""

    OFF = 1
    SOFT = 2
    """Opens and logs."""
    HARD = 3
    """Refuses, whenever the last entry was."""
    TIMED = 4
    """Refuses within ``timeout_s`` of the last entry."""


class PassbackArea(Struct, frozen=True):
    """An area within this gate that is entered and left through its doors."""

    area_id: int
    mode: PassbackMode
    timeout_s: int | None = None
    forgive_at_minute: int | None = None
    """Local minute of the day at which all positions are forgotten."""

    def __post_init__(self) -> None:
        if (self.mode is PassbackMode.TIMED) != (self.timeout_s is not None):
            raise RecordError(f"area {self.area_id}: timeout_s goes with mode timed, and only with it")
        if self.timeout_s is not None and not 1 <= self.timeout_s <= 7 * DAY_S:
            raise RecordError(f"area {self.area_id}: timeout_s is out of range")
        if self.forgive_at_minute is not None and not 0 <= self.forgive_at_minute < MINUTES_PER_DAY:
            raise RecordError(f"area {self.area_id}: forgive_at_minute must lie within the day")


class ModeWindow(Struct, frozen=True):
    """While ``schedule`` is inside its hours, the door stands in ``mode``."""

    schedule: int
    mode: DoorMode
    needs_first_card: bool = False
    """Free access starts only after a first-card grant opened in this window."""


class DoorPolicy(Struct, frozen=True):
    """What the office decides about one door (its wiring stands in the gate's config)."""

    door_id: int
    area_in: int | None = None
    """Passback area that a passage inwards enters (and outwards leaves)."""
    modes: tuple[ModeWindow, ...] = ()
    companion_within_s: int = 60
    """Time limit for the second credential (rule 15.2)."""

    def __post_init__(self) -> None:
        if not 1 <= self.companion_within_s <= 600:
            raise RecordError(f"door {self.door_id}: companion_within_s must be 1 to 600")


class KindPolicy(Struct, frozen=True):
    """How far a kind of grant is trusted without contact and without a clock."""

    kind: GrantKind
    max_list_age_s: int | None
    """Refuse ``list_too_old`` when the office has been silent longer; ``None``: never."""
    opens_without_clock: bool
    """Whether time-limited grants of this kind open while the clock is unknown."""


DEFAULT_POLICIES: tuple[KindPolicy, ...] = tuple(
    KindPolicy(kind, age, without_clock)
    for kind, age, without_clock in (
        (GrantKind.RESIDENT, None, True),
        (GrantKind.TENANT, None, True),
        (GrantKind.VEHICLE, None, True),
        (GrantKind.STAFF, None, True),
        (GrantKind.GUARD, None, True),
        (GrantKind.MERCHANT, 7 * DAY_S, False),
        (GrantKind.CONTRACTOR, DAY_S, False),
        (GrantKind.VISITOR, DAY_S, False),
        (GrantKind.RELEASE_SLIP, DAY_S, False),
        (GrantKind.TEMPORARY, None, True),
        (GrantKind.TECHNICIAN, None, False),
    )
)
"""An old list alarms; it does not lock residents out."""


@unique
class Utility(IntEnum):
    """Kind of an announced outage."""

    WATER = 1
    POWER = 2
    GAS = 3


class OutageWindow(Struct, frozen=True):
    """An announced outage: within it, mains failure is expected and no alarm (16.2)."""

    start: int
    end: int
    utility: Utility
    door_mode: DoorMode = DoorMode.NORMAL
    """The approved mode of this gate's doors during the outage."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise RecordError("outage: end must follow start")


class PinOnly(Struct, frozen=True):
    """Where a PIN opens without a card. What is typed there is looked up as a credential
    (`sync.pin.pin_credential`), so there is one salt for the whole estate."""

    salt: bytes
    doors: tuple[int, ...]

    def __repr__(self) -> str:
        return f"PinOnly(doors={self.doors})"

    def __post_init__(self) -> None:
        if len(self.salt) != PIN_SALT_BYTES or not self.doors:
            raise RecordError("pin only: needs a salt of 16 bytes, and doors")
        _check_ids("pin only: door", self.doors)


class ListSettings(Struct, frozen=True):
    """Everything in a permission list that is not a grant or a tombstone."""

    time_zone: str
    """IANA name, e.g. ``Asia/Shanghai``."""
    doors: tuple[DoorPolicy, ...]
    schedules: tuple[Schedule, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    areas: tuple[PassbackArea, ...] = ()
    interlocks: tuple[tuple[int, ...], ...] = ()
    """Groups of doors of which at most one may be open or unlocked."""
    policies: tuple[KindPolicy, ...] = DEFAULT_POLICIES
    outages: tuple[OutageWindow, ...] = ()
    mappings: tuple[tuple[int, MappingRule], ...] = ()
    """Reader id → its mapping rule; a reader not named delivers whole numbers."""
    pin_only: PinOnly | None = None

    def __post_init__(self) -> None:
        _check_ids("door", (one.door_id for one in self.doors))
        _check_ids("schedule", (one.schedule_id for one in self.schedules))
        _check_ids("area", (one.area_id for one in self.areas))
        _check_ids("reader mapping", (reader for reader, _ in self.mappings))
        if not 1 <= len(self.time_zone) <= 64:
            raise RecordError("settings: time_zone must be an IANA name")
        if len(self.holidays) > MAX_HOLIDAYS or list(self.holidays) != sorted(set(self.holidays)):
            raise RecordError(f"settings: at most {MAX_HOLIDAYS} holidays, each once, in order")
        if [one.kind for one in self.policies] != sorted(GrantKind):
            raise RecordError("settings: policies must name every grant kind once, in order")
        if len(self.outages) > MAX_ITEMS or len(self.interlocks) > MAX_ITEMS:
            raise RecordError("settings: too many outages or interlocks")


def _check_ids(what: str, ids: Iterable[int]) -> None:
    found = list(ids)
    if found != sorted(set(found)) or any(one < 1 for one in found):
        raise RecordError(f"settings: {what} ids must be positive, each once, in order")
    if len(found) > MAX_ITEMS:
        raise RecordError(f"settings: more than {MAX_ITEMS} of {what}")
