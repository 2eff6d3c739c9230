"""Who works here: accounts, roles, deputies. An administrator's business; everything is in the trail."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.contrib.auth.models import User
from django.db import transaction
from msgspec import Struct

from office.casework.actor import Actor
from office.casework.trail import record
from office.procedures.errors import Refused, RuleError
from office.procedures.staffing import RULE, check_administrator_stays, check_deputy, check_roles
from office.registry.models import Assignment, Deputy, StaffRole


class Account(Struct, frozen=True):
    """A member of staff as the administrator types it."""

    name: str
    """For signing in."""
    full_name: str
    password: str


@transaction.atomic
def add_staff(actor: Actor, account: Account, roles: Collection[StaffRole]) -> User:
    """An account for a new member of staff; raises ``RuleError``."""
    actor.must_be(StaffRole.ADMINISTRATOR, RULE)
    check_roles([one.value for one in roles])
    if User.objects.filter(username=account.name).exists():
        raise RuleError(RULE, Refused.NAME_TAKEN)
    user = User.objects.create_user(account.name, password=account.password, first_name=account.full_name)
    record(actor.at, actor.user, RULE, "staff added", f"user:{user.pk}")
    set_roles(actor, user.pk, roles)
    return user


@transaction.atomic
def set_roles(actor: Actor, user_id: int, roles: Collection[StaffRole]) -> None:
    """Exactly these roles from now on; raises ``RuleError`` if nobody could give roles any more."""
    actor.must_be(StaffRole.ADMINISTRATOR, RULE)
    check_roles([one.value for one in roles])
    held = {StaffRole(one) for one in Assignment.objects.filter(user=user_id).values_list("role", flat=True)}
    if StaffRole.ADMINISTRATOR in held and StaffRole.ADMINISTRATOR not in roles:
        check_administrator_stays(user_id, _administrators())
    Assignment.objects.filter(user=user_id).exclude(role__in=roles).delete()
    for role in sorted(set(roles) - held):
        Assignment.objects.create(user_id=user_id, role=role)
    now = sorted(one.value for one in roles)
    record(actor.at, actor.user, RULE, "roles set", f"user:{user_id}", roles=now)


@transaction.atomic
def set_active(actor: Actor, user_id: int, *, active: bool) -> None:
    """An account that is closed signs in no more; what it did stays told."""
    actor.must_be(StaffRole.ADMINISTRATOR, RULE)
    user = User.objects.select_for_update().get(pk=user_id)
    if not active and user_id in _administrators():
        check_administrator_stays(user_id, _administrators())
    user.is_active = active
    user.save(update_fields=["is_active"])
    record(actor.at, actor.user, RULE, "account opened" if active else "account closed", f"user:{user_id}")


@transaction.atomic
def set_password(actor: Actor, user_id: int, password: str) -> None:
    """A password by the administrator for somebody else, or by anybody for themselves."""
    if user_id != actor.user.pk:
        actor.must_be(StaffRole.ADMINISTRATOR, RULE)
    user = User.objects.select_for_update().get(pk=user_id)
    user.set_password(password)
    user.save(update_fields=["password"])
    record(actor.at, actor.user, RULE, "password set", f"user:{user_id}")


@transaction.atomic
def add_deputy(actor: Actor, user_id: int, role: StaffRole, since: date, until: date) -> Deputy:
    """Somebody stands in for a role, ``until`` being the first day on which they do not any more."""
    actor.must_be(StaffRole.ADMINISTRATOR, RULE)
    has_role = Assignment.objects.filter(user=user_id, role=role).exists()
    check_deputy(since, until, has_role=has_role)
    deputy = Deputy.objects.create(user_id=user_id, role=role, since=since, until=until)
    facts = {"role": role.value, "since": since.isoformat(), "until": until.isoformat()}
    record(actor.at, actor.user, RULE, "deputy named", f"user:{user_id}", **facts)
    return deputy


@transaction.atomic
def end_deputy(actor: Actor, deputy_id: int) -> None:
    """From today on they stand in no more; one who has not begun yet never does."""
    actor.must_be(StaffRole.ADMINISTRATOR, RULE)
    deputy = Deputy.objects.select_for_update().get(pk=deputy_id)
    facts = {"role": deputy.role, "until": min(deputy.until, actor.today).isoformat()}
    if deputy.since >= actor.today:
        deputy.delete()
    elif deputy.until > actor.today:
        deputy.until = actor.today
        deputy.save(update_fields=["until"])
    record(actor.at, actor.user, RULE, "deputy ended", f"user:{deputy.user_id}", **facts)


def _administrators() -> set[int]:
    """Who can give roles: accounts that are open, with the role in their own right."""
    held = Assignment.objects.filter(role=StaffRole.ADMINISTRATOR, user__is_active=True)
    return set(held.values_list("user_id", flat=True))
