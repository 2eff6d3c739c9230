"""Places are added under their parents; the path and the full name follow."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.db import transaction

from office.errors import OfficeError, Trouble
from office.registry.models import Place, PlaceKind, UnitUse

MAX_DEPTH: Final = 12
"""Far more levels than an estate has; keeps a path within its column."""


@transaction.atomic
def add_place(
    parent: Place | None,
    kind: PlaceKind,
    name: str,
    *,
    floor_area_m2: Decimal | None = None,
    use: UnitUse | None = None,
) -> Place:
    """Add a place; raises ``OfficeError`` if the tree would be too deep."""
    if parent is not None and len(parent.ancestor_ids()) >= MAX_DEPTH:
        raise OfficeError(
            f"{parent.full_name}: {MAX_DEPTH} levels are the most; put it higher",
            Trouble.TREE_TOO_DEEP,
            most=MAX_DEPTH,
        )
    above = "" if parent is None or parent.parent_id is None else f"{parent.full_name} "
    place = Place(
        parent=parent,
        kind=kind,
        name=name,
        path=f"new {name}",
        full_name=f"{above}{name}",
        floor_area_m2=floor_area_m2,
        use="" if use is None else use.value,
    )
    place.save()
    place.path = f"{'' if parent is None else parent.path}{place.pk}."
    place.save(update_fields=["path"])
    return place
