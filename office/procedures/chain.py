"""The audit trail's chain: each entry's hash covers its content and the hash before it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Final

GENESIS: Final = bytes(32)


def link(
    previous: bytes,
    number: int,
    at: datetime,
    user: int | None,
    rule: str,
    action: str,
    subject: str,
    facts: object,
) -> bytes:
    """The hash of an entry that follows ``previous``."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [number, moment, user, rule, action, subject, facts]
    told = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(previous + told.encode()).digest()
