"""Shops, signs, activities, banners, notices (17.1 to 17.6): plain registers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from office.registry.models.cards import Issue
from office.registry.models.gates import Door
from office.registry.models.people import Person
from office.registry.models.places import Place


class Merchant(models.Model):
    """经营者: a business in a unit meant for it, its cards, and its checklist on leaving (17.3, 17.5)."""

    name = models.CharField(_("business"), max_length=100)
    keeper = models.ForeignKey(Person, models.PROTECT, related_name="merchants")
    unit = models.ForeignKey(Place, models.PROTECT, related_name="merchants")
    since = models.DateField(_("since"))
    cards = models.ManyToManyField(Issue, related_name="merchants")
    signs_removed = models.BooleanField(_("signs removed"), default=False)
    goods_removed = models.BooleanField(_("goods removed"), default=False)
    cleaned = models.BooleanField(_("cleaned"), default=False)
    left_on = models.DateField(_("left on"), null=True)

    def __str__(self) -> str:
        return self.name


class ShopInspection(models.Model):
    """Three duties before the door (门前三包), goods or work outside (17.3)."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="inspections")
    at = models.DateTimeField()
    inspector = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    good = models.BooleanField(_("in order"))
    note = models.CharField(_("note"), max_length=400, blank=True)

    def __str__(self) -> str:
        return f"{self.merchant_id} inspected"


class SignPermit(models.Model):
    """KH-05: a shop sign has its place and its end (17.1)."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="signs")
    wording = models.CharField(_("wording"), max_length=100)
    applied_at = models.DateTimeField()
    position = models.CharField(_("place assigned"), max_length=100, blank=True)
    expires_on = models.DateField(_("expires on"), null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        """What is approved has a place and an end."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(approved_at__isnull=True)
                | (models.Q(expires_on__isnull=False) & ~models.Q(position="")),
                name="an_approved_sign_has_place_and_end",
            ),
        )

    def __str__(self) -> str:
        return self.wording


class SignFinding(models.TextChoices):
    """What security reports of a sign."""

    EXPIRED = "expired", _("expired")
    RUSTED = "rusted", _("rusted")
    CROOKED = "crooked", _("crooked")
    IN_ORDER = "in_order", _("in order")


class SignReport(models.Model):
    """Security reports a sign to the desk (17.1)."""

    sign = models.ForeignKey(SignPermit, models.PROTECT, related_name="reports")
    finding = models.CharField(_("finding"), max_length=10, choices=SignFinding)
    at = models.DateTimeField()
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    handled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.sign_id} {self.finding}"


class ActivityState(models.TextChoices):
    """How far an activity is."""

    APPLIED = "applied", _("applied for")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")
    CLEARED = "cleared", _("site cleared")


class Activity(models.Model):
    """A public-benefit activity with its place, window and gates (17.2)."""

    name = models.CharField(_("activity"), max_length=100)
    applicant = models.ForeignKey(Person, models.PROTECT, related_name="activities")
    public_benefit = models.BooleanField(_("for the public benefit"))
    position = models.CharField(_("place assigned"), max_length=100, blank=True)
    doors = models.ManyToManyField(Door, related_name="activities")
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("until"))
    state = models.CharField(max_length=10, choices=ActivityState, default=ActivityState.APPLIED)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    passes = models.ManyToManyField(Issue, related_name="activities")
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        """No hawking."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(public_benefit=True), name="an_activity_is_for_the_public_benefit"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Banner(models.Model):
    """A commercial banner or advertisement: the office reviews, the manager approves (17.4)."""

    wording = models.CharField(_("wording"), max_length=100)
    position = models.CharField(_("place assigned"), max_length=100)
    start = models.DateField(_("from"))
    until = models.DateField(_("until"))
    applied_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        """Two persons, one after the other."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | (models.Q(reviewed_by__isnull=False) & ~models.Q(reviewed_by=models.F("approved_by"))),
                name="a_banner_is_reviewed_and_approved_by_two",
            ),
        )

    def __str__(self) -> str:
        return self.wording


class NoticeIssuer(models.TextChoices):
    """Whose notice it is."""

    GOVERNMENT = "government", _("government")
    COMPANY = "company", _("company")


class PublicNotice(models.Model):
    """A notice of the government or the company: the desk assigns a place and clears it (17.6)."""

    title = models.CharField(_("title"), max_length=100)
    issuer = models.CharField(_("issued by"), max_length=12, choices=NoticeIssuer)
    position = models.CharField(_("place assigned"), max_length=100)
    posted_at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    until = models.DateField(_("until"))
    cleared_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.title
