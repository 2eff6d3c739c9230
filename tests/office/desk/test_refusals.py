"""Every refusal has words, and they say the rule."""

from __future__ import annotations

import pytest
from django.utils import translation

from office.desk.refusals import WORDS, words
from office.procedures.errors import Refused, RuleError
from tests.support.office_estate import NOW


@pytest.mark.parametrize("refused", Refused)
def test_every_refusal_has_words_with_its_rule(refused: Refused) -> None:
    facts: dict[str, object] = {
        "limit": 4,
        "cards": 5,
        "until": "2026-11-01",
        "due": "20.00",
        "since": "2026-11-02",
        "days": 14,
    }
    facts |= {"day": "2026-11-01", "most": 9, "busy": "07:30-09:00", "offered": "-", "missing": "cleaned"}
    facts |= {"now": NOW, "seen": NOW, "card": 17}
    with translation.override("en"):
        assert "(rule 13.4)" in words(RuleError("13.4", refused, **facts))


def test_a_time_is_said_in_the_estates_zone() -> None:
    said = words(RuleError("0.clock", Refused.CLOCK_SET_BACK, now=NOW, seen=NOW))
    assert "2026-11-26 14:00" in said


def test_no_words_are_left_over() -> None:
    assert set(WORDS) == set(Refused)
