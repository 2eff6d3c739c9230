"""Usage events as the desk reads them: projected from the hub's shelf, which keeps the signed chain."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.IntegerChoices):
    """What an event came to, in the words by which people search (`office.procedures.usage`)."""

    OPENED = 1, _("opened")
    REFUSED = 2, _("refused")
    ALARM = 3, _("alarm")
    PASSAGE = 4, _("door")
    SERVICE = 5, _("gate")
    UNREADABLE = 6, _("unreadable")


class EventLog(models.Model):
    """One log of one gate, and how far it is projected."""

    gate_id = models.PositiveBigIntegerField()
    epoch = models.BinaryField(max_length=16)
    position = models.PositiveBigIntegerField(default=0)
    """Number of the last event that has its row here, or had."""

    class Meta:
        """Once a gate and epoch."""

        constraints = (models.UniqueConstraint(fields=["gate_id", "epoch"], name="a_log_once"),)

    def __str__(self) -> str:
        return f"log {bytes(self.epoch).hex()} of gate {self.gate_id}"


class EventBoot(models.Model):
    """A boot of a gate whose events wait for a better time: which anchor they have been dated by."""

    gate_id = models.PositiveBigIntegerField()
    boot = models.BinaryField(max_length=16)
    anchor_boottime_ms = models.BigIntegerField(null=True)
    anchor_utc_ms = models.BigIntegerField(null=True)
    done = models.PositiveBigIntegerField(default=0)
    """Up to which event (by id) this anchor's times are taken over."""

    class Meta:
        """Once a gate."""

        constraints = (models.UniqueConstraint(fields=["gate_id", "boot"], name="a_boot_once"),)

    def __str__(self) -> str:
        return f"boot {bytes(self.boot).hex()} of gate {self.gate_id}"


class UsageEvent(models.Model):
    """One event. Identified by (gate, log epoch, number); nothing of it is ever a name."""

    log = models.ForeignKey(EventLog, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveBigIntegerField()
    gate_id = models.PositiveBigIntegerField()
    at_ms = models.BigIntegerField()
    """UTC milliseconds: when it happened; where nobody knows, when the office got it."""
    uncertainty_ms = models.PositiveBigIntegerField(null=True)
    """On either side; ``None``: the time is not known."""
    received_at = models.PositiveBigIntegerField()
    """UTC second."""
    kind = models.PositiveSmallIntegerField(null=True)
    """`sync.events.EventKind`; ``None``: nobody can read it, see ``set_aside``."""
    outcome = models.PositiveSmallIntegerField(choices=Outcome)
    door = models.PositiveBigIntegerField(null=True)
    reader = models.PositiveBigIntegerField(null=True)
    direction = models.PositiveSmallIntegerField(null=True)
    issue_id = models.PositiveBigIntegerField(null=True)
    grant_id = models.PositiveBigIntegerField(null=True)
    reason = models.PositiveSmallIntegerField(null=True)
    credential = models.CharField(max_length=130, blank=True)
    """As it was read: technology and number, such as ``1:04A0B1C2``."""
    detail = models.JSONField(default=dict)
    set_aside = models.CharField(max_length=200, blank=True)
    boot = models.BinaryField(max_length=16, null=True)
    """The boot whose anchors may tell the time better; ``None`` once it is as good as it gets."""

    class Meta:
        """An index for each way of searching, each in order of time."""

        constraints = (models.UniqueConstraint(fields=["log", "number"], name="an_event_once"),)
        indexes = (
            models.Index(fields=["at_ms"], name="event_by_time"),
            models.Index(fields=["gate_id", "at_ms"], name="event_by_gate"),
            models.Index(fields=["door", "at_ms"], name="event_by_door"),
            models.Index(fields=["issue_id", "at_ms"], name="event_by_issue"),
            models.Index(fields=["credential", "at_ms"], name="event_by_credential"),
            models.Index(fields=["outcome", "at_ms"], name="event_by_outcome"),
            models.Index(fields=["received_at"], name="event_by_receipt"),
            models.Index(
                fields=["gate_id", "boot"], name="event_that_waits", condition=models.Q(boot__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"event {self.number} of gate {self.gate_id}"

    @property
    def at(self) -> datetime:
        """When it happened, or when the office got it."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


class WatchMark(models.Model):
    """When the watcher last came round, and how far its rounds have come."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
