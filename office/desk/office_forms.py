"""Forms of the office itself: till, staff, deputies, policy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from office.desk.choosing import DateField
from office.registry.models import Policy, StaffRole


class VoidForm(forms.Form):
    """A receipt was a mistake."""

    reason = forms.CharField(label=_("reason"), max_length=200)


class ClosingForm(forms.Form):
    """The till was counted."""

    counted = forms.DecimalField(label=_("counted cash"), max_digits=12, decimal_places=2)
    note = forms.CharField(label=_("note"), max_length=200, required=False)


class RolesForm(forms.Form):
    """What a member of staff is."""

    roles = forms.TypedMultipleChoiceField(
        label=_("roles"),
        choices=StaffRole.choices,
        coerce=StaffRole,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class PasswordForm(forms.Form):
    """A password, judged by the office's rules."""

    password = forms.CharField(
        label=_("password"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, not a common password, not the name."),
    )

    def clean_password(self) -> str:
        """Raises a validation error with Django's words."""
        password = str(self.cleaned_data["password"])
        validate_password(password, User(username=str(self.data.get("name", ""))))
        return password


class StaffForm(RolesForm, PasswordForm):
    """A new member of staff."""

    name = forms.CharField(label=_("sign-in name"), max_length=60)
    full_name = forms.CharField(label=_("name"), max_length=60)
    field_order = ("name", "full_name", "password", "roles")


class OwnPasswordForm(PasswordForm):
    """One's own password: the old one is asked for."""

    old = forms.CharField(
        label=_("present password"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    again = forms.CharField(
        label=_("new password again"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    field_order = ("old", "password", "again")

    def clean(self) -> dict[str, Any]:
        """Typed twice alike."""
        data = dict(super().clean() or {})
        if "password" in data and data["password"] != data.get("again"):
            self.add_error("again", _("This is not the same as above."))
        return data


class StaffField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A member of staff, by name and sign-in name."""

    def label_from_instance(self, obj: User) -> str:
        """Both, for two may be called alike."""
        return f"{obj.get_full_name()} · {obj.get_username()}" if obj.get_full_name() else obj.get_username()


class DeputyForm(forms.Form):
    """Who stands in for which role."""

    user = StaffField(label=_("who"), queryset=User.objects.filter(is_active=True).order_by("username"))
    role = forms.TypedChoiceField(label=_("role"), choices=StaffRole.choices, coerce=StaffRole)
    since = DateField(label=_("since"))
    last_day = DateField(label=_("last day"))


PolicyForm = forms.modelform_factory(Policy, fields="__all__")
"""Every setting that the estate's procedures leave open."""
