"""Forms of the register: people, memberships, vehicles, and what a clerk decides about a card."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from office.desk.choosing import DateField, PersonField, UnitField
from office.desk.forms import ChipForm, SignatureForm
from office.desk.long_lists import LongSelect
from office.procedures.stored_value import DeskEntry
from office.procedures.withdrawal import ENDS_A_CASE, NOT_CHOSEN, Reason
from office.registry.models import Door, MemberRole, PaymentMethod
from sync.records import Credential

REASON_WORDS: Final = {
    Reason.HANDED_BACK: _("handed back by its holder"),
    Reason.MOVED_AWAY: _("the holder moved away"),
    Reason.NO_LONGER_MEMBER: _("the holder no longer belongs to the unit"),
    Reason.HOLDER_DIED: _("the holder died"),
    Reason.ISSUED_WRONGLY: _("issued by mistake"),
    Reason.PARKING_ENDED: _("the parking right ended"),
    Reason.MERCHANT_LEFT: _("the merchant left"),
    Reason.WORK_ENDED: _("the work here ended"),
    Reason.TEMPORARY_RETURNED: _("the temporary card came back"),
    Reason.TEMPORARY_LOST: _("the temporary card was lost or broken"),
    Reason.STAND_IN_OVER: _("the holder's own card was found, replaced or ended"),
    Reason.APPLICATION_CANCELLED: _("the application was cancelled"),
    Reason.NOT_REPLACED: _("lost or damaged, no replacement is wanted"),
}
"""Words for the closed list; unpaid money is not on it."""
ENTRY_WORDS: Final = {
    DeskEntry.OPENING: _("opening balance"),
    DeskEntry.TOP_UP: _("top-up"),
    DeskEntry.REFUND: _("refund"),
    DeskEntry.CORRECTION: _("correction"),
}


class PersonForm(forms.Form):
    """Who somebody is."""

    name = forms.CharField(label=_("name"), max_length=200)
    phone = forms.CharField(label=_("phone"), max_length=40, required=False)
    identity = forms.CharField(label=_("identity document"), max_length=40, required=False)
    note = forms.CharField(label=_("note"), max_length=400, required=False)


class BelongingForm(forms.Form):
    """How they belong to a unit."""

    role = forms.TypedChoiceField(label=_("role"), choices=MemberRole.choices, coerce=MemberRole)
    since = DateField(label=_("since"))
    last_day = DateField(label=_("last day (a tenancy has one)"), required=False)
    owner_present = forms.BooleanField(label=_("The owner of the unit is present (15.1)"), required=False)

    def clean(self) -> dict[str, Any]:
        """``until`` is the first day after."""
        data = dict(super().clean() or {})
        last_day = data.get("last_day")
        data["until"] = None if last_day is None else last_day + timedelta(days=1)
        return data


class NewPersonForm(PersonForm, BelongingForm):
    """A new person of a unit."""

    field_order = ("name", "phone", "identity", "note", "role", "since", "last_day", "owner_present")


class MembershipForm(BelongingForm):
    """A person who is on record belongs to a further unit."""

    unit = UnitField(label=_("unit"), max_length=200)
    field_order = ("unit", "role", "since", "last_day", "owner_present")


class LastDayForm(forms.Form):
    """The last day of whatever ends."""

    last_day = DateField(label=_("last day"))


class OwnerForm(forms.Form):
    """A unit changes hands."""

    owner = PersonField(
        label=_("new owner"), max_length=200, help_text=_("Name, phone number, or # and number.")
    )
    since = DateField(label=_("owner since"))


class VehicleForm(forms.Form):
    """A vehicle with a parking right."""

    plate = forms.CharField(label=_("plate"), max_length=20)
    keeper = PersonField(
        label=_("keeper"), max_length=200, help_text=_("Name, phone number, or # and number.")
    )
    last_day = DateField(label=_("last day of the parking right (empty: no end agreed)"), required=False)


class ParkingForm(forms.Form):
    """How long a vehicle may park."""

    last_day = DateField(label=_("last day of the parking right (empty: no end agreed)"), required=False)


class VersionForm(forms.Form):
    """Carries the version of the card that the page showed: a stale page changes nothing."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class WithdrawForm(VersionForm):
    """A decision about a card (rule 13.3)."""

    reason = forms.TypedChoiceField(
        label=_("reason"),
        choices=[("", "…"), *((one.value, REASON_WORDS[one]) for one in Reason if one not in NOT_CHOSEN)],
        coerce=Reason,
    )


class RefundForm(forms.Form):
    """How money is given back."""

    method = forms.TypedChoiceField(label=_("paid by"), choices=PaymentMethod.choices, coerce=PaymentMethod)
    receipt = forms.CharField(label=_("receipt number"), max_length=20, required=False)


class LostTemporaryForm(VersionForm):
    """A temporary card was lost or broken: what becomes of its deposit."""

    deposit = forms.ChoiceField(
        label=_("deposit"), choices=[("", "…"), ("keep", _("is kept")), ("return", _("is given back"))]
    )
    method = forms.TypedChoiceField(
        label=_("given back by"), choices=PaymentMethod.choices, coerce=PaymentMethod, required=False
    )
    receipt = forms.CharField(label=_("receipt number"), max_length=20, required=False)


class CaseEndForm(forms.Form):
    """Why a lost or damaged card is not replaced."""

    reason = forms.TypedChoiceField(
        label=_("reason"),
        choices=[("", "…"), *((one.value, REASON_WORDS[one]) for one in Reason if one in ENDS_A_CASE)],
        coerce=Reason,
    )


class ReceiptForm(VersionForm, RefundForm):
    """Money is given back for a card."""


class ExceptionForm(forms.Form):
    """A door that does not follow from the unit, or one less."""

    door = forms.ModelChoiceField(label=_("door"), queryset=Door.objects.order_by("name"), widget=LongSelect)
    allows = forms.TypedChoiceField(
        label=_("what"),
        choices=[("yes", _("opens this door, too")), ("no", _("does not open this door"))],
        coerce=lambda value: value == "yes",
    )
    reason = forms.CharField(label=_("reason"), max_length=200)
    last_day = DateField(label=_("last day"))


class LendingForm(ChipForm, SignatureForm):
    """A temporary card: deposit, chip, end, signature."""

    last_day = DateField(label=_("last day"))
    method = forms.TypedChoiceField(
        label=_("deposit paid by"), choices=PaymentMethod.choices, coerce=PaymentMethod
    )
    receipt = forms.CharField(label=_("receipt number"), max_length=20)
    field_order = ("number", "technology", "printed", "last_day", "method", "receipt", "kind", "scan")

    def clean(self) -> dict[str, Any]:
        """The chip in one."""
        data = dict(super().clean() or {})
        if "number" in data and "technology" in data:
            data["chip"] = Credential(data["technology"], data["number"])
        return data


class EntryForm(forms.Form):
    """An entry on a holder's account."""

    kind = forms.TypedChoiceField(
        label=_("entry"), choices=[(one.value, words) for one, words in ENTRY_WORDS.items()], coerce=DeskEntry
    )
    amount = forms.DecimalField(
        label=_("amount"),
        max_digits=10,
        decimal_places=2,
        help_text=_("A correction may be below zero."),
    )
    note = forms.CharField(label=_("note"), max_length=200, required=False)
