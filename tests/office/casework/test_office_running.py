"""Staff, deputies, policy and relations: by whom, and what stays possible."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from office.casework.actor import Actor, actor
from office.casework.governing import change_policy, set_direct
from office.casework.issuing import unit_quota
from office.casework.staffing import (
    Account,
    add_deputy,
    add_staff,
    end_deputy,
    set_active,
    set_password,
    set_roles,
)
from office.casework.trail import broken_links
from office.procedures.errors import Refused
from office.registry.models import AuditEntry, Deputy, Policy, StaffRole
from tests.support.office_checks import refused
from tests.support.office_estate import NOW, OfficeEstate

TODAY = date(2026, 11, 26)


@pytest.fixture
def administrator(estate: OfficeEstate) -> Actor:
    return estate.staff(StaffRole.ADMINISTRATOR)


def test_0_staff_an_account_is_added_changed_and_closed(administrator: Actor) -> None:
    user = add_staff(administrator, Account("wang", "王芳", "a long password"), [StaffRole.CLERK])
    assert user.check_password("a long password")
    set_roles(administrator, user.pk, [StaffRole.REVIEWER, StaffRole.GUARD])
    assert actor(user, NOW).roles == {StaffRole.REVIEWER, StaffRole.GUARD}
    set_active(administrator, user.pk, active=False)
    assert not User.objects.get(pk=user.pk).is_active
    with refused("0.staff", Refused.NAME_TAKEN):
        add_staff(administrator, Account("wang", "", "a long password"), [StaffRole.CLERK])
    assert not list(broken_links())
    assert "password" not in str(list(AuditEntry.objects.values_list("facts", flat=True)))


def test_0_staff_the_last_administrator_stays(administrator: Actor, estate: OfficeEstate) -> None:
    with refused("0.staff", Refused.LAST_ADMINISTRATOR):
        set_roles(administrator, administrator.user.pk, [StaffRole.CLERK])
    with refused("0.staff", Refused.LAST_ADMINISTRATOR):
        set_active(administrator, administrator.user.pk, active=False)
    second = estate.staff(StaffRole.ADMINISTRATOR)
    set_active(administrator, administrator.user.pk, active=False)
    with refused("0.staff", Refused.LAST_ADMINISTRATOR):
        set_roles(second, second.user.pk, [StaffRole.CLERK])


def test_0_staff_a_deputy_has_the_role_from_day_to_day(administrator: Actor, estate: OfficeEstate) -> None:
    user = estate.staff(StaffRole.CLERK).user
    until = TODAY + timedelta(days=7)
    deputy = add_deputy(administrator, user.pk, StaffRole.MANAGER, TODAY, until)
    assert StaffRole.MANAGER in actor(user, NOW).roles
    assert StaffRole.MANAGER not in actor(user, NOW + timedelta(days=7)).roles
    end_deputy(administrator, deputy.pk)
    assert StaffRole.MANAGER not in actor(user, NOW).roles
    with refused("0.staff", Refused.ROLE_HELD):
        add_deputy(administrator, user.pk, StaffRole.CLERK, TODAY, until)
    later = add_deputy(administrator, user.pk, StaffRole.GUARD, TODAY - timedelta(days=3), until)
    end_deputy(administrator, later.pk)
    assert Deputy.objects.get().until == TODAY


def test_0_staff_nobody_else_gives_roles_or_passwords(estate: OfficeEstate) -> None:
    clerk = estate.staff(StaffRole.CLERK)
    other = estate.staff(StaffRole.GUARD).user
    with refused("0.staff", Refused.ROLE_MISSING):
        set_roles(clerk, clerk.user.pk, [StaffRole.MANAGER])
    with refused("0.staff", Refused.ROLE_MISSING):
        set_active(clerk, other.pk, active=False)
    with refused("0.staff", Refused.ROLE_MISSING):
        set_password(clerk, other.pk, "another password")
    set_password(clerk, clerk.user.pk, "another password")
    assert User.objects.get(pk=clerk.user.pk).check_password("another password")


def test_13_4_1_a_relation_that_becomes_direct_changes_quotas_at_once(
    estate: OfficeEstate, clerk: Actor, manager: Actor
) -> None:
    estate.apply(clerk, "self", "child-spouse")
    assert unit_quota(estate.unit).limit == 4
    set_direct(manager, "child-spouse", direct=True)
    assert unit_quota(estate.unit).limit is None
    with refused("13.4.1", Refused.ROLE_MISSING):
        set_direct(clerk, "friend", direct=True)


def test_0_policy_the_trail_says_what_each_setting_was_and_is(manager: Actor, clerk: Actor) -> None:
    change_policy(manager, {"card_fee": Decimal("25.00"), "quota_below": 4})
    assert Policy.current().card_fee == 25
    assert AuditEntry.objects.get(rule="0.policy").facts == {"card_fee": ["20", "25.00"]}
    change_policy(manager, {"card_fee": Decimal("25.00")})
    assert AuditEntry.objects.filter(rule="0.policy").count() == 1
    with refused("0.policy", Refused.ROLE_MISSING):
        change_policy(clerk, {"card_fee": Decimal(0)})
