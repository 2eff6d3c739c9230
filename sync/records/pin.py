"""How a PIN becomes the digest in a permission list, alike at office and gate."""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum, unique
from typing import Final

from sync.records.grant import Pin

PIN_ROUNDS: Final = 1_000
"""A few milliseconds on a small gate, whose other doors wait meanwhile. More rounds
would not save four digits from whoever holds the list."""


@unique
class PinMatch(Enum):
    """What typed digits are to a PIN."""

    WRONG = "wrong"
    RIGHT = "right"
    DURESS = "duress"


def pin_digest(salt: bytes, digits: str) -> bytes:
    """PBKDF2-HMAC-SHA256 of the digits, 32 bytes."""
    return hashlib.pbkdf2_hmac("sha256", digits.encode("utf-8", "surrogatepass"), salt, PIN_ROUNDS)


def match_pin(pin: Pin, digits: str) -> PinMatch:
    """Compare typed digits with a PIN, in constant time per digest."""
    digest = pin_digest(pin.salt, digits)
    if hmac.compare_digest(digest, pin.digest):
        return PinMatch.RIGHT
    if pin.duress_digest is not None and hmac.compare_digest(digest, pin.duress_digest):
        return PinMatch.DURESS
    return PinMatch.WRONG
