"""What a change of a gate's list comes to, in the words of a report: for whoever signs it."""

from __future__ import annotations

from collections.abc import Sequence

from office.report import Report
from sync.codec import CodecError
from sync.delta import Put, Remove, ReplaceSettings, Revoke, Step, decode_delta
from sync.encoding import decode_record
from sync.envelope import ListStatement, UpdateKind
from sync.records import Tombstone
from sync.refusal import MalformedError
from sync.snapshot import decode_content


def told_of_steps(steps: Sequence[Step]) -> Report:
    """Which grants end, go and come, and whether the settings change."""
    puts = [decode_record(one.record) for one in steps if isinstance(one, Put)]
    ended = [one.grant_id for one in steps if isinstance(one, Revoke)]
    ended += [one.grant_id for one in puts if isinstance(one, Tombstone)]
    return {
        "grants_ended": sorted(set(ended)),
        "grants_removed": sorted({one.grant_id for one in steps if isinstance(one, Remove)}),
        "grants_put": sorted({one.grant_id for one in puts if not isinstance(one, Tombstone)}),
        "settings_change": any(isinstance(one, ReplaceSettings) for one in steps),
    }


def told_of_statement(statement: ListStatement) -> Report:
    """What a signed file does, read from the file itself; raises ``ListRefusedError``."""
    told: Report = {"gate": statement.gate_id, "version": str(statement.version)}
    try:
        if statement.kind is UpdateKind.DELTA:
            return told | told_of_steps(decode_delta(statement.content))
        records = [decode_record(one) for one in decode_content(statement.content)[1]]
    except CodecError as error:
        raise MalformedError(str(error)) from None
    ended = sum(isinstance(one, Tombstone) for one in records)
    return told | {"whole_list": True, "grants": len(records) - ended, "ended_grants": ended}
