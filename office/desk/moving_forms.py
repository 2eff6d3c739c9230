"""Forms of KH-15: moving in and away, the lift, release slips."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from office.desk.choosing import DateField, MomentField, SeveralField
from office.registry.models import (
    Door,
    MemberRole,
    Membership,
    MoveOut,
    Person,
    Place,
    SettlementKind,
    SignatureKind,
)

MAX_PERSONS: Final = 12


class PersonsField(forms.CharField):
    """Persons, one a line: ``name, phone``, or ``#12`` for somebody on record."""

    widget = forms.Textarea(attrs={"rows": 3})

    def clean(self, value: object) -> list[tuple[Person | None, str, str]]:
        """For each line who is on record, or name and phone of somebody new."""
        lines = [one.strip() for one in str(super().clean(value) or "").splitlines() if one.strip()]
        if len(lines) > MAX_PERSONS:
            raise ValidationError(gettext("At most %(most)s persons.") % {"most": MAX_PERSONS})
        return [_person(one) for one in lines]


class OnceForm(forms.Form):
    """A form that is one record however often it is sent."""

    submission = forms.UUIDField(widget=forms.HiddenInput)


class MembersForm(forms.Form):
    """A form that offers the unit's members."""

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **kwargs)
        people = [one.person_id for one in self.offered(members)]
        for name in ("owner", "persons", "requester"):
            if name in self.fields:
                field: Any = self.fields[name]
                field.queryset = Person.objects.filter(pk__in=people)

    def offered(self, members: Sequence[Membership]) -> Sequence[Membership]:
        """Which of the members."""
        return members


class OwnersForm(MembersForm):
    """A form that offers the unit's owners."""

    def offered(self, members: Sequence[Membership]) -> Sequence[Membership]:
        """Owners only."""
        return [one for one in members if one.role == MemberRole.OWNER]


class MoveInForm(OwnersForm, OnceForm):
    """《入伙客户情况登记表》."""

    owner = forms.ModelChoiceField(Person.objects.none(), label=_("owner of the unit"))
    owner_present = forms.BooleanField(label=_("The owner of the unit is present (15.1)"), required=False)
    tenants = PersonsField(
        label=_("tenants"),
        max_length=2000,
        help_text=_("One a line: name, phone; or #12 for a known person."),
    )
    since = DateField(label=_("since"))
    last_day = DateField(label=_("last day of the tenancy"))

    def clean(self) -> dict[str, Any]:
        """``until`` is the first day after."""
        return _until(dict(super().clean() or {}))


class ExtendForm(forms.Form):
    """A tenancy goes on."""

    last_day = DateField(label=_("new last day of the tenancy"))

    def clean(self) -> dict[str, Any]:
        """``until`` is the first day after."""
        return _until(dict(super().clean() or {}))


class MoveOutForm(MembersForm, OnceForm):
    """KH-15-R01 《客户搬出登记表》."""

    persons = SeveralField(Person.objects.none(), label=_("who moves away"))
    day = DateField(label=_("day of the move"))
    late_reason = forms.CharField(
        label=_("reason, if notice is later than three days before"), max_length=200, required=False
    )


class PutOffForm(forms.Form):
    """The move comes on another day."""

    day = DateField(label=_("day of the move"))
    late_reason = forms.CharField(
        label=_("reason, if notice is later than three days before"), max_length=200, required=False
    )


class SettlementForm(forms.Form):
    """A line of the settlement: a record, never a condition."""

    kind = forms.TypedChoiceField(label=_("kind"), choices=SettlementKind.choices, coerce=SettlementKind)
    amount = forms.DecimalField(label=_("amount"), max_digits=10, decimal_places=2)
    settled = forms.BooleanField(label=_("settled"), required=False)
    note = forms.CharField(label=_("note"), max_length=200, required=False)


class ConsentForm(OwnersForm):
    """The owner's signed consent (签确)."""

    owner = forms.ModelChoiceField(Person.objects.none(), label=_("owner of the unit"))
    kind = forms.TypedChoiceField(label=_("signed"), choices=SignatureKind.choices, coerce=SignatureKind)


class LiftForm(forms.Form):
    """When a lift is used for a move."""

    inwards = forms.TypedChoiceField(
        label=_("direction"),
        choices=[("in", _("moving in")), ("out", _("moving out"))],
        coerce=lambda value: value == "in",
    )
    start = MomentField(label=_("from"))
    end = MomentField(label=_("until"))
    busy_reason = forms.CharField(label=_("reason for busy hours"), max_length=200, required=False)


class SlipForm(MembersForm, OnceForm):
    """放行条 KH-09-R02."""

    requester = forms.ModelChoiceField(Person.objects.none(), label=_("requested by"))
    identity_checked = forms.BooleanField(
        label=_("I have looked at the identity document of this person"), required=False
    )
    move = forms.ModelChoiceField(MoveOut.objects.none(), label=_("belongs to the move"), required=False)
    goods = forms.CharField(label=_("goods"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
    carrier = forms.CharField(label=_("person or plate"), max_length=100)
    door = forms.ModelChoiceField(
        Door.objects.filter(exit_for_slips=True).select_related("gate", "serves"), label=_("exit")
    )
    since = MomentField(label=_("from"))
    until = MomentField(label=_("until"))
    trips = forms.IntegerField(label=_("trips"), min_value=1, max_value=999, initial=1)

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - Django's
        moves: QuerySet[MoveOut],
        unit: Place,
        **kwargs: Any,  # noqa: ANN401 - Django's
    ) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["move"]
        field.queryset = moves
        asking: Any = self.fields["requester"]
        keeps = Q(merchants__unit=unit, merchants__left_on__isnull=True)
        asking.queryset = Person.objects.filter(Q(pk__in=asking.queryset.values("pk")) | keeps).distinct()


class ExitForm(forms.Form):
    """Another exit."""

    door = forms.ModelChoiceField(Door.objects.filter(exit_for_slips=True), label=_("exit"))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("reason"), max_length=200)


class LeftForm(ReasonForm):
    """How many trips are left, by a clerk's word."""

    left = forms.IntegerField(label=_("trips left"), min_value=0, max_value=999)


class CheckForm(forms.Form):
    """What a guard saw."""

    good = forms.TypedChoiceField(
        label=_("finding"),
        choices=[("yes", _("in order")), ("no", _("not in order"))],
        coerce=lambda value: value == "yes",
    )
    note = forms.CharField(label=_("note"), max_length=400, required=False)


def _until(data: dict[str, Any]) -> dict[str, Any]:
    last_day = data.get("last_day")
    if last_day is not None:
        data["until"] = last_day + timedelta(days=1)
    return data


def _person(line: str) -> tuple[Person | None, str, str]:
    if line.startswith("#") and line[1:].isdecimal():
        known = Person.objects.filter(Q(pk=int(line[1:])), erased_at__isnull=True).first()
        if known is None:
            raise ValidationError(gettext("%(line)s: nobody has this number.") % {"line": line})
        return known, "", ""
    name, _comma, phone = line.replace("，", ",").partition(",")
    if not name.strip() or len(name) > 200 or len(phone) > 40:
        raise ValidationError(gettext("%(line)s: write a name and a phone number.") % {"line": line[:60]})
    return None, name.strip(), phone.strip()
