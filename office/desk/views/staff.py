"""Staff, roles and deputies, for the administrator; one's own password, for everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.staffing import (
    Account,
    add_deputy,
    add_staff,
    end_deputy,
    set_active,
    set_password,
    set_roles,
)
from office.desk.form_page import Page, for_roles, form_page, form_view
from office.desk.office_forms import DeputyForm, OwnPasswordForm, PasswordForm, RolesForm, StaffForm
from office.desk.refusals import DeskError
from office.desk.requests import acting, step
from office.registry.models import Deputy, StaffRole


@require_safe
@for_roles(StaffRole.ADMINISTRATOR)
def staff(request: HttpRequest) -> HttpResponse:
    """Everybody who works here, and who stands in for whom."""
    users = User.objects.prefetch_related("assignments").order_by("-is_active", "username")
    deputies = Deputy.objects.filter(until__gt=acting(request).today).select_related("user")
    return render(request, "desk/staff.html", {"users": users, "deputies": deputies.order_by("since")})


@form_view(StaffRole.ADMINISTRATOR)
def new_staff(request: HttpRequest) -> HttpResponse:
    """An account for a new member of staff."""

    def take(actor: Actor, data: dict[str, Any]) -> str:
        add_staff(actor, Account(data["name"], data["full_name"], data["password"]), data["roles"])
        messages.success(request, _("Added. They should change the password at once."))
        return reverse("staff")

    return form_page(request, StaffForm, Page(_("New member of staff"), _("Add"), reverse("staff")), take)


@form_view(StaffRole.ADMINISTRATOR)
def roles(request: HttpRequest, pk: int) -> HttpResponse:
    """What a member of staff is."""
    user = get_object_or_404(User, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        set_roles(actor, pk, data["roles"])
        messages.success(request, _("Saved."))
        return reverse("staff")

    page = Page(
        _("Roles of %(name)s") % {"name": user.get_username()},
        _("Save"),
        reverse("staff"),
        _("A person may have several roles, but never two within one case."),
    )
    held = [one.role for one in user.assignments.all()]
    return form_page(request, RolesForm, page, take, initial={"roles": held})


@form_view(StaffRole.ADMINISTRATOR)
def password_of(request: HttpRequest, pk: int) -> HttpResponse:
    """A new password for somebody who forgot theirs."""
    user = get_object_or_404(User, pk=pk)

    def take(actor: Actor, data: dict[str, Any]) -> str:
        set_password(actor, pk, data["password"])
        messages.success(request, _("Saved. They should change the password at once."))
        return reverse("staff")

    page = Page(_("New password for %(name)s") % {"name": user.get_username()}, _("Save"), reverse("staff"))
    return form_page(request, PasswordForm, page, take)


@form_view(*StaffRole)
def own_password(request: HttpRequest) -> HttpResponse:
    """Everybody changes their own."""

    def take(actor: Actor, data: dict[str, Any]) -> str:
        if not actor.user.check_password(data["old"]):
            raise DeskError(_("The present password is not right."))
        set_password(actor, actor.user.pk, data["password"])
        update_session_auth_hash(request, User.objects.get(pk=actor.user.pk))
        messages.success(request, _("Your password is changed."))
        return reverse("today")

    page = Page(_("Change your password"), _("Save"), reverse("today"))
    return form_page(request, OwnPasswordForm, page, take)


@step
def open_account(_request: HttpRequest, actor: Actor, pk: int) -> str:
    """An account may sign in again."""
    set_active(actor, pk, active=True)
    return reverse("staff")


@step
def close_account(_request: HttpRequest, actor: Actor, pk: int) -> str:
    """An account may sign in no more."""
    set_active(actor, pk, active=False)
    return reverse("staff")


@form_view(StaffRole.ADMINISTRATOR)
def new_deputy(request: HttpRequest) -> HttpResponse:
    """Somebody stands in for a role for some days."""

    def take(actor: Actor, data: dict[str, Any]) -> str:
        user = cast("User", data["user"])
        add_deputy(actor, user.pk, data["role"], data["since"], data["last_day"] + timedelta(days=1))
        messages.success(request, _("Saved."))
        return reverse("staff")

    page = Page(_("Name a deputy"), _("Save"), reverse("staff"))
    return form_page(request, DeputyForm, page, take, initial={"since": acting(request).today})


@step
def drop_deputy(_request: HttpRequest, actor: Actor, pk: int) -> str:
    """From today on they stand in no more."""
    end_deputy(actor, pk)
    return reverse("staff")
