"""Why a permission list update is refused: one error for each attack.

Refusing changes nothing: the list in force stays as it is. The text is for a person:
what is wrong, with which key or revision, and the cure. It never repeats bytes of the
update other than ids in hexadecimal.
"""

from __future__ import annotations

from typing import ClassVar


class ListRefusedError(Exception):
    """Base of every refusal; only these leave `sync.trust` for any bytes whatever."""

    attack: ClassVar[str]
    """Stable word for logs, events and the office."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.memory: bytes | None = None
        """Trust memory to keep although the list is refused: it brought newer withdrawals."""


class WrongSignatureError(ListRefusedError):
    """A signature does not fit: the bytes were changed, or another key signed them."""

    attack = "wrong_signature"


class WrongEstateError(ListRefusedError):
    """The list, or a part of its chain, belongs to another estate."""

    attack = "wrong_estate"


class WrongGateError(ListRefusedError):
    """The list belongs to another gate of the estate."""

    attack = "wrong_gate"


class RollbackError(ListRefusedError):
    """An older list came again."""

    attack = "rollback"


class GapError(ListRefusedError):
    """A delta builds on a list that is not here."""

    attack = "gap"


class EquivocationError(ListRefusedError):
    """Two different statements carry one number."""

    attack = "equivocation"


class DigestMismatchError(ListRefusedError):
    """The resulting list is not the one whose digest was signed."""

    attack = "digest_mismatch"


class UnknownKeyError(ListRefusedError):
    """Signed by a key that no root of this estate has delegated."""

    attack = "unknown_key"


class WithdrawnKeyError(ListRefusedError):
    """Signed by a key that the root has withdrawn."""

    attack = "withdrawn_key"


class ExpiredKeyError(ListRefusedError):
    """Signed by a key whose delegation ended before a time that has surely passed."""

    attack = "expired_key"


class RoleTooWeakError(ListRefusedError):
    """The signing keys may not do this."""

    attack = "role_too_weak"


class OversizeError(ListRefusedError):
    """Larger than any list may be."""

    attack = "oversize"


class MalformedError(ListRefusedError):
    """Not what the format allows, although a known key may have signed it."""

    attack = "malformed"


class UnsupportedVersionError(ListRefusedError):
    """Written in a format version this gate does not read."""

    attack = "unsupported_version"


class MassRemovalError(ListRefusedError):
    """Too many credentials would stop opening within a day (`sync.brake`)."""

    attack = "mass_removal"
