"""Shops, signs and activities as rules (17.1 to 17.5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from office.procedures.errors import Refused, RuleError
from office.procedures.shops import (
    ActivityFacts,
    Leaving,
    check_application,
    check_banner_approval,
    check_left,
    check_pass,
    check_permit,
    check_place_of_business,
    check_sign,
)

NOW = datetime(2026, 11, 26, 6, tzinfo=UTC)
TODAY = date(2026, 11, 26)
FAIR = ActivityFacts(
    public_benefit=True, position="", start=NOW, end=NOW + timedelta(hours=3), state="applied"
)


def refused(call: object, *args: object, **named: object) -> tuple[str, Refused]:
    with pytest.raises(RuleError) as error:
        call(*args, **named)  # type: ignore[operator]
    return error.value.rule, error.value.refused


@pytest.mark.parametrize(
    ("kind", "use", "allowed"),
    [
        ("shop", "", True),
        ("shop", "commercial", True),
        ("unit", "commercial", True),
        ("unit", "residential", False),
        ("unit", "", False),
        ("shop", "residential", False),
        ("garage", "", False),
    ],
)
def test_17_5_no_business_in_units_not_meant_for_it(kind: str, use: str, allowed: bool) -> None:
    if allowed:
        check_place_of_business(kind=kind, use=use)
    else:
        assert refused(check_place_of_business, kind=kind, use=use) == ("17.5", Refused.NOT_FOR_BUSINESS)


def test_17_1_a_sign_has_a_place_and_an_end() -> None:
    check_sign(position="above the door", expires_on=TODAY + timedelta(days=1), today=TODAY)
    assert refused(check_sign, position=" ", expires_on=date.max, today=TODAY)[1] is Refused.NO_POSITION
    assert refused(check_sign, position="x", expires_on=TODAY, today=TODAY)[1] is Refused.DATES_WRONG


def test_17_2_no_hawking_and_a_place_for_what_is_permitted() -> None:
    check_application(FAIR)
    assert refused(check_application, replace(FAIR, public_benefit=False)) == ("17.2", Refused.HAWKING)
    assert refused(check_application, replace(FAIR, end=NOW))[1] is Refused.DATES_WRONG
    check_permit(FAIR, "the lawn")
    assert refused(check_permit, FAIR, "")[1] is Refused.NO_POSITION
    assert refused(check_permit, replace(FAIR, state="approved"), "x")[1] is Refused.WRONG_STATE


def test_17_2_passes_need_the_permit_its_gates_and_its_window() -> None:
    permitted = replace(FAIR, state="approved", doors=frozenset({10}))
    check_pass(permitted, NOW)
    assert refused(check_pass, FAIR, NOW)[1] is Refused.WRONG_STATE
    assert refused(check_pass, replace(permitted, doors=frozenset()), NOW)[1] is Refused.NO_GATES
    assert refused(check_pass, permitted, permitted.end)[1] is Refused.DAY_IS_OVER


def test_17_3_a_merchant_leaves_with_the_checklist_done() -> None:
    check_left(frozenset(Leaving))
    for one in Leaving:
        assert refused(check_left, frozenset(Leaving) - {one}) == ("17.3", Refused.CHECKLIST_OPEN)


def test_17_4_the_desk_then_the_manager_who_is_another_person() -> None:
    check_banner_approval(reviewer=1, manager=2)
    assert refused(check_banner_approval, reviewer=None, manager=2) == ("17.4", Refused.NOT_REVIEWED)
    assert refused(check_banner_approval, reviewer=2, manager=2) == ("17.4", Refused.MANAGER_IN_CASE)
