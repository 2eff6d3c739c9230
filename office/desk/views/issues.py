"""A card's page and the steps that a clerk takes on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.event_search import taps_after_stop
from office.casework.issuing import give_chip, sign_for_card
from office.casework.ledger import account_of, balance_of
from office.casework.loss import Report, report_loss, suspend_by_telephone
from office.casework.payments import pay_fee, to_pay
from office.casework.refunds import to_give_back
from office.casework.replacement import collect_old_card
from office.desk.choosing import MAX_DIGITS
from office.desk.event_lines import lines
from office.desk.forms import ChipForm, LossForm, PaymentForm, SignatureForm
from office.desk.refusals import DeskError
from office.desk.register_forms import REASON_WORDS
from office.desk.requests import step, typed, whatever_the_clock
from office.errors import OfficeError, Trouble
from office.hub.clerk_steps import card_report
from office.lists.store import hub_store
from office.procedures.issue_states import COUNTS, State
from office.procedures.withdrawal import Reason
from office.registry.models import (
    Application,
    ArchivedForm,
    AuditEntry,
    CardKind,
    GateSite,
    Issue,
    Person,
    Signature,
)

TAPS = 20
"""Of a stopped card, on a page; the search has all."""


@require_safe
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """State, holder, gates, history, and what can be done next."""
    card = get_object_or_404(
        Issue.objects.select_related(
            "holder", "vehicle__keeper", "unit", "chip", "application", "relation", "replaces"
        ),
        pk=pk,
    )
    due, running = to_pay(card), State(card.state) in COUNTS
    account = account_of(card)
    shown = {
        "issue": card,
        "holder": card_holder(card),
        "due": due,
        "steps": card.steps.select_related("clerk"),
        "payments": card.payments.select_related("clerk").order_by("at"),
        "gates": gate_lines(card),
        "payment_form": PaymentForm(initial={"amount": due}),
        "chip_form": ChipForm(),
        "signature_form": SignatureForm(),
        "loss_form": LossForm(),
        "open_case": card.cases.order_by("-pk").first(),
        "running": running,
        "unsigned": State(card.state) in {State.APPLIED, State.PAID},
        "held": to_give_back(card),
        "may_store": running and card.holder is not None and card.kind != CardKind.TEMPORARY,
        "signature": Signature.objects.filter(issue=card).select_related("witness").first(),
        "exceptions": card.exceptions.filter(ended=False).select_related("door").order_by("door__name"),
        "balance": None if account is None else balance_of(account),
        "ended_for": _ended_for(card),
        "later_taps": lines(taps_after_stop(card)[:TAPS]),
    }
    return render(request, "desk/issue.html", shown)


@require_safe
def gates(request: HttpRequest, pk: int) -> HttpResponse:
    """The gates' lines alone; the card's page asks for them every two seconds."""
    return render(request, "desk/parts/gates.html", {"gates": gate_lines(get_object_or_404(Issue, pk=pk))})


@require_safe
def application(request: HttpRequest, pk: int) -> HttpResponse:
    """An application with its cards: pay and sign one after the other."""
    shown = get_object_or_404(Application.objects.select_related("unit", "applicant", "clerk"), pk=pk)
    issues = shown.issues.select_related("holder", "vehicle", "relation", "chip").order_by("pk")
    archived = ArchivedForm.objects.filter(subject=f"application:{pk}").first()
    given = {"application": shown, "issues": issues, "archived": archived}
    return render(request, "desk/application.html", given)


@step
def pay(request: HttpRequest, actor: Actor, pk: int) -> str:
    """Rule 13.5."""
    form = valid(PaymentForm(request.POST))
    pay_fee(actor, pk, form["amount"], form["method"], form["receipt"], version=version(request))
    return page(pk)


@step
def set_chip(request: HttpRequest, actor: Actor, pk: int) -> str:
    """The chip that the card will be."""
    form = ChipForm(request.POST)
    valid(form)
    give_chip(actor, pk, form.credential(), form.cleaned_data["printed"], version=version(request))
    return page(pk)


@step
def sign(request: HttpRequest, actor: Actor, pk: int) -> str:
    """Rule 13.6: from here on the card opens."""
    form = valid(SignatureForm(request.POST, request.FILES))
    signer = card_holder(get_object_or_404(Issue, pk=pk))
    sign_for_card(actor, pk, signer, form["kind"], form["scan"], version=version(request))
    return page(pk)


@step
@whatever_the_clock
def report(request: HttpRequest, actor: Actor, pk: int) -> str:
    """KH-14: the stop goes out at once."""
    form = valid(LossForm(request.POST))
    card = get_object_or_404(Issue, pk=pk)
    told = Report(form["kind"], form["cause"], by_holder=not form["not_by_holder"])
    case = report_loss(actor, pk, card_holder(card), told, version=version(request))
    return reverse("case", args=[case.pk])


@step
@whatever_the_clock
def suspend(request: HttpRequest, actor: Actor, pk: int) -> str:
    """A verified telephone call."""
    case = suspend_by_telephone(actor, pk, typed(request.POST, "cause", 400))
    return reverse("case", args=[case.pk])


@step
def collect(_request: HttpRequest, actor: Actor, pk: int) -> str:
    """The old card is handed in."""
    collect_old_card(actor, pk)
    return page(pk)


def gate_lines(card: Issue) -> list[dict[str, object]]:
    """Per gate: since which second it refuses or accepts the card; ``None`` until it has confirmed."""
    names = dict(GateSite.objects.values_list("gate_id", "name"))
    return [
        {
            "name": names.get(one.confirmation.gate_id, str(one.confirmation.gate_id)),
            "accepts": one.ended is None,
            "since": one.confirmation.since,
            "moment": _moment(one.confirmation.since),
            "exact": one.confirmation.exact,
        }
        for one in card_report(hub_store(), issue_id=card.pk)
    ]


def _ended_for(card: Issue) -> Promise | None:
    """Why it was withdrawn, as the trail tells."""
    entry = AuditEntry.objects.filter(subject=f"issue:{card.pk}", action="issue withdraw").last()
    reason = None if entry is None else entry.facts.get("reason")
    return REASON_WORDS[Reason(reason)] if reason in {one.value for one in Reason} else None


def _moment(since: int | None) -> datetime | None:
    return None if since is None else datetime.fromtimestamp(since, UTC)


def valid(form: forms.Form) -> dict[str, Any]:
    """The form's data; raises ``OfficeError`` naming the first wrong field."""
    if form.is_valid():
        return form.cleaned_data
    name, errors = next(iter(form.errors.items()))
    label = form.fields[name].label if name in form.fields else name
    raise DeskError(_("%(field)s: %(error)s") % {"field": label, "error": errors[0]})


def version(request: HttpRequest) -> int | None:
    """The version of the record that the page showed."""
    text = request.POST.get("version", "")
    return int(text[:MAX_DIGITS]) if text.isdecimal() else None


def page(pk: int) -> str:
    """The card's page."""
    return reverse("issue", args=[pk])


def card_holder(card: Issue) -> Person:
    """Who holds the card; of a vehicle card, who keeps the vehicle."""
    if card.holder is not None:
        return card.holder
    if card.vehicle is not None:
        return card.vehicle.keeper
    raise OfficeError(f"card {card.pk} has no holder", Trouble.NO_HOLDER)
