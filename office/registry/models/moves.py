"""KH-15: tenancies, moves, use of the lift, and release slips. Who moves is a person's id, never a name."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from office.registry.models.cards import Issue, SignatureKind
from office.registry.models.gates import Door
from office.registry.models.people import Membership, Person
from office.registry.models.places import Place


class Tenancy(models.Model):
    """A tenant's move-in (rule 15.1) as 《入伙客户情况登记表》 has it; its persons are tenants."""

    unit = models.ForeignKey(Place, models.PROTECT, related_name="tenancies")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")
    """Who was present."""
    owner_present = models.BooleanField(_("the owner is present"))
    since = models.DateField(_("since"))
    until = models.DateField(_("until"))
    """First day after it."""
    memberships = models.ManyToManyField(Membership, related_name="tenancies")
    registered_at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(null=True)
    """The desk has asked whether it goes on, and it does not."""
    submission = models.UUIDField(unique=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        """What holds of every tenancy."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(owner_present=True), name="the_owner_was_present_at_the_move_in"
            ),
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("since")), name="a_tenancy_ends_after_it_began"
            ),
        )
        indexes = (models.Index(fields=["until"], name="tenancy_to_end"),)

    def __str__(self) -> str:
        return f"tenancy #{self.pk}"

    @property
    def last_day(self) -> date:
        """As people say it; ``until`` is the first day after it."""
        return self.until - timedelta(days=1)


class MoveState(models.TextChoices):
    """How far a move is."""

    NOTICED = "noticed", _("announced")
    OVER = "over", _("moved away")
    CALLED_OFF = "called_off", _("called off")


class MoveOut(models.Model):
    """KH-15-R01 《客户搬出登记表》: who moves away when, and what came of it."""

    unit = models.ForeignKey(Place, models.PROTECT, related_name="moves")
    by_tenant = models.BooleanField()
    persons = models.ManyToManyField(Person, related_name="moves")
    state = models.CharField(max_length=10, choices=MoveState, default=MoveState.NOTICED)
    noticed_at = models.DateTimeField()
    day = models.DateField(_("day of the move"))
    late_reason = models.CharField(_("reason for late notice"), max_length=200, blank=True)
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    consent_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    """The owner who signed (签确); only a tenant's move needs it."""
    consent_at = models.DateTimeField(null=True)
    consent_kind = models.CharField(max_length=8, choices=SignatureKind, blank=True)
    goods_checked_at = models.DateTimeField(null=True)
    goods_checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    submission = models.UUIDField(unique=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        """Found by day."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(consent_by__isnull=True, consent_at__isnull=True)
                | models.Q(consent_by__isnull=False, consent_at__isnull=False),
                name="a_consent_has_its_signer_and_time",
            ),
        )
        indexes = (models.Index(fields=["state", "day"], name="move_by_day"),)

    def __str__(self) -> str:
        return f"KH-15-R01 #{self.pk}"


class MovedCard(models.Model):
    """A card that ends with a move, and the end that it had before."""

    move = models.ForeignKey(MoveOut, models.PROTECT, related_name="cards")
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="moves")
    end_before = models.DateTimeField(null=True)

    class Meta:
        """Once a move."""

        constraints = (models.UniqueConstraint(fields=["move", "issue"], name="a_card_once_a_move"),)

    def __str__(self) -> str:
        return f"{self.move_id} {self.issue_id}"


class SettlementKind(models.TextChoices):
    """What is settled on moving away (rule 15.3)."""

    WATER = "water", _("water")
    POWER = "power", _("power")
    MANAGEMENT = "management", _("management fees")


class Settlement(models.Model):
    """One line of the settlement (办理结算手续). It is a record: nothing waits for it, nothing ends by it."""

    move = models.ForeignKey(MoveOut, models.PROTECT, related_name="settlements")
    kind = models.CharField(max_length=12, choices=SettlementKind)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    settled = models.BooleanField(_("settled"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        """The last word of each kind counts."""

        constraints = (models.UniqueConstraint(fields=["move", "kind"], name="a_settlement_of_a_kind"),)

    def __str__(self) -> str:
        return f"{self.move_id} {self.kind}"


class LiftUse(models.Model):
    """A lift is used for a move, in or out (rule 15.4)."""

    unit = models.ForeignKey(Place, models.PROTECT, related_name="lift_uses")
    inwards = models.BooleanField(_("moving in"))
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("until"))
    busy_reason = models.CharField(_("reason for busy hours"), max_length=200, blank=True)
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"lift {self.start:%Y-%m-%d %H:%M}"


class SlipState(models.TextChoices):
    """How far a slip is (`office.procedures.slips`)."""

    OPEN = "open", _("open")
    USED = "used", _("used up")
    CANCELLED = "cancelled", _("cancelled")
    OVER = "over", _("time over")


class ReleaseSlip(models.Model):
    """放行条 KH-09-R02: goods leave through one exit, so many times (rule 15.2)."""

    unit = models.ForeignKey(Place, models.PROTECT, related_name="slips")
    requester = models.ForeignKey(Person, models.PROTECT, related_name="slips")
    move = models.ForeignKey(MoveOut, models.PROTECT, null=True, related_name="slips")
    goods = models.TextField(_("goods"), max_length=2000)
    carrier = models.CharField(_("person or plate"), max_length=100)
    door = models.ForeignKey(Door, models.PROTECT, related_name="slips")
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    trips = models.PositiveIntegerField(_("trips"), default=1)
    code = models.CharField(max_length=64, unique=True)
    """What the QR code says."""
    state = models.CharField(max_length=10, choices=SlipState, default=SlipState.OPEN)
    off_gates = models.BooleanField(default=False)
    """No gate has, or will get, a grant of it any more."""
    issued_at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=200, blank=True)
    submission = models.UUIDField(unique=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        """Trips, and a window."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("since")), name="a_slip_ends_after_it_began"
            ),
            models.CheckConstraint(condition=models.Q(trips__gte=1), name="a_slip_has_a_trip"),
        )
        indexes = (models.Index(fields=["until"], name="slip_to_end", condition=models.Q(off_gates=False)),)

    def __str__(self) -> str:
        return f"KH-09-R02 #{self.pk}"


class SlipSeen(models.TextChoices):
    """What happened with a slip (`office.procedures.slips`)."""

    OPENED = "opened", _("gate opened")
    BOOKED = "booked", _("opened by the guard's card")
    REFUSED = "refused", _("refused by the guard")
    CONFIRMED = "confirmed", _("goods compared with the list")
    AFTER_CHECK = "after_check", _("checked afterwards")


class SlipPassing(models.Model):
    """One line of a slip's book: from a gate's event, or from a guard's phone (rules 15.5, 15.6)."""

    slip = models.ForeignKey(ReleaseSlip, models.PROTECT, related_name="book")
    seen = models.CharField(max_length=12, choices=SlipSeen)
    at = models.DateTimeField()
    gate_id = models.PositiveBigIntegerField(null=True)
    event_id = models.PositiveBigIntegerField(null=True)
    """Row of the gate's event; the retention may have purged it since."""
    guard_card = models.PositiveBigIntegerField(null=True)
    """Issue id of the guard's card, where the gate told it."""
    guard = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    good = models.BooleanField(default=True)
    """Of a check: nothing to complain of."""
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        """In order."""

        ordering = ("at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["event_id"], condition=models.Q(event_id__isnull=False), name="an_event_booked_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.slip_id} {self.seen}"
