"""What a clerk decides about a card: withdraw it, cancel it, doors by exception, its account, its loan."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.ledger import account_of, balance_of, enter_at_desk
from office.casework.payments import balance_paid
from office.casework.refunds import give_back_rest, to_give_back
from office.casework.temporary import (
    Lending,
    deposit_held,
    end_lost_temporary_card,
    lend_temporary_card,
    take_back_temporary_card,
)
from office.casework.withdrawal import cancel_application, end_exception, set_exception, withdraw_card
from office.desk.form_page import Page, for_roles, form_page, form_view
from office.desk.register_forms import (
    EntryForm,
    ExceptionForm,
    LendingForm,
    LostTemporaryForm,
    ReceiptForm,
    WithdrawForm,
)
from office.desk.requests import acting, step
from office.desk.views.issues import card_holder
from office.registry.models import (
    Issue,
    LedgerEntry,
    LossCase,
    PaymentMethod,
    Policy,
    Signature,
    StaffRole,
)


@form_view(StaffRole.CLERK)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Rule 13.3: a permanent card ends by a decision, for a reason of the closed list."""
    card = get_object_or_404(Issue, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        withdraw_card(actor, pk, data["reason"], version=data["version"])
        messages.success(request, _("Withdrawn. All gates refuse the card at once."))
        return reverse("issue", args=[pk])

    page = Page(
        _("Withdraw %(card)s") % {"card": card},
        _("Withdraw the card now"),
        reverse("issue", args=[pk]),
        _("A card is never withdrawn for unpaid money; the list of reasons is closed (13.3)."),
        danger=True,
    )
    return form_page(request, WithdrawForm, page, take, initial={"version": card.version})


@form_view(StaffRole.CLERK)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """The card is not wanted any more, before its signature."""
    card = get_object_or_404(Issue, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        cancel_application(actor, pk, data["method"], data["receipt"], version=data["version"])
        messages.success(request, _("Cancelled."))
        return reverse("issue", args=[pk])

    page = Page(
        _("Cancel the application for %(card)s") % {"card": card},
        _("Cancel the application"),
        reverse("issue", args=[pk]),
        _("To give back: ¥%(paid)s") % {"paid": balance_paid(card)},
        danger=True,
    )
    return form_page(request, ReceiptForm, page, take, initial={"version": card.version})


@form_view(StaffRole.CLERK)
def except_door(request: HttpRequest, pk: int) -> HttpResponse:
    """A door more or a door less, with reason and end."""
    card = get_object_or_404(Issue, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        ends = datetime.combine(data["last_day"] + timedelta(days=1), time(), ZoneInfo(settings.TIME_ZONE))
        set_exception(actor, pk, data["door"], allows=data["allows"], reason=data["reason"], until=ends)
        messages.success(request, _("Saved. The gates are told at once."))
        return reverse("issue", args=[pk])

    page = Page(
        _("Door by exception: %(card)s") % {"card": card},
        _("Save"),
        reverse("issue", args=[pk]),
        _("A card's doors follow from its unit. An exception has a reason and ends by itself."),
    )
    return form_page(request, ExceptionForm, page, take)


@step
def drop_exception(_request: HttpRequest, actor: Actor, pk: int) -> str:
    """An exception ends before its time."""
    return reverse("issue", args=[end_exception(actor, pk).pk])


@form_view(StaffRole.CLERK)
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """The stored value of a card's holder: entries, balance, and a new entry."""
    card = get_object_or_404(Issue, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        enter_at_desk(actor, pk, data["kind"], data["amount"], data["note"])
        messages.success(request, _("Entered."))
        return reverse("account", args=[pk])

    found = account_of(card)
    balance = None if found is None else balance_of(found)
    page = Page(_("Stored value of %(card)s") % {"card": card}, _("Enter"), reverse("issue", args=[pk]))
    entries = []
    if found is not None:
        moved = LedgerEntry.objects.filter(debit=found) | LedgerEntry.objects.filter(credit=found)
        entries = [
            (one, one.amount if one.credit_id == found.pk else -one.amount)
            for one in moved.select_related("clerk").order_by("-pk")[:200]
        ]
    shown = {"issue": card, "account": found, "balance": balance, "entries": entries, "inside": "account"}
    return form_page(request, EntryForm, page, take, shown=shown)


@form_view(StaffRole.CLERK)
def lend(request: HttpRequest, pk: int) -> HttpResponse:
    """A temporary card while the replacement is waited for."""
    case = get_object_or_404(
        LossCase.objects.select_related("issue__holder", "issue__vehicle__keeper"), pk=pk
    )

    def take(actor: Actor, data: dict[str, Any]) -> str:
        lending = Lending(
            data["chip"],
            data["printed"],
            data["last_day"],
            data["method"],
            data["receipt"],
            data["kind"],
            data["scan"],
        )
        card = lend_temporary_card(actor, pk, card_holder(case.issue), lending)
        messages.success(request, _("The temporary card opens until the end of its last day."))
        return reverse("issue", args=[card.pk])

    now = Policy.current()
    page = Page(
        _("Temporary card for %(case)s") % {"case": case},
        _("Signed, hand the card out"),
        reverse("case", args=[pk]),
        _("Deposit ¥%(deposit)s. It does not count for the quota, and ends by itself.")
        % {"deposit": now.temporary_deposit},
    )
    last_day = acting(request).today + timedelta(days=now.temporary_days)
    return form_page(request, LendingForm, page, take, initial={"last_day": last_day})


@form_view(StaffRole.CLERK)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """A temporary card comes back; its deposit is paid out."""
    card = get_object_or_404(Issue, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        take_back_temporary_card(actor, pk, data["method"], data["receipt"], version=data["version"])
        messages.success(request, _("The card is back and opens nothing any more."))
        return reverse("issue", args=[pk])

    page = Page(
        _("Take back %(card)s") % {"card": card},
        _("The card is here, the deposit is paid out"),
        reverse("issue", args=[pk]),
        _("To give back: ¥%(paid)s") % {"paid": deposit_held(card)},
    )
    return form_page(request, ReceiptForm, page, take, initial={"version": card.version})


@form_view(StaffRole.CLERK)
def lost_temporary(request: HttpRequest, pk: int) -> HttpResponse:
    """A temporary card does not come back, or broken; the office decides about its deposit."""
    card = get_object_or_404(Issue, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        end_lost_temporary_card(
            actor,
            pk,
            data["method"] or PaymentMethod.CASH,
            data["receipt"],
            keep=data["deposit"] == "keep",
            version=data["version"],
        )
        messages.success(request, _("The temporary card opens nothing any more; its deposit is decided on."))
        return reverse("issue", args=[pk])

    page = Page(
        _("%(card)s was lost or broken") % {"card": card},
        _("End the temporary card now"),
        reverse("issue", args=[pk]),
        _("Deposit: ¥%(held)s. The card is not replaced; another one may be lent.")
        % {"held": deposit_held(card)},
        danger=True,
    )
    return form_page(request, LostTemporaryForm, page, take, initial={"version": card.version})


@form_view(StaffRole.CLERK)
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """What is held still for a card that has ended is paid out."""
    card = get_object_or_404(Issue, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        give_back_rest(actor, pk, data["method"], data["receipt"], version=data["version"])
        messages.success(request, _("Given back."))
        return reverse("issue", args=[pk])

    page = Page(
        _("Give back what was paid for %(card)s") % {"card": card},
        _("Book the refund"),
        reverse("issue", args=[pk]),
        _("To give back: ¥%(paid)s") % {"paid": to_give_back(card)},
    )
    return form_page(request, ReceiptForm, page, take, initial={"version": card.version})


@require_safe
@for_roles(StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.MANAGER)
def signature_image(_request: HttpRequest, pk: int) -> HttpResponse:
    """The scan or the drawn line."""
    signature = get_object_or_404(Signature, issue=pk)
    if signature.image is None:
        raise Http404
    return HttpResponse(
        bytes(signature.image), content_type="image/png", headers={"Cache-Control": "no-store"}
    )


@require_safe
@for_roles(StaffRole.CLERK)
def pad(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer signs on the screen."""
    card = get_object_or_404(Issue.objects.select_related("holder", "vehicle__keeper", "unit"), pk=pk)
    case = LossCase.objects.filter(replacement=card).first()
    target = reverse("sign", args=[pk]) if case is None else reverse("case-step", args=[case.pk, "sign"])
    shown = {"issue": card, "holder": card_holder(card), "target": target, "case": case}
    return render(request, "desk/pad.html", shown)
