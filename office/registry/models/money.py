"""Money at the desk (fees, deposits, refunds) and stored value of holders (a double-entry ledger)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from office.registry.models.cards import Issue
from office.registry.models.people import Person


class PaymentKind(models.TextChoices):
    """What was paid for."""

    FEE = "fee", _("cost fee")
    DEPOSIT = "deposit", _("deposit")
    REFUND = "refund", _("refund")


class PaymentMethod(models.TextChoices):
    """How it was paid."""

    CASH = "cash", _("cash")
    WECHAT = "wechat", _("WeChat Pay")
    ALIPAY = "alipay", _("Alipay")
    BANK = "bank", _("bank transfer")


class CashClosing(models.Model):
    """The till was counted at the end of a day; its payments change no more."""

    day = models.DateField(unique=True)
    closed_at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    expected_cash = models.DecimalField(max_digits=12, decimal_places=2)
    counted_cash = models.DecimalField(max_digits=12, decimal_places=2)
    note = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return str(self.day)


class Payment(models.Model):
    """One receipt. It is never changed: a mistake is voided, with a reason, before the day is closed."""

    kind = models.CharField(max_length=8, choices=PaymentKind)
    method = models.CharField(_("paid by"), max_length=8, choices=PaymentMethod)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="payments")
    receipt = models.CharField(_("receipt number"), max_length=20, unique=True)
    at = models.DateTimeField()
    day = models.DateField()
    """In the estate's time zone."""
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    closing = models.ForeignKey(CashClosing, models.PROTECT, null=True, related_name="payments")
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        """An amount is positive; its direction is its kind's."""

        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="a_payment_is_positive"),
        )

    def __str__(self) -> str:
        return self.receipt


class Account(models.Model):
    """Stored value of one holder; it belongs to the account, not to the chip (rules 14.2, 14.9)."""

    holder = models.ForeignKey(Person, models.PROTECT, null=True, related_name="accounts")
    """``None``: the estate's own side, such as cash, sales, opening balances."""
    name = models.CharField(max_length=40, blank=True)
    issue = models.OneToOneField(Issue, models.PROTECT, null=True, related_name="account")
    """The card that spends from it."""
    frozen = models.BooleanField(default=False)

    class Meta:
        """An account is a holder's or has a name."""

        constraints = (
            models.UniqueConstraint(
                fields=["name"], condition=~models.Q(name=""), name="one_estate_account_a_name"
            ),
        )

    def __str__(self) -> str:
        return self.name or f"account {self.pk}"


class EntryKind(models.TextChoices):
    """Why money moved."""

    OPENING = "opening", _("opening balance")
    TOP_UP = "top_up", _("top-up")
    SPENDING = "spending", _("spending")
    REFUND = "refund", _("refund")
    CORRECTION = "correction", _("correction")


class LedgerEntry(models.Model):
    """One movement from one account to another: every sum of the ledger is zero by its form."""

    kind = models.CharField(max_length=12, choices=EntryKind)
    debit = models.ForeignKey(Account, models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, models.PROTECT, related_name="credits")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    at = models.DateTimeField()
    clerk = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        """Money moves between two accounts, forwards."""

        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="an_entry_is_positive"),
            models.CheckConstraint(
                condition=~models.Q(debit=models.F("credit")), name="an_entry_has_two_accounts"
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.debit_id}→{self.credit_id}"
