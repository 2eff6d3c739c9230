"""Anti-passback within one gate: nobody enters an area twice without leaving it.

* Passing a door with ``area_in`` inwards enters the area, outwards leaves it. A reader
  that cannot tell the direction neither moves nor judges anybody.
* Positions are kept per grant, but the latest position of *any* grant of the issue
  counts, ended ones included: a second grant is no way round.
* An unknown position is always forgiven; lost state forgives once.
* Leaving is never refused: nobody is kept inside. Leaving without having entered is a
  breach that is noted (modes soft and hard).
* The age of a position is measured on the monotonic clock when it is from this boot,
  for that clock never steps; else by UTC, when then and now are known. A position
  whose age nobody can tell does not refuse where age matters (timed mode, daily
  forgiveness); where age does not matter (hard without forgiveness) it still does.
* The area's daily forgiveness forgets positions older than its last local minute. A
  minute that daylight saving skips comes later by as much (02:30 as 03:30). Without
  wall time a position is forgotten once a whole longest day has passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo
from enum import Enum, unique
from typing import Final

from msgspec import Struct

from sync.records import Direction, PassbackArea, PassbackMode
from terminal.core.situation import Now, Position

LONGEST_DAY_S: Final = 25 * 3600
"""A day on which daylight saving ends: any minute of the day comes within it."""


@unique
class Passage(Enum):
    """What anti-passback says about one passage."""

    CLEAR = "clear"
    NOTED = "noted"
    """A breach that opens and is logged."""
    REFUSED = "refused"


class Move(Struct, frozen=True):
    """The position to record for the grant that opened."""

    area_id: int
    inside: bool


def judge(
    area: PassbackArea, direction: Direction, positions: Iterable[Position], zone: tzinfo, now: Now
) -> Passage:
    """Judge a passage by the known positions of all grants of one issue."""
    if area.mode is PassbackMode.OFF:
        return Passage.CLEAR
    latest = max(positions, key=lambda one: one.order, default=None)
    if latest is None or _forgotten(area, latest, zone, now):
        return Passage.CLEAR
    if direction == Direction.IN and latest.inside:
        return _second_entry(area, latest, now)
    if direction == Direction.OUT and not latest.inside and area.mode is not PassbackMode.TIMED:
        return Passage.NOTED
    return Passage.CLEAR


def move(area: PassbackArea, direction: Direction) -> Move | None:
    """The move a passage makes; ``None`` when the area keeps no positions."""
    if area.mode is PassbackMode.OFF or direction not in (Direction.IN, Direction.OUT):
        return None
    return Move(area.area_id, inside=direction == Direction.IN)


def is_binding(area: PassbackArea, made: Move) -> bool:
    """Whether a later tap is refused by this move: it must be durable before the relay
    moves. Only entries are; leaving never waits for the disk."""
    return made.inside and area.mode in (PassbackMode.HARD, PassbackMode.TIMED)


def last_forgiveness(minute: int, wall: int, zone: tzinfo) -> int:
    """UTC second of the latest local ``minute`` of the day at or before ``wall``."""
    today = datetime.fromtimestamp(wall, zone).date()
    for days in range(3):  # the third is for a day that a date-line jump left out
        day = today - timedelta(days=days)
        instant = datetime.combine(day, time(minute // 60, minute % 60), zone).timestamp()
        if instant <= wall:
            return int(instant)
    return wall - LONGEST_DAY_S


def _second_entry(area: PassbackArea, entry: Position, now: Now) -> Passage:
    if area.mode is PassbackMode.SOFT:
        return Passage.NOTED
    if area.timeout_s is None:
        return Passage.REFUSED
    age_s = _age_s(entry, now)
    return Passage.REFUSED if age_s is not None and age_s < area.timeout_s else Passage.CLEAR


def _forgotten(area: PassbackArea, position: Position, zone: tzinfo, now: Now) -> bool:
    if area.forgive_at_minute is None:
        return False
    age_s = _age_s(position, now)
    if age_s is None:
        return True
    if now.wall is None:
        return age_s >= LONGEST_DAY_S
    return now.wall - age_s < last_forgiveness(area.forgive_at_minute, now.wall, zone)


def _age_s(position: Position, now: Now) -> float | None:
    """Seconds since the move; ``None`` when no clock can tell."""
    age_s: float | None = None
    if position.monotonic is not None:
        age_s = now.monotonic - position.monotonic
    elif position.utc is not None and now.wall is not None:
        age_s = now.wall - position.utc
    return age_s if age_s is not None and age_s >= 0 else None
