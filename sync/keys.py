"""Ed25519 keys, their ids, and what each signature is for.

A signature covers a domain and then the message, so that bytes signed for one purpose
never pass for another.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

LIST_DOMAIN: Final = b"gatehouse list v1\0"
DELEGATION_DOMAIN: Final = b"gatehouse delegation v1\0"
WITHDRAWALS_DOMAIN: Final = b"gatehouse withdrawals v1\0"
RECEIPT_DOMAIN: Final = b"gatehouse receipt v1\0"
PULSE_DOMAIN: Final = b"gatehouse pulse v1\0"
ORDER_DOMAIN: Final = b"gatehouse order v1\0"
LOG_HEAD_DOMAIN: Final = b"gatehouse log head v1\0"
LOG_EPOCH_DOMAIN: Final = b"gatehouse log epoch v1\0"
FLOOR_DOMAIN: Final = b"gatehouse floor v1\0"
BUNDLE_DOMAIN: Final = b"gatehouse bundle v1\0"
ENROLMENT_DOMAIN: Final = b"gatehouse enrolment v1\0"
TOKEN_DOMAIN: Final = b"gatehouse token v1\0"
AS_BUILT_DOMAIN: Final = b"gatehouse as built v1\0"

PUBLIC_KEY_BYTES: Final = 32
SEED_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
KEY_ID_BYTES: Final = 8
"""Enough to name a key; what a signature proves is always judged by the full key."""


def key_id(public: bytes) -> bytes:
    """The first 8 bytes of the SHA-256 of a public key."""
    return sha256(public).digest()[:KEY_ID_BYTES]


class SigningKey(Struct, frozen=True):
    """A private key; its seed never shows in a representation."""

    seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey(key_id={self.key_id.hex()})"

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise ValueError(f"a key's seed has {SEED_BYTES} bytes, not {len(self.seed)}")

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self._private().public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        """The id of the public key."""
        return key_id(self.public)

    def sign(self, domain: bytes, message: bytes) -> bytes:
        """The 64 bytes of the signature over ``domain`` and ``message``."""
        return self._private().sign(domain + message)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def verify(public: bytes, domain: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is that of the key ``public``; never raises on odd bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, domain + message)
    except (InvalidSignature, ValueError):
        return False
    return True
