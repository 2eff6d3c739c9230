"""What the tree of places may hold: which place lies in which, and what a unit must have."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from office.procedures.errors import Refused, RuleError

RULE: Final = "0.places"
_LEAVES: Final = ("unit", "shop", "garage")
INSIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "estate": ("phase", "building", "shop", "garage"),
    "phase": ("building", "shop", "garage"),
    "building": ("entrance", *_LEAVES),
    "entrance": _LEAVES,
}
"""Kinds of places by the kind of the place around them; nothing lies in a unit, a shop or a garage."""


class PlaceFacts(Struct, frozen=True):
    """A place as somebody wants it."""

    kind: str
    around: str
    """Kind of the place around it; empty: it is the estate."""
    name: str
    floor_area_m2: Decimal | None
    use: str
    name_is_taken: bool
    """By another place in the same one."""
    has_business: bool = False
    """A merchant is there (17.5)."""


def check_place(wanted: PlaceFacts) -> None:
    """Raises ``RuleError``: where it cannot lie, a name that is taken, a unit without area or use."""
    if wanted.around and wanted.kind not in INSIDE.get(wanted.around, ()):
        raise RuleError(RULE, Refused.NOT_INSIDE)
    if not wanted.name.strip() or wanted.name_is_taken:
        raise RuleError(RULE, Refused.PLACE_TAKEN)
    if wanted.kind == "unit" and (wanted.floor_area_m2 is None or wanted.floor_area_m2 <= 0):
        raise RuleError(RULE, Refused.AREA_MISSING)
    if wanted.kind == "unit" and not wanted.use:
        raise RuleError(RULE, Refused.USE_MISSING)
    if wanted.has_business and wanted.kind == "unit" and wanted.use != "commercial":
        raise RuleError("17.5", Refused.BUSINESS_THERE)
