"""How typed digits become the digest in a permission list, alike at office and gate.

One digest takes milliseconds and 4 MiB: a gate makes it on a thread of its own
(`terminal.hasher`), never where taps are decided.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from sync.records import Credential, Pin, PinMatch, Technology

PIN_COST: Final = 1 << 12
"""scrypt's N. More would not save four digits from whoever holds the list."""
BLOCK_SIZE: Final = 8
"""scrypt's r (RFC 7914)."""
MAX_MEMORY: Final = 256 * BLOCK_SIZE * PIN_COST
"""Twice the 4 MiB that scrypt works in: OpenSSL counts its other buffers, too."""
DIGEST_BYTES: Final = 32


def pin_digest(salt: bytes, digits: str) -> bytes:
    """scrypt of the digits, 32 bytes."""
    return hashlib.scrypt(
        digits.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=PIN_COST,
        r=BLOCK_SIZE,
        p=1,
        maxmem=MAX_MEMORY,
        dklen=DIGEST_BYTES,
    )


def pin_credential(salt: bytes, digits: str) -> Credential:
    """What digits that open without a card are on a list; ``salt`` is the estate's (`PinOnly`)."""
    return Credential(Technology.KEYPAD, pin_digest(salt, digits))


def match_pin(pin: Pin, digits: str) -> PinMatch:
    """Compare typed digits with a PIN, in a time that tells nothing of the answer."""
    digest = pin_digest(pin.salt, digits)
    right = hmac.compare_digest(digest, pin.digest)
    duress = hmac.compare_digest(digest, pin.duress_digest or bytes(DIGEST_BYTES))
    if right:
        return PinMatch.RIGHT
    return PinMatch.DURESS if duress and pin.duress_digest is not None else PinMatch.WRONG
