"""The register's rules: memberships, reasons for a withdrawal, stored value, staff."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.procedures.errors import Refused, RuleError
from office.procedures.households import MembershipFacts, check_end, check_membership
from office.procedures.staffing import check_administrator_stays, check_deputy, check_roles
from office.procedures.stored_value import DeskEntry, moved_amount
from office.procedures.withdrawal import (
    NOT_CHOSEN,
    Reason,
    check_exception,
    check_temporary,
    check_withdrawal,
)

DAY = date(2026, 11, 26)
LATER = date(2027, 11, 26)


def refusal(check: object, *arguments: object, **named: object) -> tuple[str, Refused]:
    with pytest.raises(RuleError) as refused:
        check(*arguments, **named)  # type: ignore[operator]
    return refused.value.rule, refused.value.refused


@pytest.mark.parametrize(
    ("role", "until", "owner_present", "held", "expected"),
    [
        ("owner", None, False, False, None),
        ("resident", LATER, False, False, None),
        ("tenant", LATER, True, False, None),
        ("tenant", LATER, False, False, ("15.1", Refused.OWNER_ABSENT)),
        ("tenant", None, True, False, ("15.1", Refused.END_MISSING)),
        ("owner", DAY, False, False, ("13.1", Refused.DATES_WRONG)),
        ("tenant", DAY, True, False, ("15.1", Refused.DATES_WRONG)),
        ("resident", None, False, True, ("13.1", Refused.MEMBER_ALREADY)),
    ],
)
def test_15_1_a_tenant_is_registered_with_an_end_and_the_owner_present(
    role: str, until: date | None, owner_present: bool, held: bool, expected: tuple[str, Refused] | None
) -> None:
    facts = MembershipFacts(role, DAY, until, owner_present, held)
    if expected is None:
        check_membership(facts)
    else:
        assert refusal(check_membership, facts) == expected


def test_13_3_a_membership_is_not_prolonged_by_ending_it_again() -> None:
    check_end(DAY, LATER, None)
    check_end(DAY, LATER, LATER + timedelta(days=1))
    assert refusal(check_end, DAY, LATER, LATER) == ("13.3", Refused.ENDS_ALREADY)
    assert refusal(check_end, DAY, DAY, None) == ("13.3", Refused.DATES_WRONG)


def test_13_3_no_reason_of_the_closed_list_is_about_money() -> None:
    """Civil Code art. 944(3): a card is never stopped to collect what is unpaid."""
    words = " ".join(one.value for one in Reason)
    assert not any(word in words for word in ("arrear", "unpaid", "debt", "fee", "owed", "overdue"))
    assert len(Reason) == 13
    assert frozenset(Reason) > NOT_CHOSEN


@pytest.mark.parametrize(
    ("reason", "kind", "handed_out", "fits"),
    [
        (Reason.HANDED_BACK, "resident", True, True),
        (Reason.HANDED_BACK, "resident", False, False),
        (Reason.PARKING_ENDED, "vehicle", True, True),
        (Reason.PARKING_ENDED, "vehicle", False, False),
        (Reason.PARKING_ENDED, "resident", True, False),
        (Reason.MERCHANT_LEFT, "merchant", True, True),
        (Reason.MERCHANT_LEFT, "merchant", False, False),
        (Reason.MERCHANT_LEFT, "tenant", True, False),
        (Reason.APPLICATION_CANCELLED, "resident", False, True),
        (Reason.APPLICATION_CANCELLED, "resident", True, False),
        (Reason.TEMPORARY_RETURNED, "temporary", True, True),
        (Reason.TEMPORARY_RETURNED, "resident", True, False),
    ],
)
def test_13_3_a_reason_fits_the_card(reason: Reason, kind: str, handed_out: bool, fits: bool) -> None:
    if fits:
        check_withdrawal(reason, kind=kind, handed_out=handed_out, open_case=False)
    else:
        with pytest.raises(RuleError, match=r"13\.3"):
            check_withdrawal(reason, kind=kind, handed_out=handed_out, open_case=False)
    assert refusal(check_withdrawal, reason, kind=kind, handed_out=handed_out, open_case=True) == (
        "13.3",
        Refused.CASE_OPEN,
    )


def test_13_doors_an_exception_ends_in_the_future() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    check_exception(at + timedelta(seconds=1), at)
    assert refusal(check_exception, at, at) == ("13.doors", Refused.ENDED_ALREADY)


@pytest.mark.parametrize(
    ("open_case", "out_already", "days", "expected"),
    [
        (True, False, 1, None),
        (True, False, 14, None),
        (True, False, 15, Refused.TOO_LONG),
        (True, False, 0, Refused.TOO_LONG),
        (True, True, 7, Refused.TEMPORARY_OUT),
        (False, False, 7, Refused.NO_OPEN_CASE),
    ],
)
def test_14_temporary_while_a_case_is_open_one_at_a_time_with_an_end(
    open_case: bool, out_already: bool, days: int, expected: Refused | None
) -> None:
    told = {"open_case": open_case, "out_already": out_already, "today": DAY, "most_days": 14}
    told["until"] = DAY + timedelta(days=days)
    if expected is None:
        check_temporary(**told)  # type: ignore[arg-type]
    else:
        assert refusal(check_temporary, **told) == ("14.temporary", expected)


@given(st.sampled_from(DeskEntry), st.decimals(-10_000, 10_000, places=2), st.booleans(), st.text(max_size=3))
def test_14_2_an_entry_has_the_direction_of_its_kind(
    kind: DeskEntry, typed: Decimal, is_first: bool, note: str
) -> None:
    explained = kind is not DeskEntry.CORRECTION or bool(note.strip())
    allowed = typed > 0 or (typed < 0 and kind is DeskEntry.CORRECTION)
    if not (explained and allowed and (is_first or kind is not DeskEntry.OPENING)):
        with pytest.raises(RuleError, match=r"14\.2"):
            moved_amount(kind, typed, is_first=is_first, note=note)
        return
    amount = moved_amount(kind, typed, is_first=is_first, note=note)
    assert abs(amount) == abs(typed) != 0
    assert (amount < 0) == (kind is DeskEntry.REFUND or (kind is DeskEntry.CORRECTION and typed < 0))


def test_0_staff_somebody_can_always_give_roles() -> None:
    check_administrator_stays(1, {1, 2})
    assert refusal(check_administrator_stays, 1, {1}) == ("0.staff", Refused.LAST_ADMINISTRATOR)
    assert refusal(check_administrator_stays, 1, set()) == ("0.staff", Refused.LAST_ADMINISTRATOR)
    check_roles(["clerk"])
    assert refusal(check_roles, []) == ("0.staff", Refused.NO_ROLES)


def test_0_staff_a_deputy_stands_in_for_a_time_for_a_role_of_others() -> None:
    check_deputy(DAY, LATER, has_role=False)
    assert refusal(check_deputy, DAY, DAY, has_role=False) == ("0.staff", Refused.DATES_WRONG)
    assert refusal(check_deputy, DAY, LATER, has_role=True) == ("0.staff", Refused.ROLE_HELD)
