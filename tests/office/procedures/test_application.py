"""13.2: the lines of KH-03-R04."""

from __future__ import annotations

import pytest

from office.procedures.application import check_lines
from office.procedures.errors import Refused, RuleError

APPLICANT, SPOUSE, FRIEND, STRANGER = 1, 2, 3, 9
MEMBERS = {APPLICANT, SPOUSE, FRIEND}
RELATIONS = {"self", "spouse", "friend"}


def test_13_2_a_line_names_a_member_of_the_unit_once_with_the_relation() -> None:
    check_lines(APPLICANT, [(APPLICANT, "self"), (SPOUSE, "spouse"), (FRIEND, "friend")], MEMBERS, RELATIONS)
    check_lines(APPLICANT, [(SPOUSE, "spouse")], MEMBERS, RELATIONS)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ((STRANGER, "spouse"), Refused.HOLDER_NOT_OF_THE_UNIT),
        ((APPLICANT, "self"), Refused.NAMED_TWICE),
        ((SPOUSE, ""), Refused.RELATION_MISSING),
        ((SPOUSE, "cousin"), Refused.RELATION_MISSING),
        ((SPOUSE, "self"), Refused.NOT_THE_APPLICANT),
    ],
)
def test_13_2_a_line_that_does_not_hold_is_refused_by_its_number(
    line: tuple[int, str], reason: Refused
) -> None:
    with pytest.raises(RuleError) as refused:
        check_lines(APPLICANT, [(APPLICANT, "self"), line], MEMBERS, RELATIONS)
    assert (refused.value.rule, refused.value.refused, refused.value.facts) == ("13.2", reason, {"line": 2})


def test_13_2_the_applicant_is_in_no_other_relation_to_themselves() -> None:
    with pytest.raises(RuleError) as refused:
        check_lines(APPLICANT, [(APPLICANT, "spouse")], MEMBERS, RELATIONS)
    assert refused.value.refused is Refused.IS_THE_APPLICANT
