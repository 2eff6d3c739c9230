"""One tap laid out for judging: whose grants are live, and what has ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sync.records import Grant, Record, Tombstone
from terminal.core.rules import DoorRule, Rules
from terminal.core.situation import Now, Request, Situation


class Case(NamedTuple):
    """One tap with all that its grants are judged by. A tuple, because one is made for
    every tap: as a frozen dataclass it was a quarter of the whole decision."""

    request: Request
    door: DoorRule
    rules: Rules
    situation: Situation
    now: Now
    wall: int | None
    """``now.wall``, worked out once."""
    records: Sequence[Record]
    """The credential's own records, ended grants included."""
    grants: Sequence[Grant]
    """Those that are live."""
    tombstones: Sequence[Tombstone]


def lay_out(
    request: Request, records: Sequence[Record], rules: Rules, situation: Situation, now: Now
) -> Case | None:
    """Lay a tap out; ``None`` when the list does not hold this door soundly.

    Records of other credentials are ignored. A grant ends with its tombstone; one that
    is chip-wide ends every grant of its issue.
    """
    door = rules.doors.get(request.door)
    if door is None or door.dangling:
        return None
    own = [one for one in records if one.credential == request.credential]
    tombstones = [one for one in own if isinstance(one, Tombstone)]
    grants = _live([one for one in own if isinstance(one, Grant)], tombstones)
    return Case(request, door, rules, situation, now, now.wall, own, grants, tombstones)


def _live(grants: list[Grant], tombstones: Sequence[Tombstone]) -> list[Grant]:
    if not tombstones:
        return grants
    stopped = {one.issue_id for one in tombstones if one.reason.chip_wide}
    ended = {one.grant_id for one in tombstones}
    return [one for one in grants if one.issue_id not in stopped and one.grant_id not in ended]
