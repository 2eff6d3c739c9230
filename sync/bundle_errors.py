"""Why a site bundle is refused: one error a cause, because each asks for another cure.

`cause` is the stable word for scripts and journals; the text is for the technician.
"""

from __future__ import annotations

from typing import ClassVar


class BundleError(ValueError):
    """Base of every refusal; only these leave the reading of a bundle, for any bytes whatever."""

    cause: ClassVar[str]
    """Stable word for scripts."""


class DamagedBundleError(BundleError):
    """The file was cut short or changed by accident."""

    cause = "damaged"


class UnsupportedBundleError(BundleError):
    """It is of a version that this software does not know."""

    cause = "unsupported_version"


class MistypedCodeError(BundleError):
    """What was typed cannot be a code: its check sign does not fit."""

    cause = "mistyped_code"


class WrongCodeError(BundleError):
    """A code, but not this bundle's; or somebody changed the bundle who does not know it."""

    cause = "wrong_code"


class ForeignEstateError(BundleError):
    """The bundle is for another estate."""

    cause = "foreign_estate"


class ForeignGateError(BundleError):
    """The bundle is for another gate."""

    cause = "foreign_gate"


class ExpiredBundleError(BundleError):
    """Its end date has passed."""

    cause = "expired"


class UnsignedBundleError(BundleError):
    """No key that may make bundles of this estate has signed it."""

    cause = "not_signed"


class UsedBundleError(BundleError):
    """It was used already, and a bundle serves once."""

    cause = "already_used"
