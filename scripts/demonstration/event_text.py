"""Events as a person at the gate would tell them: one aligned line each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from msgspec import Struct

from scripts.demonstration.cards import role_of
from sync.events import EventKind
from sync.records import Reason
from terminal.config import Config

Fields = Mapping[str, Any]


class Names(Struct, frozen=True):
    """What the numbers in events stand for at this gate."""

    gate: str
    doors: Mapping[int, str]
    zone: tzinfo

    @classmethod
    def of(cls, config: Config, zone: tzinfo) -> Names:
        """The names in a gate's configuration."""
        doors = {one.settings.id: name for name, one in config.doors.items()}
        return cls(config.gate.name, doors, zone)


def event_text(fields: Fields, names: Names) -> str:
    """Number, local time, what, where, whose card, why."""
    what = str(fields["kind"]).replace("_", " ")
    if fields["kind"] == EventKind.TAP.name.lower():
        what = "GRANTED" if Reason[fields["reason"].upper()].granted else "refused"
    place = names.doors.get(fields.get("door", 0), "")
    time = _time(fields, names.zone)
    return f"{fields['number']:>3} {time:<12} {what:<19} {place:<10} {_about(fields)}".rstrip()


def _time(fields: Fields, zone: tzinfo) -> str:
    if "time" not in fields:
        return f"+{fields['boottime_ms'] / 1000:.1f} s"
    local = datetime.fromisoformat(fields["time"]).astimezone(zone)
    return local.time().isoformat("milliseconds")


def _about(fields: Fields) -> str:
    words = []
    detail = dict(fields.get("detail", {}))
    if "credential" in fields:
        words.append(role_of(fields["credential"]))
    if "reason" in fields and fields["reason"] != Reason.GRANTED.word:
        words.append(str(fields["reason"]))
    if detail.pop("companion", None) is not None:
        words.append("second card shown")
    words += [f"{name}={value}" for name, value in detail.items()]
    return ", ".join(words)
