"""People and their units: register, change, add to a unit, end, change of owner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from office.casework.actor import Actor
from office.casework.people import (
    Belonging,
    Particulars,
    add_membership,
    change_owner,
    change_particulars,
    check_belonging,
    end_membership,
    register_person,
)
from office.desk.choosing import HOMES
from office.desk.form_page import Page, form_page, form_view
from office.desk.register_forms import LastDayForm, MembershipForm, NewPersonForm, OwnerForm, PersonForm
from office.desk.requests import acting
from office.registry.models import MemberRole, Membership, Person, Place, StaffRole


@form_view(StaffRole.CLERK)
def new_person(request: HttpRequest, pk: int) -> HttpResponse:
    """A new person of this unit."""
    unit = get_object_or_404(Place, pk=pk, kind__in=HOMES)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        if data["role"] == MemberRole.TENANT:
            return _on_to_move_in(request, unit, register_person(actor, _particulars(data)), data)
        register_person(actor, _particulars(data), _belonging(unit, data))
        messages.success(request, _("Registered."))
        return reverse("place", args=[pk])

    page = Page(
        _("Register a person of %(unit)s") % {"unit": unit}, _("Register"), reverse("place", args=[pk])
    )
    initial = {"since": acting(request).today, "role": MemberRole.RESIDENT}
    return form_page(request, NewPersonForm, page, take, initial=initial)


@form_view(StaffRole.CLERK)
def edit_person(request: HttpRequest, pk: int) -> HttpResponse:
    """A new telephone number, a corrected name."""
    person = get_object_or_404(Person, pk=pk, erased_at__isnull=True)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        change_particulars(actor, pk, _particulars(data))
        messages.success(request, _("Saved."))
        return reverse("person", args=[pk])

    page = Page(_("Change %(person)s") % {"person": person}, _("Save"), reverse("person", args=[pk]))
    initial = {one: getattr(person, one) for one in ("name", "phone", "identity", "note")}
    return form_page(request, PersonForm, page, take, initial=initial)


@form_view(StaffRole.CLERK)
def join_unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody who is on record belongs to a further unit."""
    person = get_object_or_404(Person, pk=pk, erased_at__isnull=True)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        if data["role"] == MemberRole.TENANT:
            return _on_to_move_in(request, data["unit"], person, data)
        add_membership(actor, person, _belonging(data["unit"], data))
        messages.success(request, _("Registered."))
        return reverse("person", args=[pk])

    page = Page(
        _("Add %(person)s to a unit") % {"person": person}, _("Register"), reverse("person", args=[pk])
    )
    initial = {"since": acting(request).today, "role": MemberRole.RESIDENT}
    return form_page(request, MembershipForm, page, take, initial=initial)


@form_view(StaffRole.CLERK)
def leave_unit(request: HttpRequest, pk: int) -> HttpResponse:
    """A membership ends; the person's page shows which cards are to be decided on."""
    membership = get_object_or_404(Membership.objects.select_related("person", "unit"), pk=pk)
    back = reverse("person", args=[membership.person_id])

    def take(actor: Actor, data: dict[str, Any]) -> str:
        end_membership(actor, pk, data["last_day"] + timedelta(days=1))
        messages.success(request, _("Ended. Decide on each card below: it ends only by a decision (13.3)."))
        return back

    names = {"person": membership.person, "unit": membership.unit, "role": membership.get_role_display()}
    page = Page(
        _("%(person)s, %(role)s of %(unit)s: end") % names,
        _("End the membership"),
        back,
        _("Cards are not touched: each is withdrawn on its own page, with a reason."),
    )
    return form_page(request, LastDayForm, page, take, initial={"last_day": acting(request).today})


@form_view(StaffRole.CLERK)
def owner_change(request: HttpRequest, pk: int) -> HttpResponse:
    """The unit changes hands."""
    unit = get_object_or_404(Place, pk=pk, kind__in=HOMES)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        change_owner(actor, unit, data["owner"], data["since"])
        messages.success(request, _("The unit has a new owner."))
        return reverse("place", args=[pk])

    page = Page(
        _("%(unit)s: change of owner") % {"unit": unit},
        _("Record the change"),
        reverse("place", args=[pk]),
        _("The former owners' membership ends on the day before. Register a new person first."),
    )
    return form_page(request, OwnerForm, page, take, initial={"since": acting(request).today})


def _particulars(data: dict[str, Any]) -> Particulars:
    return Particulars(data["name"], data["phone"], data["identity"], data["note"])


def _on_to_move_in(request: HttpRequest, unit: Place, person: Person, data: dict[str, Any]) -> str:
    """A tenant belongs to a unit by a move-in (15.1): its form, filled with what is known."""
    check_belonging(person, _belonging(unit, data))
    messages.success(request, _("The person is on record. A tenant moves in by this form (15.1)."))
    known = {"tenants": f"#{person.pk}", "since": data["since"]}
    if data["last_day"]:
        known["last_day"] = data["last_day"]
    if data["owner_present"]:
        known["owner_present"] = "yes"
    return f"{reverse('move-in', args=[unit.pk])}?{urlencode(known)}"


def _belonging(unit: Place, data: dict[str, Any]) -> Belonging:
    return Belonging(unit, data["role"], data["since"], data["until"], data["owner_present"])
