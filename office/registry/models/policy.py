"""What the estate may set where its procedures leave it open; one row."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from office.procedures.moving import read_hours

_AT_LEAST_ONE: Final = [MinValueValidator(1)]


def check_hours(text: str) -> None:
    """Raises ``ValidationError`` unless these are hours of a day."""
    try:
        read_hours(text)
    except ValueError:
        wrong = _("“%(hours)s”: write hours of one day, such as 07:30-09:00 or several with commas.")
        raise ValidationError(wrong, params={"hours": text}) from None


class Policy(models.Model):
    """Settable policy. Nothing here can stop a card for unpaid money: there is no such reason."""

    card_fee = models.DecimalField(
        _("cost fee of a card (13.5)"),
        max_digits=8,
        decimal_places=2,
        default=Decimal(20),
        validators=[MinValueValidator(0)],
    )
    temporary_deposit = models.DecimalField(
        _("deposit of a temporary card"),
        max_digits=8,
        decimal_places=2,
        default=Decimal(50),
        validators=[MinValueValidator(0)],
    )
    temporary_days = models.PositiveSmallIntegerField(
        _("days of a temporary card"), default=14, validators=_AT_LEAST_ONE
    )
    quota_area_m2 = models.DecimalField(
        _("floor area from which five cards may be applied for (13.4.2)"),
        max_digits=6,
        decimal_places=2,
        default=Decimal(130),
        validators=[MinValueValidator(0)],
    )
    quota_below = models.PositiveSmallIntegerField(
        _("cards below that area (13.4.2.1)"), default=4, validators=_AT_LEAST_ONE
    )
    quota_from = models.PositiveSmallIntegerField(
        _("cards from that area (13.4.2.2)"), default=5, validators=_AT_LEAST_ONE
    )
    tenancy_grace_days = models.PositiveSmallIntegerField(_("grace after a tenancy (15.1)"), default=7)
    lift_peaks = models.CharField(
        _("busy hours of the lift (15.4)"),
        max_length=100,
        default="07:30-09:00 17:30-19:30",
        blank=True,
        validators=[check_hours],
    )
    low_use_hours = models.CharField(
        _("hours of low use, for planned works (16.2)"),
        max_length=100,
        default="09:00-11:30 14:00-17:00",
        blank=True,
        validators=[check_hours],
    )
    event_days = models.PositiveSmallIntegerField(
        _("days that usage events are kept"), default=180, validators=[MinValueValidator(180)]
    )
    departed_days = models.PositiveSmallIntegerField(
        _("days after which a departed person is erased"), default=365, validators=_AT_LEAST_ONE
    )
    # What people typed about people; numbers, ids, dates and sums stay.
    alarm_days = models.PositiveSmallIntegerField(
        _("days that cleared alarms are kept"), default=365, validators=_AT_LEAST_ONE
    )
    case_days = models.PositiveSmallIntegerField(
        _("days that words and signatures of closed cases are kept (KH-14)"),
        default=1095,
        validators=_AT_LEAST_ONE,
    )
    slip_days = models.PositiveSmallIntegerField(
        _("days that words of closed slips and moves are kept (KH-15)"), default=365, validators=_AT_LEAST_ONE
    )
    complaint_days = models.PositiveSmallIntegerField(
        _("days that complaints are kept"), default=365, validators=_AT_LEAST_ONE
    )
    login_days = models.PositiveSmallIntegerField(
        _("days that sign-ins are kept"), default=180, validators=_AT_LEAST_ONE
    )

    def __str__(self) -> str:
        return "policy"

    @classmethod
    def current(cls) -> Policy:
        """The estate's settings; the shipped ones until somebody changes them."""
        return cls.objects.first() or cls()
