"""A small gate for tests of the core: two doors, an area, hours, and one Wednesday morning."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from sync.records import (
    Access,
    ClockState,
    Credential,
    Direction,
    DoorMode,
    DoorPolicy,
    Grant,
    GrantKind,
    Holiday,
    ListSettings,
    PassbackArea,
    PassbackMode,
    Pin,
    PinMatch,
    Record,
    RevocationReason,
    Schedule,
    Technology,
    Tombstone,
    Window,
)
from terminal.core.decision import Decision, decide
from terminal.core.rules import Rules, compile_rules
from terminal.core.situation import Now, PinEntry, Request, Situation

SHANGHAI = ZoneInfo("Asia/Shanghai")
CARD = Credential(Technology.ISO14443A, bytes.fromhex("04a1b2c3d4e5f6"))
OTHER_CARD = Credential(Technology.ISO14443A, bytes.fromhex("cafe0001"))

FRONT, YARD, LOOSE, NOWHERE = 1, 2, 3, 99
"""A plain door, a door into hard-passback area 7, one whose area dangles, and none."""
OFFICE_HOURS, NIGHT, MISSING = 1, 2, 99

EVERY_DAY = 0x7F
WEEKDAYS = 0x1F
PIN = Pin(bytes(16), bytes(32), bytes(32))
"""Its digests are nobody's: what was typed comes to the core as `PinMatch`."""


def typed(match: PinMatch, *, blocked: bool = False) -> PinEntry:
    """Digits that are to PIN what ``match`` says."""
    return PinEntry({PIN: match}, blocked)


def utc(local: str, zone: ZoneInfo = SHANGHAI, *, fold: int = 0) -> int:
    """UTC seconds of a local time in ISO format."""
    return int(datetime.fromisoformat(local).replace(tzinfo=zone, fold=fold).timestamp())


def at(local: str, zone: ZoneInfo = SHANGHAI) -> Now:
    """A trusted clock that shows ``local``."""
    return Now(1000.0, utc(local, zone), 0, ClockState.TRUSTED)


NOW = at("2025-06-18T10:00")
FLOOR = utc("2025-06-18T09:00")
UNKNOWN = Now(1000.0, None, FLOOR, ClockState.UNKNOWN)

SETTINGS = ListSettings(
    time_zone="Asia/Shanghai",
    doors=(DoorPolicy(FRONT), DoorPolicy(YARD, area_in=7), DoorPolicy(LOOSE, area_in=MISSING)),
    schedules=(
        Schedule(OFFICE_HOURS, (Window(WEEKDAYS, 8 * 60, 18 * 60),)),
        Schedule(NIGHT, (Window(EVERY_DAY, 22 * 60, 30 * 60),), observes_holidays=False),
    ),
    holidays=(Holiday(date(2025, 10, 1)),),
    areas=(PassbackArea(7, PassbackMode.HARD),),
)
CALM = Situation(DoorMode.NORMAL, list_age_s=60)


def rules(**changes: Any) -> Rules:  # any fields
    """The gate's rules with some settings changed."""
    return compile_rules(replace(SETTINGS, **changes), SHANGHAI)


RULES = rules()


def grant(grant_id: int = 1, **changes: Any) -> Grant:  # any fields
    """A resident's grant of CARD at FRONT and YARD, changed as told."""
    fields: dict[str, Any] = {
        "issue_id": 100,
        "credential": CARD,
        "kind": GrantKind.RESIDENT,
        "access": (Access(FRONT), Access(YARD)),
    }
    return Grant(grant_id=grant_id, **(fields | changes))


def tombstone(grant_id: int = 1, **changes: Any) -> Tombstone:  # any fields
    """A lost-card tombstone of CARD, changed as told."""
    fields: dict[str, Any] = {
        "issue_id": 100,
        "credential": CARD,
        "reason": RevocationReason.LOST,
        "since": FLOOR,
    }
    return Tombstone(grant_id=grant_id, **(fields | changes))


def tap(door: int = FRONT, direction: Direction = Direction.IN, **changes: Any) -> Request:  # any fields
    """CARD is held to a reader."""
    return Request(CARD, door, direction, **changes)


def decided(
    *records: Record,
    request: Request | None = None,
    rules: Rules = RULES,
    situation: Situation = CALM,
    now: Now = NOW,
) -> Decision:
    """The decision on a tap, by default of CARD at FRONT on a calm Wednesday morning."""
    return decide(request or tap(), records, rules, situation, now)
