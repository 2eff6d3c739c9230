"""The tree of places: gates, doors and outage areas hang on it, and so does every unit."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from office.registry.find_keys import inside_words
from office.registry.models.finding import Findable, FindableQuerySet, FindKind


class PlaceKind(models.TextChoices):
    """What a place is."""

    ESTATE = "estate", _("estate")
    PHASE = "phase", _("phase")
    BUILDING = "building", _("building")
    ENTRANCE = "entrance", _("entrance")
    UNIT = "unit", _("unit")
    SHOP = "shop", _("shop")
    GARAGE = "garage", _("garage")


class UnitUse(models.TextChoices):
    """What a unit may be used for (rule 17.5)."""

    RESIDENTIAL = "residential", _("residential")
    COMMERCIAL = "commercial", _("commercial")


class PlaceQuerySet(FindableQuerySet["Place"]):
    """Questions about the tree."""

    def under(self, place: Place) -> PlaceQuerySet:
        """The place itself and everything inside it."""
        return self.filter(path__startswith=place.path)


class Place(Findable):
    """A node of the tree; units carry floor area and use."""

    FOUND_BY = frozenset(("full_name",))
    FIND_KINDS = (FindKind.PLACE,)

    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    kind = models.CharField(max_length=10, choices=PlaceKind)
    name = models.CharField(_("name"), max_length=60)
    path = models.CharField(max_length=200, unique=True)
    """Ids from the root, each followed by a dot: what is inside a place begins with its path."""
    full_name = models.CharField(max_length=400)
    """Names from below the root, for people and for finding."""
    floor_area_m2 = models.DecimalField(
        _("floor area (m²)"), max_digits=8, decimal_places=2, null=True, validators=[MinValueValidator(0)]
    )
    use = models.CharField(_("use"), max_length=12, choices=UnitUse, blank=True)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        """One name among siblings; floor area where a quota needs it."""

        constraints = (
            models.UniqueConstraint(fields=["parent", "name"], name="one_name_among_siblings"),
            models.CheckConstraint(
                condition=~models.Q(kind="unit") | models.Q(floor_area_m2__isnull=False),
                name="a_unit_has_a_floor_area",
            ),
        )

    def __str__(self) -> str:
        return self.full_name

    def find_keys(self) -> Iterator[tuple[FindKind, bytes]]:
        """By any part of a word of its full name."""
        yield from ((FindKind.PLACE, one) for one in inside_words(self.full_name))

    def ancestor_ids(self) -> list[int]:
        """Ids from the root down to this place."""
        return [int(one) for one in self.path.split(".") if one]
