"""The alarm inbox: what needs a person, who was told, who took it, and how it ended."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AlarmKind(models.TextChoices):
    """What kind of thing happened."""

    STOPPED_CARD = "stopped_card", _("a stopped card was held to a reader")
    DOOR_FORCED = "door_forced", _("door forced")
    DOOR_HELD = "door_held", _("door held open")
    WRONG_TRIES = "wrong_tries", _("several wrong tries")
    DURESS = "duress", _("opened under duress")
    FIRE = "fire", _("fire")
    TAMPER = "tamper", _("tampering")
    MAINS_FAIL = "mains_fail", _("mains failure")
    DEVICE = "device", _("device failure")
    BATTERY_LOW = "battery_low", _("battery low")
    GUARD_REFUSED = "guard_refused", _("a guard refused")
    LIST_FAULT = "list_fault", _("list at the gate damaged or old")
    EVENTS_LOST = "events_lost", _("records lost at the gate")
    GATE_SILENT = "gate_silent", _("gate not reached")
    GATE_REFUSES = "gate_refuses", _("gate refuses its list")
    MASS_CHANGE = "mass_change", _("a mass change waits for the manager")
    HUB = "hub", _("hub")


class Alarm(models.Model):
    """One alarm. What repeats while it is open is counted in it."""

    kind = models.CharField(max_length=16, choices=AlarmKind)
    subject = models.CharField(max_length=120)
    """Gate, door or issue by id: an open alarm of one kind and subject is there once."""
    gate_id = models.PositiveBigIntegerField(null=True)
    door_id = models.PositiveBigIntegerField(null=True)
    issue_id = models.PositiveBigIntegerField(null=True)
    text = models.CharField(max_length=500, blank=True)
    """What the gate or the hub said, in its own words."""
    count = models.PositiveIntegerField(default=1)
    raised_at = models.DateTimeField()
    """When the office learned of it."""
    first_at = models.DateTimeField()
    """When it happened, as well as that is known …"""
    last_at = models.DateTimeField()
    """… and when last."""
    ended_at = models.DateTimeField(null=True)
    """When the condition ended by itself: the door is closed, the gate is back."""
    told_to = models.CharField(_("told to"), max_length=60, blank=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        """Open ones are few and asked for often."""

        constraints = (
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(cleared_at__isnull=True),
                name="an_open_alarm_once",
            ),
        )
        indexes = (
            models.Index(fields=["-raised_at"], name="alarm_by_time"),
            models.Index(fields=["issue_id"], name="alarm_by_issue"),
            models.Index(fields=["gate_id", "-raised_at"], name="alarm_by_gate"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class HubAlarmCount(models.Model):
    """How often the hub's alarm of a name was counted when it was last taken over."""

    gate_id = models.PositiveBigIntegerField(default=0)
    """0: of no gate."""
    name = models.CharField(max_length=100)
    count = models.PositiveBigIntegerField()

    class Meta:
        """Once."""

        constraints = (models.UniqueConstraint(fields=["gate_id", "name"], name="a_hub_alarm_once"),)

    def __str__(self) -> str:
        return f"{self.name} of gate {self.gate_id}"
