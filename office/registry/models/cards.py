"""Chips, and their issues to holders: a chip that is issued again is a new issue with a new id."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from office.registry.find_keys import beginnings, ends
from office.registry.models.finding import Findable, FindableQuerySet, FindKind
from office.registry.models.gates import Door
from office.registry.models.people import Person, RelationKind, Vehicle
from office.registry.models.places import Place
from sync.records import Credential, Technology


class ChipQuerySet(FindableQuerySet["Chip"]):
    """Questions about chips."""


class Chip(Findable):
    """A physical card or tag: technology and number at full length (`sync.records.Credential`)."""

    FOUND_BY = frozenset(("number", "printed"))
    FIND_KINDS = (FindKind.CARD, FindKind.CARD_END)

    technology = models.PositiveSmallIntegerField(
        choices=[(int(one), one.name.lower()) for one in Technology]
    )
    number = models.CharField(_("chip number"), max_length=128)
    """Hexadecimal, upper case, as it is canonical."""
    printed = models.CharField(_("printed number"), max_length=40, blank=True)

    objects = ChipQuerySet.as_manager()

    class Meta:
        """A chip is on record once."""

        constraints = (models.UniqueConstraint(fields=["technology", "number"], name="a_chip_once"),)
        indexes = (models.Index(fields=["number"], name="chip_by_number"),)

    def __str__(self) -> str:
        return self.printed or self.number

    def find_keys(self) -> Iterator[tuple[FindKind, bytes]]:
        """By how one of its numbers begins or ends: people read out the first digits, or the last."""
        numbers = (self.number, self.printed)
        yield from ((FindKind.CARD, one) for one in beginnings(numbers))
        yield from ((FindKind.CARD_END, one) for one in ends(numbers))

    @property
    def credential(self) -> Credential:
        """What a gate's reader makes of it."""
        return Credential(Technology(self.technology), bytes.fromhex(self.number))


class CardKind(models.TextChoices):
    """What a card is for; each becomes a grant kind at the gates (`office.procedures.rights`)."""

    RESIDENT = "resident", _("resident card")
    TENANT = "tenant", _("tenant card")
    VEHICLE = "vehicle", _("vehicle card")
    TEMPORARY = "temporary", _("temporary card")
    STAFF = "staff", _("staff card")
    GUARD = "guard", _("guard card")
    MERCHANT = "merchant", _("merchant card")
    CONTRACTOR = "contractor", _("contractor card")
    VISITOR = "visitor", _("visitor pass")
    TECHNICIAN = "technician", _("technician card")


class IssueState(models.TextChoices):
    """How far an issue has come; the steps between are `office.procedures.issue_states`."""

    APPLIED = "applied", _("applied for")
    PAID = "paid", _("paid")
    SIGNED = "signed", _("signed for")
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    LOST = "lost", _("reported lost")
    DAMAGED = "damaged", _("reported damaged")
    FOUND = "found", _("found")
    WITHDRAWN = "withdrawn", _("withdrawn")
    REPLACED = "replaced", _("replaced")
    COLLECTED = "collected", _("collected")


class Origin(models.TextChoices):
    """Where an issue comes from."""

    DESK = "desk", _("issued here")
    LEGACY = "legacy", _("taken over")


class Application(models.Model):
    """KH-03-R04: a resident applies in person for cards (rules 13.1, 13.2)."""

    unit = models.ForeignKey(Place, models.PROTECT, related_name="applications")
    applicant = models.ForeignKey(Person, models.PROTECT, related_name="applications")
    vehicle = models.ForeignKey(Vehicle, models.PROTECT, null=True, related_name="applications")
    applied_at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    submission = models.UUIDField(unique=True)
    """Given with the empty form: a form that is sent twice is one application."""

    def __str__(self) -> str:
        return f"KH-03-R04 #{self.pk}"


