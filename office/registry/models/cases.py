"""KH-14: a card is lost or damaged; the case from the report to the archived forms."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from office.registry.models.cards import Issue
from office.registry.models.people import Person


class LossKind(models.TextChoices):
    """What happened to the card."""

    LOST = "lost", _("lost")
    DAMAGED = "damaged", _("damaged")
    SUSPENDED = "suspended", _("suspended by telephone")


class CaseState(models.TextChoices):
    """How far a case is (`office.procedures.loss`)."""

    REPORTED = "reported", _("reported")
    REVIEWED = "reviewed", _("reviewed")
    APPROVED = "approved", _("approved")
    NOTIFIED = "notified", _("holder told to collect")
    CLOSED = "closed", _("closed")
    WITHDRAWN = "withdrawn", _("card found")


class Part(models.TextChoices):
    """What somebody is in a case."""

    CLERK = "clerk", _("clerk")
    REVIEWER = "reviewer", _("desk reviewer")


class LossCase(models.Model):
    """One case: KH-14-R01 (the report) and KH-14-R02 (the record of operations) print from it."""

    issue = models.ForeignKey(Issue, models.PROTECT, related_name="cases")
    kind = models.CharField(_("what happened"), max_length=10, choices=LossKind)
    cause = models.CharField(_("cause"), max_length=400, blank=True)
    by_holder = models.BooleanField(_("caused by the holder"), default=True)
    state = models.CharField(max_length=10, choices=CaseState)
    reporter = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    in_person = models.BooleanField()
    """A telephone call suspends only."""
    reported_at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    balance = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    """Stored value at the stop; ``None``: the holder has no account."""
    balance_agreed = models.BooleanField(null=True)
    """``False``: the holder objected; ``None``: not asked yet (rule 14.2)."""
    objection = models.CharField(max_length=400, blank=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    told_by = models.CharField(_("channel"), max_length=40, blank=True)
    told_result = models.CharField(_("result"), max_length=100, blank=True)
    replacement = models.OneToOneField(Issue, models.PROTECT, null=True, related_name="replaces_in_case")
    restorer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """The desk reviewer who let the found card open again."""
    restored_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    stop_confirmed = models.BooleanField(default=False)
    """Every gate has confirmed the stop (14.4), or the card opens again."""
    version = models.PositiveIntegerField(default=0)

    class Meta:
        """The rules that no code may get round."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(reviewer__isnull=True) | ~models.Q(reviewer=models.F("clerk")),
                name="the_reviewer_is_not_the_clerk",
            ),
            models.CheckConstraint(
                condition=models.Q(restorer__isnull=True) | ~models.Q(restorer=models.F("clerk")),
                name="the_restorer_is_not_the_clerk",
            ),
            models.UniqueConstraint(
                fields=["issue"],
                condition=models.Q(state__in=["reported", "reviewed", "approved", "notified"]),
                name="one_open_case_a_card",
            ),
        )
        indexes = (
            models.Index(fields=["id"], name="case_not_confirmed", condition=models.Q(stop_confirmed=False)),
        )

    def __str__(self) -> str:
        return f"KH-14 #{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return self.state not in {CaseState.CLOSED, CaseState.WITHDRAWN}


class CasePart(models.Model):
    """Who worked on a case, as clerk or as reviewer: nobody is both in one case (rule 14.3)."""

    case = models.ForeignKey(LossCase, models.CASCADE, related_name="parts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    part = models.CharField(max_length=8, choices=Part)

    class Meta:
        """One part a person: the database holds it against any code."""

        constraints = (models.UniqueConstraint(fields=["case", "user"], name="one_part_in_a_case"),)

    def __str__(self) -> str:
        return f"{self.case_id} {self.part}"


class StopReceipt(models.Model):
    """A gate's receipt attached to R02 (rule 14.4): since which second it refuses the card."""

    case = models.ForeignKey(LossCase, models.CASCADE, related_name="receipts")
    gate_id = models.PositiveBigIntegerField()
    refused_since = models.DateTimeField()
    exact = models.BooleanField()

    class Meta:
        """One a gate."""

        constraints = (models.UniqueConstraint(fields=["case", "gate_id"], name="one_receipt_a_gate"),)

    def __str__(self) -> str:
        return f"{self.case_id} gate {self.gate_id}"
