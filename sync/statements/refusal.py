"""Why a signed statement is refused: one error for each attack, as with lists.

`attack` is the same stable word that a refused list has (`sync.refusal`), so that logs
and the office need one vocabulary.
"""

from __future__ import annotations

from typing import ClassVar, Final

from sync.refusal import ListRefusedError


class StatementError(ValueError):
    """Base of every refusal; only these leave `sync.statements` for any bytes whatever."""

    attack: ClassVar[str]
    """Stable word for logs, events and the office."""


class WrongSignatureError(StatementError):
    """The signature does not fit: the bytes were changed, or another key signed them."""

    attack = "wrong_signature"


class WrongEstateError(StatementError):
    """The statement, or its chain, belongs to another estate."""

    attack = "wrong_estate"


class WrongGateError(StatementError):
    """The statement belongs to another gate of the estate."""

    attack = "wrong_gate"


class UnknownKeyError(StatementError):
    """Signed by a key that no root of this estate has delegated."""

    attack = "unknown_key"


class WithdrawnKeyError(StatementError):
    """Signed by a key that the root has withdrawn."""

    attack = "withdrawn_key"


class ExpiredKeyError(StatementError):
    """Signed by a key whose delegation ended before a time that has surely passed."""

    attack = "expired_key"


class RoleTooWeakError(StatementError):
    """The signing key may not state this."""

    attack = "role_too_weak"


class EquivocationError(StatementError):
    """Two different withdrawals statements carry one number."""

    attack = "equivocation"


class MalformedError(StatementError):
    """Not what the format allows, although a known key may have signed it."""

    attack = "malformed"


class UnsupportedError(StatementError):
    """Of a version, or an order of a kind, that this software does not know yet."""

    attack = "unsupported"


class ReplayedError(StatementError):
    """It was true once: an answer to another question, or a statement already used."""

    attack = "replayed"


_BY_ATTACK: Final = {
    one.attack: one
    for one in (
        WrongSignatureError,
        WrongEstateError,
        UnknownKeyError,
        WithdrawnKeyError,
        ExpiredKeyError,
        RoleTooWeakError,
        EquivocationError,
        MalformedError,
    )
}


def as_statement_error(refused: ListRefusedError) -> StatementError:
    """The same attack, found in a statement's chain by the rules that lists obey."""
    return _BY_ATTACK[refused.attack](str(refused))
