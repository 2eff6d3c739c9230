"""People, and how they belong to units. Personal fields live here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from office.registry.find_keys import inside, key
from office.registry.models.finding import Findable, FindableQuerySet, FindKind
from office.registry.models.places import Place


class PersonQuerySet(FindableQuerySet["Person"]):
    """Questions about people."""


class Person(Findable):
    """Somebody the office knows. Everything else refers to the id: erasing a person breaks no record."""

    FOUND_BY = frozenset(("name", "phone"))
    FIND_KINDS = (FindKind.PERSON, FindKind.PHONE)

    name = models.CharField(_("name"), max_length=200)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    identity = models.CharField(_("identity document"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    legacy = models.CharField(_("number in the former system"), max_length=40, blank=True)
    """By which an import knows again whom it took over; says nothing about the person."""
    recorded_at = models.DateTimeField()
    departed_on = models.DateField(null=True)
    legal_hold = models.BooleanField(_("legal hold"), default=False)
    """Nothing of this person's is purged or erased as long as it holds …"""
    hold_reason = models.CharField(_("reason of the legal hold"), max_length=200, blank=True)
    """… because of this, such as the number of a court's case."""
    erased_at = models.DateTimeField(null=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        """Found by name and by phone."""

        constraints = (
            models.UniqueConstraint(
                fields=["legacy"], condition=~models.Q(legacy=""), name="a_former_number_once"
            ),
        )
        indexes = (
            models.Index(fields=["name"], name="person_by_name"),
            models.Index(fields=["phone"], name="person_by_phone"),
        )

    def __str__(self) -> str:
        return self.name if self.erased_at is None else f"#{self.pk}"

    def find_keys(self) -> Iterator[tuple[FindKind, bytes]]:
        """By any part of the name, and by how the number begins."""
        yield from ((FindKind.PERSON, one) for one in inside(self.name))
        if self.phone:
            yield FindKind.PHONE, key(self.phone)


class MemberRole(models.TextChoices):
    """How a person belongs to a unit."""

    OWNER = "owner", _("owner")
    RESIDENT = "resident", _("resident")
    TENANT = "tenant", _("tenant")


class Membership(models.Model):
    """A person belongs to a unit for a time; several units a person, several persons a unit."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    unit = models.ForeignKey(Place, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=MemberRole)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True)
    """First day on which it no longer holds."""

    class Meta:
        """A role is held once at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=["person", "unit", "role"],
                condition=models.Q(until__isnull=True),
                name="a_role_in_a_unit_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gt=models.F("since")),
                name="a_membership_ends_after_it_began",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_id} {self.role} {self.unit_id}"

    @property
    def last_day(self) -> date | None:
        """The day before ``until``, as people say it."""
        return None if self.until is None else self.until - timedelta(days=1)


class RelationKind(models.Model):
    """A relation of a card's holder to the applicant (rule 13.2); which are direct is the estate's table."""

    code = models.SlugField(primary_key=True, max_length=30)
    name_zh = models.CharField(max_length=30)
    name_en = models.CharField(max_length=40)
    direct = models.BooleanField(_("direct relative"))
    position = models.PositiveSmallIntegerField()

    class Meta:
        """In the order of the form."""

        ordering = ("position",)

    def __str__(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


class VehicleQuerySet(FindableQuerySet["Vehicle"]):
    """Questions about vehicles."""


class Vehicle(Findable):
    """A vehicle with a parking right; its card belongs to plate and unit and ends with that right."""

    FOUND_BY = frozenset(("plate",))
    FIND_KINDS = (FindKind.PLATE,)

    plate = models.CharField(_("plate"), max_length=20)
    unit = models.ForeignKey(Place, models.PROTECT, related_name="vehicles")
    keeper = models.ForeignKey(Person, models.PROTECT, related_name="vehicles")
    parking_until = models.DateField(_("parking right until"), null=True)
    """First day without it; ``None``: no end agreed."""
    gone_on = models.DateField(null=True)
    """Sold, or of another unit or keeper, since this day: its plate may be another vehicle's on record."""

    objects = VehicleQuerySet.as_manager()

    class Meta:
        """Cards and events stay with the unit and keeper of their time."""

        constraints = (
            models.UniqueConstraint(
                fields=["plate"],
                condition=models.Q(gone_on__isnull=True),
                name="a_plate_is_of_one_vehicle_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return self.plate

    def find_keys(self) -> Iterator[tuple[FindKind, bytes]]:
        """By any part of the plate."""
        yield from ((FindKind.PLATE, one) for one in inside(self.plate))
