"""The code that opens a site bundle: given apart from it, typed by a person at the gate.

Fourteen random signs of five bits and a check sign, in three groups: ``7K3FD-Q0WXM-9ATR0``.
No I, L, O and U; what is typed as one of the first three is taken for the digit it looks like.
The check sign is a weighted sum in GF(32): it finds every single wrong sign and every two
that were exchanged, so that a typing error is told as one, and not as a wrong code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sync.bundle_errors import MistypedCodeError

SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: nothing in it is mistaken for anything else in it."""
RANDOM_SIGNS: Final = 14
"""70 bits: behind `SCRYPT_COST` nobody tries them all."""
CODE_SIGNS: Final = RANDOM_SIGNS + 1
MAX_TYPED: Final = 64
"""Of what a person types; longer is no code."""
SALT_BYTES: Final = 16
KEY_BYTES: Final = 32
SCRYPT_COST: Final = 1 << 16
SCRYPT_BLOCK: Final = 8
"""64 MiB and some seconds on the smallest Pi (RFC 7914: 128 * cost * block bytes)."""

_GROUP: Final = 5
_LOOKS_LIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})
_FIELD: Final = 0b100101
"""x⁵ + x² + 1 is primitive over GF(2): powers of x run through all 31 weights."""

RandomBytes = Callable[[int], bytes]


def new_code(random_bytes: RandomBytes) -> str:
    """A fresh code in its groups."""
    drawn = [one % len(SIGNS) for one in random_bytes(RANDOM_SIGNS)]  # 256 is a multiple of 32: unbiased
    text = "".join(SIGNS[one] for one in (*drawn, _check(drawn)))
    return "-".join(text[at : at + _GROUP] for at in range(0, CODE_SIGNS, _GROUP))


def read_code(typed: str) -> str:
    """The code's bare signs; case, spaces and dashes do not matter.

    Raises:
        MistypedCodeError: too long or short, a sign no code has, or the check sign does not fit.
    """
    if len(typed) > MAX_TYPED:
        raise MistypedCodeError(
            f"a code has {CODE_SIGNS} characters, this is far longer: type the code alone"
        )
    text = "".join(typed.upper().split()).translate(_LOOKS_LIKE)
    if len(text) != CODE_SIGNS:
        raise MistypedCodeError(f"a code has {CODE_SIGNS} characters in three groups, this has {len(text)}")
    odd = next((one for one in text if one not in SIGNS), None)
    if odd is not None:
        raise MistypedCodeError(
            f"no code has the character {odd!r}: compare it with what the office gave you"
        )
    *random, check = [SIGNS.index(one) for one in text]
    if _check(random) != check:
        raise MistypedCodeError("a character is wrong, or two are swapped: compare it and type it again")
    return text


def bundle_key(code: str, salt: bytes) -> bytes:
    """The key that a code stands for in the bundle with this salt; raises ``MistypedCodeError``."""
    slow = Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_COST, r=SCRYPT_BLOCK, p=1)
    return slow.derive(read_code(code).encode("ascii"))


def _check(signs: list[int]) -> int:
    """What makes the sum of all signs, each times its own power of x, zero."""
    total = 0
    for sign in signs:
        total = _times_x(total ^ sign)
    return total


def _times_x(value: int) -> int:
    value <<= 1
    return value ^ _FIELD if value & 0b100000 else value
