"""Forms of outages (16.1 to 16.5)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from office.desk.choosing import MomentField, PersonField
from office.desk.long_lists import LongSelect
from office.registry.models import OutageAudience, OutageCause, OutageFinding, OutageKind, Place, PlaceKind
from sync.records import DoorMode

AREAS = (PlaceKind.ESTATE, PlaceKind.PHASE, PlaceKind.BUILDING, PlaceKind.ENTRANCE, PlaceKind.GARAGE)
MODE_WORDS = {DoorMode.NORMAL: _("normal"), DoorMode.FREE: _("free"), DoorMode.LOCKDOWN: _("locked down")}


class AreaForm(forms.Form):
    """What fails where."""

    place = forms.ModelChoiceField(
        Place.objects.filter(kind__in=AREAS).order_by("path"), label=_("area"), widget=LongSelect
    )
    utility = forms.TypedChoiceField(label=_("utility"), choices=OutageKind.choices, coerce=OutageKind)


class OutageForm(AreaForm):
    """An outage is announced."""

    cause = forms.TypedChoiceField(
        label=_("cause"),
        choices=[one for one in OutageCause.choices if one[0] != OutageCause.UNANNOUNCED],
        coerce=OutageCause,
    )
    received_at = MomentField(label=_("notice received, or reported in writing"))
    start = MomentField(label=_("from"))
    end = MomentField(label=_("until"), required=False)
    reason = forms.CharField(label=_("reason"), max_length=400)
    emergency = forms.BooleanField(label=_("emergency"), required=False)
    deviation_reason = forms.CharField(
        label=_("reason, if it is reported late, lasts over four hours or falls into busy hours"),
        max_length=200,
        required=False,
    )


class ToldForm(forms.Form):
    """Somebody was told, or a notice posted."""

    audience = forms.TypedChoiceField(
        label=_("told to"), choices=OutageAudience.choices, coerce=OutageAudience
    )
    channel = forms.CharField(label=_("channel, or which board"), max_length=60)
    result = forms.CharField(label=_("result"), max_length=200, required=False)
    late_reason = forms.CharField(label=_("reason, if it is late"), max_length=200, required=False)


class ComplaintForm(forms.Form):
    """Somebody complains."""

    person = PersonField(label=_("person (name, phone or #number)"), max_length=200, required=False)
    said = forms.CharField(label=_("complaint"), max_length=400)
    answer = forms.CharField(label=_("explained"), max_length=400, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **kwargs)
        if self.is_bound and not str(self.data.get("person", "")).strip():
            del self.fields["person"]


class EndForm(forms.Form):
    """Expected restoration."""

    end = MomentField(label=_("expected restoration"))


class FindingForm(forms.Form):
    """What maintenance found."""

    finding = forms.TypedChoiceField(label=_("finding"), choices=OutageFinding.choices, coerce=OutageFinding)
    end = MomentField(label=_("expected restoration"), required=False)


class ModeForm(forms.Form):
    """How doors stand during the outage."""

    mode = forms.TypedChoiceField(
        label=_("doors during the outage"),
        choices=[(int(one), words) for one, words in MODE_WORDS.items()],
        coerce=lambda value: DoorMode(int(value)),
    )


class SwitchForm(forms.Form):
    """Maintenance begins."""

    emergency = forms.BooleanField(label=_("It is an emergency"), required=False)
