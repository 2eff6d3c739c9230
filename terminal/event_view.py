"""Events as plain fields and as one line of text, for commands and for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sync.events import Event, EventKind
from sync.records import ClockState
from terminal.core.situation import LAST_UTC

Fields = dict[str, Any]


def event_fields(number: int, event: Event) -> Fields:
    """The event as JSON can carry it; what it does not have is left out."""
    fields: Fields = {
        "number": number,
        "kind": event.kind.name.lower(),
        "time": _iso(event.wall_ms),
        "boottime_ms": event.boottime_ms,
        "clock": event.clock.name.lower(),
        "door": event.door,
        "reader": event.reader,
        "direction": None if event.direction is None else (event.direction.name or "").lower(),
        "credential": None if event.credential is None else str(event.credential),
        "issue_id": event.issue_id,
        "grant_id": event.grant_id,
        "reason": None if event.reason is None else event.reason.word,
        "detail": {name: _plain(value) for name, value in event.detail.items()} or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def event_line(fields: Fields) -> str:
    """One line for a person: number, time, what, where, who, why."""
    time = fields.get("time") or f"boot+{fields['boottime_ms'] / 1000:.1f}s"
    words = [f"{fields['number']:>6}", str(time), str(fields["kind"])]
    if "reason" in fields and fields["kind"] != EventKind.TAP.name.lower():
        words.append(f"reason={fields['reason']}")
    elif "reason" in fields:
        words.append(str(fields["reason"]))
    words += [
        f"{name}={fields[name]}"
        for name in ("door", "reader", "direction", "credential", "issue_id", "grant_id")
        if name in fields
    ]
    words += [f"{name}={value}" for name, value in fields.get("detail", {}).items()]
    if fields["clock"] != ClockState.TRUSTED.name.lower():
        words.append(f"(clock {fields['clock']})")
    # What a detail brought from outside must not move the cursor of whoever reads the log.
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in "  ".join(words))


def _plain(value: int | str | bytes) -> int | str:
    return value.hex() if isinstance(value, bytes) else value


def _iso(wall_ms: int | None) -> str | None:
    if wall_ms is None or wall_ms // 1000 > LAST_UTC:
        return None
    return (
        datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
