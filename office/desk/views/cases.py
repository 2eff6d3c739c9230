"""A loss case (KH-14): its page, and each step of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.case_ends import end_without_replacement
from office.casework.event_search import taps_after_stop
from office.casework.loss import (
    Report,
    card_found,
    confirm_suspension,
    lift_suspension,
    restore_found_card,
    review,
    say_balance,
)
from office.casework.payments import balance_paid, fee_due
from office.casework.replacement import approve, authorise_replacement, sign_for_replacement, tell_holder
from office.casework.stop_receipts import missing_gates
from office.casework.temporary import deposits_of
from office.desk.event_lines import lines, names
from office.desk.forms import (
    CHANNELS,
    ChipForm,
    LossForm,
    ObjectionForm,
    PaymentForm,
    SignatureForm,
    ToldForm,
)
from office.desk.register_forms import CaseEndForm, RefundForm
from office.desk.requests import acting, step
from office.desk.views.issues import TAPS, card_holder, gate_lines, valid
from office.registry.models import (
    ArchivedForm,
    CaseState,
    LossCase,
    LossKind,
    Part,
    PaymentMethod,
    StaffRole,
)


@require_safe
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """R01 and R02 as they stand, and the next step."""
    found = get_object_or_404(
        LossCase.objects.select_related(
            "issue__holder",
            "issue__vehicle__keeper",
            "issue__unit",
            "clerk",
            "reviewer",
            "manager",
            "replacement",
        ),
        pk=pk,
    )
    new = found.replacement
    due = None if new is None else fee_due(new) - balance_paid(new)
    actor, to_return = acting(request), Decimal(0) if new is None else balance_paid(new)
    part = found.parts.filter(user=actor.user).values_list("part", flat=True).first()
    shown = {
        "case": found,
        "as_clerk": StaffRole.CLERK in actor.roles and part != Part.REVIEWER,
        "was_clerk": part == Part.CLERK,
        "holder": card_holder(found.issue),
        "gates": gate_lines(found.issue),
        "receipts": found.receipts.order_by("refused_since"),
        "missing": missing_gates(found),
        "gate_names": names().gates,
        "later_taps": lines(taps_after_stop(found.issue, found.reported_at)[:TAPS]),
        "new_gates": [] if new is None else gate_lines(new),
        "due": due,
        "to_return": to_return,
        "progress": _progress(found),
        "on_loan": deposits_of(found),
        "told_by": CHANNELS.get(found.told_by, found.told_by),
        "missing_step": _missing(found),
        "archived": ArchivedForm.objects.filter(subject=f"losscase:{found.pk}").order_by("form"),
    }
    return render(request, "desk/case.html", shown | _forms(due))


def _forms(due: Decimal | None) -> dict[str, Form]:
    return {
        "payment_form": PaymentForm(initial={"amount": due}),
        "chip_form": ChipForm(),
        "signature_form": SignatureForm(),
        "told_form": ToldForm(),
        "balance_form": ObjectionForm(),
        "loss_form": LossForm(),
        "end_form": CaseEndForm(),
        "found_refund": RefundForm(auto_id="found_%s"),
        "end_refund": RefundForm(auto_id="end_%s"),
    }


def _progress(found: LossCase) -> list[tuple[Promise | str, str, str]]:
    """KH-14's steps in order: the words, the rule, and whether it is done, due now, or to come."""
    order = [CaseState.REPORTED, CaseState.REVIEWED, CaseState.APPROVED, CaseState.NOTIFIED, CaseState.CLOSED]
    if found.state == CaseState.CLOSED and found.replacement is None:
        return [(_("reported"), "14.3", "done"), (_("closed without a replacement"), "14.10", "done")]
    if found.state not in order:
        return [(_("reported"), "14.3", "done"), (found.get_state_display(), "14.found", "done")]
    reached = order.index(CaseState(found.state))
    words = (_("reported"), _("reviewed"), _("approved"), _("told"), _("signed, archived"))
    rules = ("14.3", "14.3", "14.6", "14.8", "14.9")
    marks = ["done" if n <= reached else "now" if n == reached + 1 else "to-come" for n in range(len(order))]
    return list(zip(words, rules, marks, strict=True))


def _missing(found: LossCase) -> str:
    """What somebody else has to do before the next step; empty if nothing is."""
    if found.state == CaseState.REPORTED and found.kind == LossKind.SUSPENDED:
        return "confirm"
    if found.state == CaseState.REPORTED:
        return "balance" if found.balance is not None and found.balance_agreed is None else ""
    return ""


@step
def take(request: HttpRequest, actor: Actor, pk: int, name: str) -> str:
    """One step of the case."""
    if name not in STEPS:
        raise Http404
    STEPS[name](request, actor, get_object_or_404(LossCase.objects.select_related("issue"), pk=pk))
    return reverse("case", args=[pk])


def _confirm(request: HttpRequest, actor: Actor, found: LossCase) -> None:
    form = valid(LossForm(request.POST))
    told = Report(form["kind"], form["cause"], by_holder=not form["not_by_holder"])
    confirm_suspension(actor, found.pk, card_holder(found.issue), told)


def _lift(_request: HttpRequest, actor: Actor, found: LossCase) -> None:
    lift_suspension(actor, found.pk, card_holder(found.issue))


def _balance(request: HttpRequest, actor: Actor, found: LossCase) -> None:
    form = valid(ObjectionForm(request.POST))
    say_balance(actor, found.pk, agreed=form["agreed"], objection=form["objection"])


def _review(_request: HttpRequest, actor: Actor, found: LossCase) -> None:
    review(actor, found.pk)


def _approve(_request: HttpRequest, actor: Actor, found: LossCase) -> None:
    approve(actor, found.pk)


def _chip(request: HttpRequest, actor: Actor, found: LossCase) -> None:
    form = ChipForm(request.POST)
    valid(form)
    authorise_replacement(actor, found.pk, form.credential(), form.cleaned_data["printed"])


def _tell(request: HttpRequest, actor: Actor, found: LossCase) -> None:
    form = valid(ToldForm(request.POST))
    tell_holder(actor, found.pk, form["channel"], form["result"])


def _sign(request: HttpRequest, actor: Actor, found: LossCase) -> None:
    form = valid(SignatureForm(request.POST, request.FILES))
    sign_for_replacement(actor, found.pk, card_holder(found.issue), form["kind"], form["scan"])


def _found(request: HttpRequest, actor: Actor, found: LossCase) -> None:
    card_found(actor, found.pk, card_holder(found.issue), *_returned(request, found))


def _end(request: HttpRequest, actor: Actor, found: LossCase) -> None:
    form = valid(CaseEndForm(request.POST))
    end_without_replacement(actor, found.pk, form["reason"], *_returned(request, found))


def _returned(request: HttpRequest, found: LossCase) -> tuple[PaymentMethod, str]:
    """How the fee of the replacement is given back; nothing is asked where nothing was paid."""
    if found.replacement is None or balance_paid(found.replacement) <= 0:
        return PaymentMethod.CASH, ""
    form = valid(RefundForm(request.POST))
    return form["method"], form["receipt"]


def _restore(_request: HttpRequest, actor: Actor, found: LossCase) -> None:
    restore_found_card(actor, found.pk)


STEPS: Final[Mapping[str, Callable[[HttpRequest, Actor, LossCase], None]]] = {
    "confirm": _confirm,
    "lift": _lift,
    "balance": _balance,
    "review": _review,
    "approve": _approve,
    "chip": _chip,
    "tell": _tell,
    "sign": _sign,
    "found": _found,
    "restore": _restore,
    "end": _end,
}
