"""Shops, signs, activities, banners, notices: the register, and each step by a form of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib import messages
from django.db.models import Model
from django.forms import BaseForm, Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from msgspec import Struct

from office.casework import merchants, permits
from office.casework.actor import Actor
from office.desk import shop_forms as forms
from office.desk.form_page import Page, form_page, form_view
from office.desk.moving_forms import CheckForm
from office.desk.requests import acting
from office.registry.models import (
    Activity,
    ActivityState,
    Banner,
    Merchant,
    PublicNotice,
    SignPermit,
    StaffRole,
)
from sync.records import Credential

Data = dict[str, Any]


class Step(Struct, frozen=True):
    """One step: its words, its form, what it is about, and what it does."""

    title: str | Promise
    button: str | Promise
    take: Callable[[Actor, int, Data], object]
    form: type[BaseForm] = Form
    about: type[Model] | None = None


@require_safe
def shops(request: HttpRequest) -> HttpResponse:
    """The registers."""
    actor = acting(request)
    today = actor.today
    shown = {
        "merchants": Merchant.objects.filter(left_on__isnull=True).select_related("unit", "keeper"),
        "signs": SignPermit.objects.filter(removed_at__isnull=True).select_related("merchant__unit"),
        "to_look_at": merchants.signs_to_look_at(today).select_related("merchant__unit"),
        "activities": Activity.objects.exclude(state__in=[ActivityState.CLEARED, ActivityState.REFUSED]),
        "banners": Banner.objects.filter(removed_at__isnull=True),
        "notices": PublicNotice.objects.filter(cleared_at__isnull=True),
        "today": today,
        "may_look": bool(actor.roles & {StaffRole.CLERK, StaffRole.GUARD}),
        "may_review": bool(actor.roles & {StaffRole.CLERK, StaffRole.REVIEWER}),
    }
    return render(request, "desk/shops.html", shown)


@form_view(StaffRole.CLERK, StaffRole.GUARD, StaffRole.REVIEWER, StaffRole.MANAGER)
def shop_step(request: HttpRequest, name: str, pk: int = 0) -> HttpResponse:
    """One step with its form; who may take it is the rule's to say."""
    step = STEPS.get(name)
    if step is None or (step.about is None) != (pk == 0):
        raise Http404
    about = "" if step.about is None else f" · {get_object_or_404(step.about, pk=pk)}"

    def take(actor: Actor, data: Data) -> str:
        step.take(actor, pk, data)
        messages.success(request, gettext("Recorded."))
        return reverse("shops")

    page = Page(f"{step.title}{about}", step.button, reverse("shops"))
    return form_page(request, step.form, page, take)


def _pass(actor: Actor, pk: int, data: Data) -> object:
    chip = Credential(data["technology"], data["number"])
    return permits.give_pass(actor, pk, data["holder"], chip, data["signed"])


STEPS: Final[Mapping[str, Step]] = {
    "merchant": Step(
        _("Register a merchant"),
        _("Register"),
        lambda actor, _pk, data: merchants.register_merchant(actor, **data),
        forms.MerchantForm,
    ),
    "merchant-card": Step(
        _("Merchant card"),
        _("Apply for the card"),
        lambda actor, pk, data: merchants.apply_for_merchant_card(actor, pk, data["holder"]),
        forms.HolderForm,
        Merchant,
    ),
    "inspect": Step(
        _("Inspection (门前三包)"),
        _("Record"),
        lambda actor, pk, data: merchants.inspect_shop(actor, pk, good=data["good"], note=data["note"]),
        CheckForm,
        Merchant,
    ),
    "checklist": Step(
        _("Leaving checklist"),
        _("Record"),
        lambda actor, pk, data: merchants.check_off(actor, pk, frozenset(data["done"])),
        forms.LeavingForm,
        Merchant,
    ),
    "leave": Step(
        _("The merchant leaves: its cards are withdrawn"),
        _("Left"),
        lambda actor, pk, _data: merchants.merchant_leaves(actor, pk),
        about=Merchant,
    ),
    "sign": Step(
        _("Shop sign (KH-05)"),
        _("Apply"),
        lambda actor, pk, data: merchants.apply_for_sign(actor, pk, data["wording"]),
        forms.SignForm,
        Merchant,
    ),
    "approve-sign": Step(
        _("Approve the sign"),
        _("Approve"),
        lambda actor, pk, data: merchants.approve_sign(actor, pk, data["position"], data["expires_on"]),
        forms.ApprovalForm,
        SignPermit,
    ),
    "report-sign": Step(
        _("Report a sign"),
        _("Report"),
        lambda actor, pk, data: merchants.report_sign(actor, pk, data["finding"]),
        forms.FindingForm,
        SignPermit,
    ),
    "mended-sign": Step(
        _("The sign is mended"),
        _("Mended"),
        lambda actor, pk, _data: merchants.handle_sign(actor, pk, removed=False),
        about=SignPermit,
    ),
    "remove-sign": Step(
        _("The sign is removed"),
        _("Removed"),
        lambda actor, pk, _data: merchants.handle_sign(actor, pk, removed=True),
        about=SignPermit,
    ),
    "activity": Step(
        _("Activity"),
        _("Apply"),
        lambda actor, _pk, data: permits.apply_for_activity(actor, permits.ActivityWish(**data)),
        forms.ActivityForm,
    ),
    "approve-activity": Step(
        _("Approve the activity"),
        _("Approve"),
        lambda actor, pk, data: permits.approve_activity(actor, pk, data["position"], list(data["doors"])),
        forms.PermitForm,
        Activity,
    ),
    "refuse-activity": Step(
        _("Refuse the activity"),
        _("Refuse"),
        lambda actor, pk, _data: permits.refuse_activity(actor, pk),
        about=Activity,
    ),
    "pass": Step(_("Temporary pass"), _("Signed, hand the pass out"), _pass, forms.PassForm, Activity),
    "clear-site": Step(
        _("The site is cleared: passes end"),
        _("Cleared"),
        lambda actor, pk, _data: permits.clear_site(actor, pk),
        about=Activity,
    ),
    "banner": Step(
        _("Banner or advertisement"),
        _("Apply"),
        lambda actor, _pk, data: permits.apply_for_banner(actor, **data),
        forms.BannerForm,
    ),
    "review-banner": Step(
        _("Review the banner"),
        _("Reviewed"),
        lambda actor, pk, _data: permits.review_banner(actor, pk),
        about=Banner,
    ),
    "approve-banner": Step(
        _("Approve the banner"),
        _("Approve"),
        lambda actor, pk, _data: permits.approve_banner(actor, pk),
        about=Banner,
    ),
    "remove-banner": Step(
        _("The banner is removed"),
        _("Removed"),
        lambda actor, pk, _data: permits.remove_banner(actor, pk),
        about=Banner,
    ),
    "notice": Step(
        _("Notice of government or company"),
        _("Post"),
        lambda actor, _pk, data: permits.post_notice(actor, **data),
        forms.NoticeForm,
    ),
    "clear-notice": Step(
        _("The notice is cleared"),
        _("Cleared"),
        lambda actor, pk, _data: permits.clear_notice(actor, pk),
        about=PublicNotice,
    ),
}
