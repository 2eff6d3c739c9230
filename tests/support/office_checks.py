"""What the wanted lists say of a card, and by which rule a step is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from office.lists.store import hub_store
from office.procedures.errors import Refused, RuleError
from office.registry.models import Issue
from sync.encoding import decode_record
from sync.records import Grant


def opens(issue: Issue) -> dict[int, list[int]]:
    """Doors that the wanted lists let this card open, by gate."""
    records = {row.gate_id: decode_record(row.record) for row in hub_store().wanted.rows(issue_id=issue.pk)}
    return {
        gate: sorted(access.door for access in one.access)
        for gate, one in records.items()
        if isinstance(one, Grant)
    }


def refused(rule: str, why: Refused) -> pytest.RaisesExc[RuleError]:
    return pytest.RaisesExc(RuleError, check=lambda error: (error.rule, error.refused) == (rule, why))


def ends_at_gates(card: Issue) -> set[datetime]:
    records = [decode_record(one.record) for one in hub_store().wanted.rows(issue_id=card.pk)]
    ends = {one.valid_until for one in records if isinstance(one, Grant)}
    return {datetime.fromtimestamp(one, UTC) for one in ends if one is not None}
