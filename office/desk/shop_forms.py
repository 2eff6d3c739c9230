"""Forms of the registers of shops, signs, activities, banners, notices (17.1 to 17.6)."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from office.desk.choosing import DateField, MomentField, PersonField, SeveralField, UnitField
from office.desk.forms import ChipForm
from office.desk.long_lists import LongCheckboxes
from office.procedures.shops import Leaving
from office.registry.models import Door, NoticeIssuer, SignatureKind, SignFinding

LEAVING_WORDS = {
    Leaving.SIGNS_REMOVED: _("signs removed"),
    Leaving.GOODS_REMOVED: _("goods removed"),
    Leaving.CLEANED: _("cleaned"),
}


class MerchantForm(forms.Form):
    """A merchant opens."""

    name = forms.CharField(label=_("business"), max_length=100)
    keeper = PersonField(label=_("shopkeeper (name, phone or #number)"), max_length=200)
    unit = UnitField(label=_("unit or shop"), max_length=200)
    since = DateField(label=_("since"))


class HolderForm(forms.Form):
    """Who holds a card."""

    holder = PersonField(label=_("holder (name, phone or #number)"), max_length=200)


class LeavingForm(forms.Form):
    """The leaving checklist."""

    done = forms.TypedMultipleChoiceField(
        label=_("done"),
        choices=[(one.value, words) for one, words in LEAVING_WORDS.items()],
        coerce=Leaving,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class SignForm(forms.Form):
    """A shop applies for a sign."""

    wording = forms.CharField(label=_("wording"), max_length=100)


class ApprovalForm(forms.Form):
    """The desk assigns a place and an end."""

    position = forms.CharField(label=_("place assigned"), max_length=100)
    expires_on = DateField(label=_("expires on"))


class FindingForm(forms.Form):
    """What security saw of a sign."""

    finding = forms.TypedChoiceField(label=_("finding"), choices=SignFinding.choices, coerce=SignFinding)


class ActivityForm(forms.Form):
    """An activity is applied for."""

    name = forms.CharField(label=_("activity"), max_length=100)
    applicant = PersonField(label=_("applicant (name, phone or #number)"), max_length=200)
    public_benefit = forms.BooleanField(label=_("for the public benefit"), required=False)
    start = MomentField(label=_("from"))
    end = MomentField(label=_("until"))


class PermitForm(forms.Form):
    """The desk assigns a place and gates."""

    position = forms.CharField(label=_("place assigned"), max_length=100)
    doors = SeveralField(Door.objects.order_by("name"), label=_("doors"), widget=LongCheckboxes)


class PassForm(HolderForm, ChipForm):
    """A pass for somebody of the activity."""

    signed = forms.TypedChoiceField(label=_("signed"), choices=SignatureKind.choices, coerce=SignatureKind)


class BannerForm(forms.Form):
    """A banner is applied for."""

    wording = forms.CharField(label=_("wording"), max_length=100)
    position = forms.CharField(label=_("place assigned"), max_length=100)
    start = DateField(label=_("from"))
    until = DateField(label=_("until"))


class NoticeForm(forms.Form):
    """A notice of the government or the company."""

    title = forms.CharField(label=_("title"), max_length=100)
    issuer = forms.TypedChoiceField(label=_("issued by"), choices=NoticeIssuer.choices, coerce=NoticeIssuer)
    position = forms.CharField(label=_("place assigned"), max_length=100)
    until = DateField(label=_("until"))
