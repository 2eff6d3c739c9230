"""Would this card open this door then, and why."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from office.casework.would_open import would_open
from office.desk.choosing import MomentField
from office.desk.event_words import DIRECTIONS, FINDINGS, reason_word
from office.desk.long_lists import LongSelect
from office.desk.requests import now
from office.registry.models import Door, Issue
from sync.records import Direction


class QuestionForm(forms.Form):
    """Which door, which way, when."""

    door = forms.ModelChoiceField(Door.objects.order_by("name"), label=_("door"), widget=LongSelect)
    direction = forms.TypedChoiceField(
        label=_("direction"),
        choices=[(int(one), DIRECTIONS[one]) for one in (Direction.IN, Direction.OUT)],
        coerce=lambda value: Direction(int(value)),
    )
    at = MomentField(label=_("when (empty: now)"), required=False)


@require_safe
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """The question, and what the office knows."""
    issue = get_object_or_404(Issue.objects.select_related("chip", "unit", "vehicle"), pk=pk)
    form = QuestionForm(request.GET or None, initial={"direction": int(Direction.IN)})
    shown: dict[str, object] = {"issue": issue, "form": form}
    if form.is_bound and form.is_valid():
        door, at = form.cleaned_data["door"], form.cleaned_data["at"] or now()
        answer = would_open(issue, door, form.cleaned_data["direction"], at)
        shown |= {"answer": answer, "door": door, "at": at, "asked": True}
        if answer is not None:
            shown["lines"] = [
                {
                    "words": FINDINGS[one.finding],
                    "reason": reason_word(None if one.reason is None else int(one.reason)),
                    "schedule": one.schedule,
                }
                for one in answer.assessment.lines
            ]
    return render(request, "desk/would_open.html", shown)
