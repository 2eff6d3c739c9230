"""KH-13 from the application to what the gates are to have."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from office.casework.actor import Actor
from office.casework.issuing import CardWish, apply_for_cards, assign_chip, sign_for_card, unit_quota
from office.casework.payments import pay_fee
from office.casework.trail import broken_links
from office.hub.clerk_steps import card_report
from office.lists.store import hub_store
from office.procedures.errors import Refused, RuleError
from office.registry.models import (
    ArchivedForm,
    Issue,
    IssueState,
    MemberRole,
    PaymentMethod,
    SignatureKind,
)
from sync.encoding import decode_record
from sync.records import Grant
from tests.support.office_estate import NORTH, SOUTH, OfficeEstate


def wanted_grants(issue: Issue) -> dict[int, list[int]]:
    """Doors that the wanted lists let this issue open, by gate."""
    found = {}
    for row in hub_store().wanted.rows(issue_id=issue.pk):
        record = decode_record(row.record)
        if isinstance(record, Grant):
            found[row.gate_id] = [one.door for one in record.access]
    return found


def test_13_1_the_application_has_its_archive_number_from_the_beginning(
    estate: OfficeEstate, clerk: Actor
) -> None:
    first, second = (estate.apply(clerk, "child")[0].application_id for _ in range(2))
    numbers = {one.subject: str(one) for one in ArchivedForm.objects.all()}
    assert numbers == {
        f"application:{first}": "KH-03-R04-2026-00001",
        f"application:{second}": "KH-03-R04-2026-00002",
    }


def test_13_6_a_card_reaches_the_gates_with_the_signature_and_not_before(
    estate: OfficeEstate, clerk: Actor
) -> None:
    (issue,) = estate.apply(clerk, "self")
    estate.pay(clerk, issue)
    issue.refresh_from_db()
    assert issue.state == IssueState.PAID
    assign_chip(issue, estate.next_chip())
    assert wanted_grants(issue) == {}
    sign_for_card(clerk, issue.pk, estate.applicant, SignatureKind.PAPER, None)
    assert wanted_grants(issue) == {NORTH: [10], SOUTH: [20]}
    assert [one.ended for one in card_report(hub_store(), issue_id=issue.pk)] == [None, None]
    assert not list(broken_links())


def test_13_4_2_1_the_fifth_card_of_a_small_unit_is_refused_once_one_is_no_direct_relative(
    estate: OfficeEstate, clerk: Actor
) -> None:
    estate.apply(clerk, "self", "spouse", "child", "friend")
    assert unit_quota(estate.unit).left == 0
    with pytest.raises(RuleError) as refused:
        estate.apply(clerk, "child")
    assert (refused.value.rule, refused.value.refused) == ("13.4.2.1", Refused.QUOTA_EXCEEDED)
    assert Issue.objects.count() == 4


def test_13_4_1_direct_relatives_are_not_limited(estate: OfficeEstate, clerk: Actor) -> None:
    issues = estate.apply(clerk, "self", "spouse", "child", "child", "parent", "parent", "grandchild")
    assert len(issues) == 7


def test_13_4_is_judged_once_more_at_the_signature(estate: OfficeEstate, clerk: Actor) -> None:
    issues = estate.apply(clerk, "self", "spouse", "child", "child", "parent")
    for one in issues:
        estate.pay(clerk, one)
    # The relation was told wrongly and is corrected: the household has no exemption any more.
    Issue.objects.filter(pk=issues[-1].pk).update(relation_id="friend")
    fresh = Issue.objects.get(pk=issues[0].pk)
    assign_chip(fresh, estate.next_chip())
    with pytest.raises(RuleError) as refused:
        sign_for_card(clerk, fresh.pk, estate.applicant, SignatureKind.PAPER, None)
    assert refused.value.rule == "13.4.2.1"
    assert wanted_grants(fresh) == {}


def test_13_3_only_a_resident_of_the_unit_applies(estate: OfficeEstate, clerk: Actor) -> None:
    stranger = estate.add_person("stranger", estate.add_unit("102", "80"), MemberRole.RESIDENT)
    with pytest.raises(RuleError) as refused:
        apply_for_cards(clerk, estate.unit, stranger, [CardWish(stranger.pk, "self")], uuid4())
    assert refused.value.refused is Refused.NOT_A_RESIDENT


def test_13_4_2_nobody_but_the_applicant_counts_as_self(estate: OfficeEstate, clerk: Actor) -> None:
    friends = [estate.add_person(f"friend {one}", role=MemberRole.RESIDENT) for one in range(7)]
    stranger = estate.add_person("stranger", estate.add_unit("102", "80")).pk
    here = estate.applicant.pk
    for lines, reason, line in (
        ([CardWish(one.pk, "self") for one in friends], Refused.NOT_THE_APPLICANT, 1),
        ([CardWish(here, "self"), CardWish(stranger, "spouse")], Refused.HOLDER_NOT_OF_THE_UNIT, 2),
        ([CardWish(99_999, "spouse")], Refused.HOLDER_NOT_OF_THE_UNIT, 1),
        ([CardWish(friends[0].pk, "friend")] * 2, Refused.NAMED_TWICE, 2),
        ([CardWish(here, "spouse")], Refused.IS_THE_APPLICANT, 1),
    ):
        with pytest.raises(RuleError) as refused:
            apply_for_cards(clerk, estate.unit, estate.applicant, lines, uuid4())
        assert (refused.value.refused, refused.value.facts) == (reason, {"line": line})
    assert not Issue.objects.exists()


def test_13_2_who_belongs_to_the_unit_no_more_or_not_yet_is_no_holder(
    estate: OfficeEstate, clerk: Actor
) -> None:
    child = estate.add_person("child", role=MemberRole.RESIDENT)
    tomorrow = clerk.today + timedelta(days=1)
    for since, until in ((date(2020, 1, 1), clerk.today), (tomorrow, None)):
        child.memberships.update(since=since, until=until)
        with pytest.raises(RuleError) as refused:
            apply_for_cards(clerk, estate.unit, estate.applicant, [CardWish(child.pk, "child")], uuid4())
        assert refused.value.refused is Refused.HOLDER_NOT_OF_THE_UNIT


def test_13_5_the_fee_is_what_the_policy_says(estate: OfficeEstate, clerk: Actor) -> None:
    (issue,) = estate.apply(clerk, "self")
    with pytest.raises(RuleError) as refused:
        pay_fee(clerk, issue.pk, Decimal(19), PaymentMethod.CASH, "R1")
    assert refused.value.facts == {"due": "20"}


def test_a_form_that_is_sent_twice_is_one_application(estate: OfficeEstate, clerk: Actor) -> None:
    submission, wishes = uuid4(), [CardWish(estate.applicant.pk, "self")]
    first = apply_for_cards(clerk, estate.unit, estate.applicant, wishes, submission)
    assert apply_for_cards(clerk, estate.unit, estate.applicant, wishes, submission) == first
    assert Issue.objects.count() == 1
