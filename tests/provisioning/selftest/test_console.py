"""The person at a terminal: numbers, words, nonsense, and nobody."""

from __future__ import annotations

import io

import pytest

from provisioning.selftest.console import MOST_TRIES, Console
from provisioning.selftest.person import (
    AGAIN,
    CAME_FREE,
    LOCKED,
    NOTHING,
    Asked,
    Deed,
    Question,
    SelfTestError,
)

CLICK = Question(Asked.CLICK, "main", "What did it do?", (CAME_FREE, LOCKED, NOTHING, AGAIN))


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("1\n", CAME_FREE),
        (" 3 \n", NOTHING),
        ("4\n", AGAIN),
        ("c\n", CAME_FREE),
        ("BECAME\n", LOCKED),
        ("nothing", NOTHING),
        ("0\n5\n\nmaybe\n-1\n²\n2\n", LOCKED),
        ("x" * 1_000 + "\n2\n", LOCKED),
    ],
)
def test_answers(typed: str, answer: str) -> None:
    out = io.StringIO()
    assert Console(io.StringIO(typed), out).ask(CLICK) == answer
    assert "1 came free   2 became locked   3 nothing   4 again" in out.getvalue()


@pytest.mark.parametrize("typed", ["", "?\n", "?\n" * (MOST_TRIES + 5)])
def test_nobody_who_can_answer_ends_the_test(typed: str) -> None:
    with pytest.raises(SelfTestError, match="nobody answers|no answer"):
        Console(io.StringIO(typed), io.StringIO()).ask(CLICK)


def test_a_deed_is_asked_for_in_words() -> None:
    out = io.StringIO()
    Console(io.StringIO(), out).please(Deed.PRESS_EXIT, "main")
    assert "main: please press the exit button, and hold it now" in out.getvalue()
