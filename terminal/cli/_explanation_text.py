"""An explanation as fields and as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from sync.records import Credential, Direction, DoorMode, Grant, Schedule, Tombstone
from terminal.cli._answer import Fields
from terminal.cli._words import REASONS, local_text, schedule_text
from terminal.core.decision import Decision
from terminal.explanation import Explanation, Verdict


def as_fields(door: str, explained: Explanation) -> Fields:
    """One answer, for programs."""
    decision = explained.decision
    return {
        "door": door,
        "direction": _way(explained.request.direction),
        "credential": str(explained.request.credential),
        "opens": decision.granted,
        "reason": decision.reason.word,
        "grant_id": decision.grant_id,
        "issue_id": decision.issue_id,
        "uses_left_after": decision.uses_left_after,
        "mode": explained.mode.mode.name.lower(),
        "mode_cause": explained.mode.cause.value,
        "list_age_s": explained.list_age_s,
        "records": [_record_fields(one) for one in explained.verdicts],
    }


def as_lines(
    chip: Credential,
    version: str | None,
    zone: tzinfo,
    schedules: Sequence[Schedule],
    explained: Sequence[tuple[str, Explanation]],
) -> Iterator[str]:
    """All answers, for people; times on the wall clock of ``zone``."""
    named = {one.schedule_id: schedule_text(one) for one in schedules}
    first = explained[0][1]
    wall = first.now.wall
    at = "at a time nobody knows" if wall is None else f"at {local_text(wall, zone)} ({zone})"
    least = "at least " if wall is None else ""
    age = "" if first.list_age_s is None else f", {least}{first.list_age_s / 86_400:.1f} days old then"
    yield f"card {chip}, {at}"
    yield "there is no list that can be used" if version is None else f"list {version}{age}"
    for door, one in explained:
        reason = one.decision.reason
        yield f"{door}, {_way(one.request.direction)}: {REASONS[reason]} ({reason.word})"
        yield from (f"    {fact}" for fact in _facts(one, zone, named))


def _facts(explained: Explanation, zone: tzinfo, schedules: Mapping[int, str]) -> Iterator[str]:
    if explained.mode.mode is not DoorMode.NORMAL:
        yield f"the door stands in {explained.mode.mode.name.lower()} by {explained.mode.cause.value}"
    if explained.mode.awaits_first_card:
        yield "free access waits for its first card"
    if not explained.door_known:
        yield f"the list does not know door {explained.request.door}"
    for one in explained.dangling:
        yield f"the door's settings refer to what the list does not have: {one}"
    if explained.interlocked_with:
        doors = ", ".join(map(str, sorted(explained.interlocked_with)))
        yield f"interlocked with doors {doors}, taken to be closed"
    for verdict in explained.verdicts:
        yield f"{_about(verdict, zone, schedules)}: {verdict.reason.word}"
    yield from _consequences(explained.decision)


def _consequences(decision: Decision) -> Iterator[str]:
    if decision.uses_left_after is not None:
        yield f"spends a use, {decision.uses_left_after} left after it"
    if decision.passback_breach:
        yield "breaks anti-passback, which only logs here"
    if decision.long_opening:
        yield "opens for longer"
    if decision.needs:
        kinds = ", ".join(sorted(one.name.lower() for one in decision.needs))
        yield f"a card of one of these must follow: {kinds}"


def _about(verdict: Verdict, zone: tzinfo, schedules: Mapping[int, str]) -> str:
    record = verdict.record
    if isinstance(record, Tombstone):
        since, why = local_text(record.since, zone), record.reason.name.lower()
        return f"grant {record.grant_id} of issue {record.issue_id} ended on {since} ({why})"
    spent = () if record.uses is None else (f"{verdict.spent} of {record.uses} uses spent",)
    return ", ".join([*_grant(record, zone, schedules), *spent])


def _grant(grant: Grant, zone: tzinfo, schedules: Mapping[int, str]) -> Iterator[str]:
    yield f"grant {grant.grant_id} of issue {grant.issue_id}"
    yield grant.kind.name.lower()
    yield "doors " + " ".join(f"{one.door}:{_way(one.directions)}" for one in grant.access)
    if grant.schedule is not None:
        hours = schedules.get(grant.schedule, "which the list does not have")
        yield f"schedule {grant.schedule} ({hours})"
    if grant.valid_from is not None:
        yield f"from {local_text(grant.valid_from, zone)}"
    if grant.valid_until is not None:
        yield f"until {local_text(grant.valid_until, zone)}"
    if grant.companion:
        yield f"with a card of {' or '.join(sorted(one.name.lower() for one in grant.companion))}"
    if grant.pin is not None:
        yield "with PIN"
    for flag in ("passback_exempt", "first_card", "overrides_lockdown"):
        if getattr(grant, flag):
            yield flag.replace("_", " ")


def _record_fields(verdict: Verdict) -> Fields:
    record = verdict.record
    fields: Fields = {
        "grant_id": record.grant_id,
        "issue_id": record.issue_id,
        "reason": verdict.reason.word,
    }
    if isinstance(record, Tombstone):
        return {**fields, "ended": record.reason.name.lower(), "since": record.since}
    return {
        **fields,
        "kind": record.kind.name.lower(),
        "schedule": record.schedule,
        "valid_from": record.valid_from,
        "valid_until": record.valid_until,
        "uses": record.uses,
        "spent": verdict.spent,
    }


def _way(direction: Direction) -> str:
    return "both" if direction == Direction.BOTH else str(direction.name).lower()
