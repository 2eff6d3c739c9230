"""What a gate's page is made of."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sync.events import Event, EventKind
from sync.records import ClockState, Credential, Direction, Reason, Technology
from terminal.agent.facts import Sources
from terminal.clock import Judged
from terminal.core.situation import Now
from tests.support.estate import NOW

CARD = Credential(Technology.ISO14443A, bytes.fromhex("04a1b2c3"))


TAP = Event(
    EventKind.TAP,
    b"b" * 16,
    5_000,
    NOW * 1000,
    ClockState.TRUSTED,
    1,
    2,
    Direction.IN,
    CARD,
    2042,
    1042,
    Reason.WRONG_DOOR,
    {"companion": CARD.key, "why": "Mr. Somebody", "operator": "17"},
)


STATUS: dict[str, Any] = {
    "status": "2 doors, 1 reader, list 1.4, clock trusted",
    "doors": {
        "main": {"state": "closed", "mode": "normal", "contact": "closed", "fire": False, "alarm": "none"},
        "side": {"state": "open", "mode": "normal", "contact": "open", "fire": True, "alarm": "forced"},
    },
    "readers": {"in": {"ok": False, "cause": "the cable <b>is</b> cut"}},
    "inputs": {"mains": True},
    "log": {"running": True, "lost": 0, "last_error": ""},
    "list": {"version": "1.4", "issued_at": NOW, "age_s": 7_200, "stands_in": False, "fault": ""},
    "maintenance": {"open": True, "left_s": 1_800},
}


async def no_news() -> None:
    """The gate is as it was."""


SOURCES = Sources(
    name="North <gate>",
    software="gatehouse 0.1.0",
    link_kind="serial",
    link=lambda: "connected",
    line=lambda: {"frames": 900, "garbled": 3},
    gate=lambda: STATUS,
    refresh=no_news,
    judged=lambda: Judged(Now(1.0, NOW, NOW, ClockState.TRUSTED), 1_000, NOW * 1000),
    refused=lambda: {"rollback": 2},
    standing=lambda: "provisional",
    events=lambda count: [(number, replace(TAP, boottime_ms=number)) for number in range(1, count + 1)],
)
