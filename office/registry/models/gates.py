"""Gates and doors on the tree of places, and what every gate's list has besides cards.

Rows that gates read as settings keep the keys of an estate file (`office.estate_rows`),
so that a file and the desk cannot mean different things by one word.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from office.registry.models.places import Place


class GateSite(models.Model):
    """A gate of the hub's register (same id), where it stands, and settings of its list."""

    gate_id = models.PositiveBigIntegerField(primary_key=True)
    name = models.CharField(_("name"), max_length=60, unique=True)
    place = models.ForeignKey(Place, models.PROTECT, related_name="gates")
    areas = models.JSONField(default=list)
    readers = models.JSONField(default=list)
    interlocks = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name


class Door(models.Model):
    """One passage. It serves every unit inside the place it names."""

    door_id = models.PositiveBigIntegerField(primary_key=True)
    """The door's number in permission lists."""
    gate = models.ForeignKey(GateSite, models.PROTECT, related_name="doors")
    name = models.CharField(_("name"), max_length=60, unique=True)
    serves = models.ForeignKey(Place, models.PROTECT, related_name="doors", null=True)
    """``None``: cards come here by exception only."""
    for_vehicles = models.BooleanField(_("for vehicles"), default=False)
    exit_for_slips = models.BooleanField(_("exit for release slips"), default=False)
    policy = models.JSONField(default=dict)
    """``area_in``, ``companion_within_s``, ``modes``, ``pin_only`` of the estate file's ``[[door]]``."""

    def __str__(self) -> str:
        return self.name


class Schedule(models.Model):
    """A weekly schedule, as ``[[schedule]]`` of the estate file."""

    schedule_id = models.PositiveIntegerField(primary_key=True)
    name = models.CharField(_("name"), max_length=60, unique=True)
    rows = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A holiday and its type, 1 to 9."""

    day = models.DateField(primary_key=True)
    type = models.PositiveSmallIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.day)


class EstateRules(models.Model):
    """What every gate's list has: one row."""

    policies = models.JSONField(default=list)
    pin_salt = models.CharField(max_length=32, blank=True)

    def __str__(self) -> str:
        return "estate rules"


class GateGrant(models.Model):
    """The grant by which an issue opens doors of one gate. Its id is the grant id, never used again."""

    issue = models.ForeignKey("registry.Issue", models.PROTECT, related_name="grants")
    gate = models.ForeignKey(GateSite, models.PROTECT, related_name="grants")

    class Meta:
        """One grant of an issue at a gate."""

        constraints = (models.UniqueConstraint(fields=["issue", "gate"], name="one_grant_a_gate"),)

    def __str__(self) -> str:
        return f"grant {self.pk}"
