"""A usage log with everything passed in, for the tests of the log and its writer."""

from __future__ import annotations

import itertools
from pathlib import Path

from sync.events import Detail, Event, EventKind
from sync.records import ClockState
from terminal.stores.access_state import Spend, StateChange
from terminal.stores.files import Checkpoint, pass_by
from terminal.stores.usage_log import Entry, Limits, UsageLog
from terminal.stores.usage_opening import Founding, open_usage_log

BOOT = bytes(range(16))
DAY_S = 86_400


def stamp(kind: EventKind, detail: dict[str, Detail]) -> Event:
    return Event(kind, BOOT, 1_000, 1_793_500_000_000, ClockState.TRUSTED, detail=detail)


def tap(grant_id: int = 7) -> Event:
    return Event(EventKind.TAP, BOOT, 1_000, None, ClockState.UNKNOWN, door=1, grant_id=grant_id)


def plain(grant_id: int = 7) -> Entry:
    return Entry(tap(grant_id))


def spending(grant_id: int, limit: int, uses: int = 1) -> Entry:
    return Entry(tap(grant_id), StateChange(spends=(Spend(grant_id, limit, uses),)))


def founding(*, first_epoch: int = 1) -> Founding:
    epochs = itertools.count(first_epoch)
    return Founding(lambda: next(epochs).to_bytes(16, "big"), stamp)


def open_log(
    directory: Path,
    *,
    first_epoch: int = 1,
    limits: Limits | None = None,
    checkpoint: Checkpoint = pass_by,
) -> UsageLog:
    return open_usage_log(directory, founding(first_epoch=first_epoch), limits=limits, checkpoint=checkpoint)


def kinds(log: UsageLog) -> list[EventKind]:
    return [one.content.kind for one in log.read_after(0, 1000) if isinstance(one.content, Event)]
