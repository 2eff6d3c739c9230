"""The till: a day's receipts, voiding one, and the closing at the end of the day."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.ledger import cash_of_accounts
from office.casework.payments import close_day, expected_cash, void
from office.desk.choosing import check_day
from office.desk.form_page import Page, for_roles, form_page, form_view
from office.desk.office_forms import ClosingForm, VoidForm
from office.desk.requests import acting
from office.registry.models import CashClosing, Payment, StaffRole


@require_safe
@for_roles(StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.MANAGER)
def till(request: HttpRequest) -> HttpResponse:
    """Receipts of one day, what the till should hold, and the last closings."""
    day = _day(request.GET.get("day", ""), acting(request).today)
    payments = Payment.objects.filter(day=day).select_related("issue", "clerk").order_by("at")
    shown = {
        "day": day,
        "payments": payments,
        "expected": expected_cash(day),
        "of_accounts": cash_of_accounts(day),
        "closing": CashClosing.objects.filter(day=day).select_related("clerk").first(),
        "closings": CashClosing.objects.select_related("clerk").order_by("-day")[:10],
    }
    return render(request, "desk/till.html", shown)


@form_view(StaffRole.CLERK)
def close(request: HttpRequest, day: str) -> HttpResponse:
    """The till is counted; the day's receipts change no more."""
    chosen = _day(day, None)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        closing = close_day(actor, chosen, data["counted"], data["note"])
        difference = closing.counted_cash - closing.expected_cash
        messages.success(request, _("Closed. Difference: ¥%(difference)s") % {"difference": difference})
        return f"{reverse('till')}?day={chosen.isoformat()}"

    page = Page(
        _("Close the till of %(day)s") % {"day": chosen.isoformat()},
        _("Close the day"),
        f"{reverse('till')}?day={chosen.isoformat()}",
        _("The till should hold ¥%(expected)s in cash.") % {"expected": expected_cash(chosen)},
    )
    return form_page(request, ClosingForm, page, take)


@form_view(StaffRole.CLERK)
def void_receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """A receipt was a mistake; possible until its day is closed."""
    payment = get_object_or_404(Payment, pk=pk)
    back = f"{reverse('till')}?day={payment.day.isoformat()}"

    def take(actor: Actor, data: dict[str, Any]) -> str:
        void(actor, pk, data["reason"])
        messages.success(request, _("The receipt is void."))
        return back

    page = Page(
        _("Void receipt %(receipt)s") % {"receipt": payment.receipt},
        _("Void the receipt"),
        back,
        _("¥%(amount)s. The receipt stays on record, marked as void.") % {"amount": payment.amount},
        danger=True,
    )
    return form_page(request, VoidForm, page, take)


def _day(text: str, otherwise: date | None) -> date:
    if not text and otherwise is not None:
        return otherwise
    try:
        day = date.fromisoformat(text)
        check_day(day)
    except (ValueError, ValidationError):
        raise Http404 from None
    return day
