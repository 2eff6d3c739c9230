"""A hub's keys as they lie on its disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from bench.publisher import ESTATE_ID
from office.keys import KeyDirectory
from sync.delegation import Role

_YEARS_S: Final = 10 * 365 * 86_400


def make_keys(directory: Path, now: int) -> KeyDirectory:
    """A root, and the list and online keys that it delegates."""
    keys = KeyDirectory.create(directory, ESTATE_ID, random_bytes=os.urandom)
    for name, role in (("list", Role.LIST), ("online", Role.ONLINE)):
        keys.create_key(name, random_bytes=os.urandom)
        keys.delegate(name, role, gates=None, issued_at=now, not_after=now + _YEARS_S)
    return keys
