"""The office's side of the list format: what to sign so that a gate gets to a list.

Both return statements, not envelopes: a braked proposal waits unsigned (`sync.envelope.seal`
signs). Times are UTC seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from sync.content import MemoryContent
from sync.delta import Put, Remove, ReplaceSettings, Revoke, Step, apply_steps, encode_delta
from sync.encoding import decode_record
from sync.envelope import ListStatement, UpdateKind
from sync.records import Grant, Tombstone
from sync.snapshot import encode_content
from sync.update import ListVersion, StoredRecord


class Destination(Struct, frozen=True):
    """The gate a list is for."""

    estate_id: bytes
    gate_id: int


def snapshot(
    destination: Destination, content: MemoryContent, version: ListVersion, *, issued_at: int
) -> ListStatement:
    """The statement of a whole list."""
    return ListStatement(
        destination.estate_id,
        destination.gate_id,
        version,
        0,
        issued_at,
        UpdateKind.SNAPSHOT,
        content.digest(estate_id=destination.estate_id, gate_id=destination.gate_id, version=version),
        encode_content(content.settings(), content.records()),
    )


def delta(
    destination: Destination,
    before: tuple[ListVersion, MemoryContent],
    steps: Sequence[Step],
    *,
    issued_at: int,
) -> tuple[ListStatement, MemoryContent]:
    """The statement of the next revision after ``before``, and the content it leads to.

    Raises:
        CodecError: a step does not fit the list, or there are too many of them.
    """
    base, content = before
    version = ListVersion(base.epoch, base.revision + 1)
    after = content_after(content, steps)
    statement = ListStatement(
        destination.estate_id,
        destination.gate_id,
        version,
        base.revision,
        issued_at,
        UpdateKind.DELTA,
        after.digest(estate_id=destination.estate_id, gate_id=destination.gate_id, version=version),
        encode_delta(steps),
    )
    return statement, after


def content_after(before: MemoryContent, steps: Sequence[Step]) -> MemoryContent:
    """The list that ``steps`` lead to; raises ``CodecError`` if one does not fit."""
    change = apply_steps(steps, before)
    records = {(one.key, one.grant_id): one for one in before.records()}
    for gone in change.removed:
        del records[gone]
    records.update({(one.key, one.grant_id): one for one in change.puts})
    return MemoryContent(before.settings() if change.settings is None else change.settings, records.values())


def steps_between(before: MemoryContent, after: MemoryContent) -> tuple[Step, ...]:
    """The smallest steps from one list to another; none if they are the same."""
    old = {(one.key, one.grant_id): one for one in before.records()}
    new = {(one.key, one.grant_id): one for one in after.records()}
    steps: list[Step] = [Remove(*gone) for gone in old.keys() - new.keys()]
    steps += [_step(old.get(name), one) for name, one in new.items() if old.get(name) != one]
    steps.sort(key=lambda one: (one.record.key, one.record.grant_id) if isinstance(one, Put) else _name(one))
    if before.settings() != after.settings():
        steps.append(ReplaceSettings(after.settings()))
    return tuple(steps)


def _step(old: StoredRecord | None, new: StoredRecord) -> Step:
    if old is not None:
        match decode_record(old), decode_record(new):
            case Grant(issue_id=before), Tombstone(issue_id=after) as end if before == after:
                return Revoke(new.key, new.grant_id, end.reason, end.since)
    return Put(new)


def _name(step: Step) -> tuple[bytes, int]:
    return (step.key, step.grant_id) if isinstance(step, Revoke | Remove) else (b"", 0)
