"""Rule 13.4 as a table, and as properties over random households."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.procedures.errors import Refused, RuleError
from office.procedures.quota import CountedCard, QuotaRules, check_quota, quota

DIRECT, OTHER = CountedCard(direct=True), CountedCard(direct=False)


@pytest.mark.parametrize(
    ("area", "present", "wanted", "rule"),
    [
        ("129.99", [OTHER], [DIRECT] * 3, None),
        ("129.99", [OTHER], [DIRECT] * 4, "13.4.2.1"),
        ("130.00", [OTHER], [DIRECT] * 4, None),
        ("130.00", [OTHER], [DIRECT] * 5, "13.4.2.2"),
        ("60", [DIRECT] * 9, [DIRECT] * 9, None),  # 13.4.1
        ("60", [DIRECT] * 9, [OTHER], "13.4.2.1"),  # somebody who is no direct relative joins later
        ("200", [DIRECT] * 3, [OTHER], None),
        ("60", [OTHER] * 4, [], None),
        ("60", [OTHER] * 7, [], None),  # cards that exist are never withdrawn by a quota
    ],
)
def test_13_4_2_the_fifth_or_sixth_card_is_refused_once_one_holder_is_no_direct_relative(
    area: str, present: list[CountedCard], wanted: list[CountedCard], rule: str | None
) -> None:
    if rule is None:
        check_quota(Decimal(area), present, wanted)
        return
    with pytest.raises(RuleError) as refused:
        check_quota(Decimal(area), present, wanted)
    assert (refused.value.rule, refused.value.refused) == (rule, Refused.QUOTA_EXCEEDED)


def test_14_a_replacement_needs_no_quota() -> None:
    full = [OTHER] * 4
    assert check_quota(Decimal(60), full, [CountedCard(direct=False, replacement=True)]).counted == 4


def test_the_numbers_are_settings() -> None:
    rules = QuotaRules(Decimal(100), below=2, at_or_above=3)
    assert quota(Decimal(99), [OTHER], rules).left == 1
    assert quota(Decimal(100), [OTHER], rules).left == 2


Households = st.lists(st.booleans().map(CountedCard), max_size=12)


@given(area=st.decimals("20", "400", places=2), present=Households, wanted=Households)
def test_what_was_allowed_never_exceeds_and_what_was_refused_would(
    area: Decimal, present: list[CountedCard], wanted: list[CountedCard]
) -> None:
    most = 4 if area < 130 else 5
    limited = not all(one.direct for one in [*present, *wanted])
    cards = len(present) + len(wanted)
    if wanted and limited and cards > most:
        with pytest.raises(RuleError) as refused:
            check_quota(area, present, wanted)
        assert refused.value.facts == {"limit": most, "cards": cards}
    else:
        assert check_quota(area, present, wanted).counted == cards