class Issue(models.Model):
    """One chip given to one holder for a time. The id is what gates know, and is never used again."""

    kind = models.CharField(_("kind"), max_length=12, choices=CardKind)
    state = models.CharField(_("state"), max_length=10, choices=IssueState)
    state_since = models.DateTimeField()
    chip = models.ForeignKey(Chip, models.PROTECT, null=True, related_name="issues")
    """Given to it at the signature at the latest."""
    holder = models.ForeignKey(Person, models.PROTECT, null=True, related_name="issues")
    vehicle = models.ForeignKey(Vehicle, models.PROTECT, null=True, related_name="issues")
    unit = models.ForeignKey(Place, models.PROTECT, null=True, related_name="issues")
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="issues")
    relation = models.ForeignKey(RelationKind, models.PROTECT, null=True, related_name="+")
    """Of the holder to the applicant."""
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replacement")
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.DESK)
    batch = models.CharField(max_length=60, blank=True)
    """Of an import."""
    valid_from = models.DateTimeField(_("valid from"), null=True)
    valid_until = models.DateTimeField(_("valid until"), null=True)
    """First moment at which it no longer opens."""
    fee = models.DecimalField(_("fee"), max_digits=8, decimal_places=2, null=True)
    """What it costs; ``None``: what the policy says when it is paid."""
    moves_out = models.BooleanField(default=False)
    """It ends because its holder moves away (rule 15.3): gates refuse it as moved out."""
    collected_at = models.DateTimeField(null=True)
    """When the physical card was handed in."""
    deposit_kept = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    """Of a temporary card that was lost itself: what was kept of its deposit; ``None``: of any other."""
    version = models.PositiveIntegerField(default=0)
    """Counts changes: a page that was read before one is stale and refused."""

    class Meta:
        """What holds of every issue, whoever writes it."""

        constraints = (
            models.UniqueConstraint(
                fields=["chip"],
                condition=models.Q(
                    state__in=["applied", "paid", "signed", "active", "suspended", "lost", "damaged", "found"]
                ),
                name="a_chip_is_in_one_running_issue",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["active", "suspended"]) | models.Q(chip__isnull=False),
                name="an_active_issue_has_a_chip",
            ),
            models.CheckConstraint(
                condition=models.Q(holder__isnull=False) | models.Q(vehicle__isnull=False),
                name="an_issue_has_a_holder_or_a_vehicle",
            ),
        )
        indexes = (
            models.Index(fields=["unit", "kind", "state"], name="issue_by_unit"),
            models.Index(fields=["valid_until"], name="issue_to_end", condition=models.Q(state="active")),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class IssueStep(models.Model):
    """One step of an issue's life, in order."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="steps")
    state = models.CharField(max_length=10, choices=IssueState)
    at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    rule = models.CharField(max_length=20)

    class Meta:
        """Oldest first."""

        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.issue_id} {self.state}"


class SignatureKind(models.TextChoices):
    """How somebody signed."""

    PAPER = "paper", _("on paper, scanned")
    SCREEN = "screen", _("on the screen")


class Signature(models.Model):
    """The customer signed for a card (rule 13.6); without it nothing is active."""

    issue = models.OneToOneField(Issue, models.PROTECT, related_name="signature")
    signer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=SignatureKind)
    witness = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    image = models.BinaryField(null=True)
    """The scan or the drawn line, PNG, at most 256 KiB."""

    def __str__(self) -> str:
        return f"{self.issue_id} signed"


class DoorException(models.Model):
    """A card opens a door that does not follow from its unit, or does not open one that does."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="exceptions")
    door = models.ForeignKey(Door, models.PROTECT, related_name="exceptions")
    allows = models.BooleanField()
    reason = models.CharField(_("reason"), max_length=200)
    until = models.DateTimeField(_("until"))
    ended = models.BooleanField(default=False)
    """Its end has come, and the gates were told."""
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        """One word about one door at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=["issue", "door"], condition=models.Q(ended=False), name="one_exception_a_door"
            ),
        )
        indexes = (models.Index(fields=["until"], name="exception_to_end", condition=models.Q(ended=False)),)

    def __str__(self) -> str:
        return f"{self.issue_id} {'+' if self.allows else '-'} {self.door_id}"
