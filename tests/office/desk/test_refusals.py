"""Every refusal has words, and they say the rule."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest
from django.utils import translation

from office.desk.refusals import WORDS, words
from office.procedures.errors import Refused, RuleError
from tests.support.office_estate import NOW

OFFICE: Final = Path(__file__).resolve().parents[3] / "office"


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
    facts |= {"now": NOW, "seen": NOW, "card": 17, "line": 2, "receipt": "A1"}
    with translation.override("en"):
        assert "(rule 13.4)" in words(RuleError("13.4", refused, **facts))


def test_a_time_is_said_in_the_estates_zone() -> None:
    said = words(RuleError("0.clock", Refused.CLOCK_SET_BACK, now=NOW, seen=NOW))
    assert "2026-11-26 14:00" in said


def test_no_words_are_left_over() -> None:
    assert set(WORDS) == set(Refused)


def test_whoever_refuses_states_what_the_words_name() -> None:
    named = {one.name: set(re.findall(r"%\((\w+)\)", str(words))) for one, words in WORDS.items()}
    wanting, found = [], 0
    for path in OFFICE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "RuleError" and len(node.args) > 1:
                found += 1
                code = ast.unparse(node.args[1]).removeprefix("Refused.")
                left = named[code] - {one.arg for one in node.keywords}
                wanting += [f"{path.name}:{node.lineno} {one}" for one in left]
    assert found > 100
    assert wanting == []
