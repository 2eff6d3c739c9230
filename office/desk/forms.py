"""What a clerk types, checked field by field before any rule is asked."""

from __future__ import annotations

from typing import Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from office.registry.models import LossKind, PaymentMethod, SignatureKind
from sync.records import MAX_NUMBER_BYTES, Credential, Technology

DESK_TECHNOLOGIES: Final = (
    Technology.ISO14443A,
    Technology.EM4100,
    Technology.ISO14443B,
    Technology.ISO15693,
    Technology.WIEGAND,
)
"""What a desk reader types or tells."""
MAX_SCAN_BYTES: Final = 256 << 10


class ChipForm(forms.Form):
    """A chip as a desk reader types it, or as it is printed."""

    number = forms.CharField(
        label=_("chip number"),
        max_length=2 * MAX_NUMBER_BYTES,
        # The desk reader types into it without anybody clicking first.
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "spellcheck": "false"}),
    )
    technology = forms.TypedChoiceField(
        label=_("technology"),
        coerce=lambda value: Technology(int(value)),
        choices=[(int(one), one.name) for one in DESK_TECHNOLOGIES],
        initial=int(Technology.ISO14443A),
    )
    printed = forms.CharField(label=_("printed number"), max_length=40, required=False)

    def clean_number(self) -> bytes:
        """Hexadecimal digits, in pairs; spaces and colons are what readers put between them."""
        text = str(self.cleaned_data["number"]).replace(":", "").replace(" ", "").replace("-", "")
        try:
            return bytes.fromhex(text)
        except ValueError:
            raise forms.ValidationError(_("Write hexadecimal digits, such as 04A1B2C3.")) from None

    def credential(self) -> Credential:
        """The chip, once the form is valid."""
        return Credential(self.cleaned_data["technology"], self.cleaned_data["number"])


class PaymentForm(forms.Form):
    """The fee of a card."""

    amount = forms.DecimalField(label=_("amount"), max_digits=8, decimal_places=2, min_value=0)
    method = forms.TypedChoiceField(label=_("paid by"), choices=PaymentMethod.choices, coerce=PaymentMethod)
    receipt = forms.CharField(label=_("receipt number"), max_length=20)


class SignatureForm(forms.Form):
    """The customer signs for a card."""

    kind = forms.TypedChoiceField(label=_("signed"), choices=SignatureKind.choices, coerce=SignatureKind)
    scan = forms.FileField(label=_("scan (PNG)"), required=False, max_length=200)

    def clean_scan(self) -> bytes | None:
        """A PNG of bounded size."""
        scan: UploadedFile | None = self.cleaned_data["scan"]
        if scan is None:
            return None
        if (scan.size or 0) > MAX_SCAN_BYTES:
            raise forms.ValidationError(_("The scan is larger than 256 KiB. Scan it in grey, with 150 dpi."))
        data: bytes = scan.read()
        if not data.startswith(b"\x89PNG\r\n\x1a\n"):
            raise forms.ValidationError(_("The scan must be a PNG file."))
        return data


class LossForm(forms.Form):
    """KH-14-R01."""

    kind = forms.TypedChoiceField(
        label=_("what happened"),
        choices=[(one.value, one.label) for one in (LossKind.LOST, LossKind.DAMAGED)],
        coerce=LossKind,
    )
    cause = forms.CharField(label=_("cause"), max_length=400, required=False)
    not_by_holder = forms.BooleanField(
        label=_("the damage was not caused by the holder (no fee)"), required=False
    )


CHANNELS: Final = {
    "telephone": _("telephone"),
    "message": _("text message"),
    "in person": _("in person"),
}


class ToldForm(forms.Form):
    """How the holder was told to collect (rule 14.8)."""

    channel = forms.ChoiceField(label=_("channel"), choices=CHANNELS.items())
    result = forms.CharField(label=_("result"), max_length=100)


class ObjectionForm(forms.Form):
    """The holder's word about the balance (rule 14.2)."""

    agreed = forms.TypedChoiceField(
        label=_("balance"),
        choices=[("yes", _("agreed")), ("no", _("objected"))],
        coerce=lambda value: value == "yes",
    )
    objection = forms.CharField(label=_("objection"), max_length=400, required=False)
