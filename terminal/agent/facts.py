"""Everything a technician wants to see of a gate, as plain fields: no card, no person, no key."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from sync.events import Event, EventKind
from terminal.clock import Judged

EVENTS_SHOWN: Final = 20
FRESH_WITHIN_S: Final = 1.0
"""A gate answers within milliseconds."""
SAFE_DETAILS: Final = frozenset(
    {
        "active",
        "cause",
        "count",
        "input",
        "kind",
        "maintenance",
        "mode",
        "ordered",
        "seconds",
        "state",
        "version",
    }
)
"""What may be shown of an event; operators, slips, reasons typed by people and second cards may not."""

Fields = dict[str, Any]


class Sources(Struct, frozen=True):
    """Where the facts come from, asked anew each time."""

    name: str
    software: str
    link_kind: str
    link: Callable[[], str]
    line: Callable[[], Mapping[str, Any] | None]
    """Counters of the serial pair."""
    gate: Callable[[], Mapping[str, Any]]
    """The gate process's last answer to ``status``; empty while it is away."""
    refresh: Callable[[], Awaitable[None]]
    """Have that answer made anew."""
    judged: Callable[[], Judged]
    refused: Callable[[], Mapping[str, int]]
    standing: Callable[[], str]
    """What the office has not confirmed yet; empty once this gate is a gate of the estate."""
    events: Callable[[int], Sequence[tuple[int, Event]]]
    """The newest events with their numbers, oldest first."""


async def fresh_facts(sources: Sources) -> Fields:
    """How the gate stands at this moment; of one that does not answer, how it stood."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FRESH_WITHIN_S):
            await sources.refresh()
    return facts(sources)


def facts(sources: Sources) -> Fields:
    """How the gate stands, by what is known of it."""
    gate, judged = sources.gate(), sources.judged()
    return {
        "name": sources.name,
        "software": sources.software,
        "clock": {"state": judged.now.clock.name.lower(), "utc": judged.now.utc},
        "gate": {
            "running": bool(gate),
            "status": str(gate.get("status", "the gate process does not run")),
            "maintenance_s": gate.get("maintenance", {}).get("left_s", 0),
            "doors": gate.get("doors", {}),
            "readers": gate.get("readers", {}),
            "inputs": gate.get("inputs", {}),
            "log": gate.get("log", {}),
        },
        "list": _list(gate.get("list")),
        "link": {"kind": sources.link_kind, "state": sources.link()},
        "line": sources.line(),
        "refused": dict(sources.refused()),
        "standing": sources.standing(),
        "events": [
            shown(number, event)
            for number, event in sources.events(EVENTS_SHOWN)
            # A silent alarm: who forces somebody may look over a shoulder.
            if event.kind is not EventKind.DURESS
        ],
    }


def shown(number: int, event: Event) -> Fields:
    """One event without whom it was about."""
    at = None if event.wall_ms is None else utc_text(event.wall_ms // 1000)
    fields: Fields = {
        "number": number,
        "time": at or f"boot + {event.boottime_ms / 1000:.0f} s",
        "kind": event.kind.name.lower(),
        "door": event.door,
        "reader": event.reader,
        "reason": None if event.reason is None else event.reason.word,
        "detail": {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in event.detail.items()
            if name in SAFE_DETAILS
        },
    }
    return {name: value for name, value in fields.items() if value not in (None, {})}


def utc_text(second: int) -> str | None:
    """A UTC second as people read it; ``None`` for one that no calendar has."""
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return None


def _list(listed: Mapping[str, Any] | None) -> Fields:
    if listed is None:
        return {"version": None}
    return {name: listed.get(name) for name in ("version", "issued_at", "age_s", "stands_in", "fault")}
