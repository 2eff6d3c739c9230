"""The audit trail's chain: written with every step, checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from office.procedures.chain import GENESIS, link
from office.registry.models import AuditEntry

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def record(
    at: datetime, user: User | None, rule: str, action: str, subject: str, **facts: object
) -> AuditEntry:
    """Add an entry inside the caller's transaction. ``facts`` hold ids and numbers, never a person's data."""
    last = AuditEntry.objects.order_by("-number").first()
    entry = AuditEntry(
        number=1 if last is None else last.number + 1,
        at=at,
        user=user,
        rule=rule,
        action=action,
        subject=subject,
        facts=facts,
    )
    entry.hashed = _hashed(GENESIS if last is None else bytes(last.hashed), entry)
    entry.save(force_insert=True)
    return entry


def broken_links() -> Iterator[int]:
    """Numbers of entries that were changed, or before which one is missing."""
    previous, expected = GENESIS, 1
    for entry in AuditEntry.objects.order_by("number").iterator():
        if entry.number != expected or bytes(entry.hashed) != _hashed(previous, entry):
            yield entry.number
        previous, expected = bytes(entry.hashed), entry.number + 1


def _hashed(previous: bytes, entry: AuditEntry) -> bytes:
    return link(
        previous,
        entry.number,
        entry.at,
        entry.user_id,
        entry.rule,
        entry.action,
        entry.subject,
        entry.facts,
    )
