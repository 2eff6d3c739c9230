"""Outages on the tree of places: the gates inside the place get the window."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from office.registry.models.people import Person
from office.registry.models.places import Place
from sync.records import DoorMode


class OutageKind(models.TextChoices):
    """What fails; at the gates `sync.records.Utility`."""

    WATER = "water", _("water")
    POWER = "power", _("power")
    GAS = "gas", _("gas")


class OutageCause(models.TextChoices):
    """Whose outage it is (`office.procedures.outages`)."""

    MUNICIPAL = "municipal", _("municipal (16.1)")
    PLANNED = "planned", _("planned works (16.2)")
    UNPLANNED = "unplanned", _("unplanned repair (16.3)")
    UNANNOUNCED = "unannounced", _("without notice (16.4)")


class OutageState(models.TextChoices):
    """How far an outage is."""

    ANNOUNCED = "announced", _("announced")
    RUNNING = "running", _("running")
    OVER = "over", _("restored")
    CANCELLED = "cancelled", _("cancelled")


class OutageFinding(models.TextChoices):
    """What maintenance found (16.4)."""

    NO_FAULT = "no_fault", _("no fault")
    MUNICIPAL = "municipal", _("municipal outage")
    OWN_DEFECT = "own_defect", _("own defect")


class Outage(models.Model):
    """One outage of one utility in one area."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="outages")
    utility = models.CharField(_("utility"), max_length=8, choices=OutageKind)
    cause = models.CharField(_("cause"), max_length=12, choices=OutageCause)
    state = models.CharField(max_length=10, choices=OutageState)
    reason = models.CharField(_("reason"), max_length=400, blank=True)
    received_at = models.DateTimeField(_("learned of, or reported in writing"))
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("until"), null=True)
    """Expected restoration; ``None``: nobody knows yet, and gates get no window."""
    emergency = models.BooleanField(_("emergency"), default=False)
    deviation_reason = models.CharField(_("reason for what deviates"), max_length=200, blank=True)
    door_mode = models.PositiveSmallIntegerField(
        default=int(DoorMode.NORMAL), choices=[(int(one), one.name.lower()) for one in DoorMode]
    )
    """Of the area's doors during the outage; any but the normal one is the manager's to approve."""
    mode_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    prepared_at = models.DateTimeField(null=True)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """``None``: the gates noticed it, or an estate file brought it."""
    gates = models.JSONField(default=list)
    """Ids of the gates that noticed it."""
    first_inquirer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """首问负责: whoever took notice first, and told maintenance."""
    inquired_at = models.DateTimeField(null=True)
    finding = models.CharField(max_length=12, choices=OutageFinding, blank=True)
    found_at = models.DateTimeField(null=True)
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=0)

    class Meta:
        """What holds of every outage."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(end__isnull=True) | models.Q(end__gt=models.F("start")),
                name="an_outage_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=models.Q(door_mode=int(DoorMode.NORMAL))
                | models.Q(mode_by__isnull=False)
                | models.Q(clerk__isnull=True),
                name="a_door_mode_is_approved",
            ),
        )
        indexes = (models.Index(fields=["state", "start"], name="outage_by_state"),)

    def __str__(self) -> str:
        return f"outage #{self.pk}"


class OutageAudience(models.TextChoices):
    """Who is told."""

    MAINTENANCE = "maintenance", _("maintenance")
    DEPARTMENTS = "departments", _("departments")
    CUSTOMERS = "customers", _("customers")
    RELATED = "related", _("related units")
    BOARD = "board", _("notice boards")


class OutageTold(models.Model):
    """Who was told, how, with what result; of a board: who posted the notice there."""

    outage = models.ForeignKey(Outage, models.PROTECT, related_name="told")
    audience = models.CharField(_("told to"), max_length=12, choices=OutageAudience)
    channel = models.CharField(_("channel, or which board"), max_length=60)
    result = models.CharField(_("result"), max_length=200, blank=True)
    late = models.BooleanField()
    late_reason = models.CharField(_("reason for being late"), max_length=200, blank=True)
    at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        """In order; what is late has its reason."""

        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(late=False) | ~models.Q(late_reason=""), name="late_word_has_a_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.outage_id} {self.audience}"


class OutageComplaint(models.Model):
    """Somebody complained, and what was explained (16.3)."""

    outage = models.ForeignKey(Outage, models.PROTECT, related_name="complaints")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    said = models.CharField(_("complaint"), max_length=400)
    answer = models.CharField(_("explained"), max_length=400, blank=True)
    at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.outage_id} complaint"
