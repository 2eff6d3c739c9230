"""PINs as people write them, and the digests that a list holds instead.

Digits stand in the office's file and nowhere else: no message, list or log repeats them. Salts follow
from the estate's one random salt, so that the same file always makes the same list.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from sync.pin import pin_digest
from sync.records import Pin
from sync.records.grant import PIN_SALT_BYTES

LONGEST: Final = 16
"""What keypads send at a time: a gate drops more."""
SHORTEST: Final = 4
SHORTEST_ALONE: Final = 6
"""Without a card, anybody may try."""
_SALT_OF: Final = b"gatehouse pin salt v1"


class TypedPin(Struct, frozen=True):
    """The PIN of a grant and the estate's salt; hashed once the grant has its id."""

    estate_salt: bytes
    digits: str
    duress_digits: str | None

    def __repr__(self) -> str:
        return "TypedPin(…)"

    def hashed(self, grant_id: int) -> Pin:
        """What the list holds; takes some milliseconds a PIN."""
        purpose = _SALT_OF + grant_id.to_bytes(8, "big")
        salt = hmac.new(self.estate_salt, purpose, hashlib.sha256).digest()[:PIN_SALT_BYTES]
        duress = None if self.duress_digits is None else pin_digest(salt, self.duress_digits)
        return Pin(salt, pin_digest(salt, self.digits), duress)


def digits(shortest: int) -> Callable[[object], str]:
    """A reader of a PIN with so many digits or more."""

    def read(value: object) -> str:
        # The value must not stand in the message.
        if not isinstance(value, str) or not value.isascii() or not value.isdigit():
            raise ValueError("must be digits in quotes, nothing else")
        if not shortest <= len(value) <= LONGEST:
            raise ValueError(f"must have {shortest} to {LONGEST} digits")
        return value

    return read
