"""Anti-passback across gates (promise 15): what contradicts what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from office.procedures.breaches import FORGIVEN_AFTER_MS, Passage, breaches

IN_NORTH = Passage(issue_id=1, place_id=5, gate_id=1, inwards=True, at_ms=1_000_000, slack_ms=500)
AFTER = IN_NORTH.at_ms + 60_000
IN_SOUTH = replace(IN_NORTH, gate_id=2, at_ms=AFTER)
ids = st.integers(1, 3)
passages = st.builds(
    Passage,
    issue_id=ids,
    place_id=ids,
    gate_id=ids,
    inwards=st.booleans(),
    at_ms=st.integers(0, 2 * FORGIVEN_AFTER_MS),
    slack_ms=st.integers(0, 5_000),
)


def test_in_twice_through_different_gates_is_told_with_both() -> None:
    (found,) = breaches([IN_NORTH, IN_SOUTH])
    assert (found.first, found.second) == (IN_NORTH, IN_SOUTH)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(replace(IN_SOUTH, inwards=False), id="it went out"),
        pytest.param(replace(IN_SOUTH, gate_id=1), id="the same gate judged it"),
        pytest.param(replace(IN_SOUTH, issue_id=2), id="another card"),
        pytest.param(replace(IN_SOUTH, place_id=6), id="into something else"),
        pytest.param(replace(IN_SOUTH, slack_ms=60_000), id="perhaps it was the other way round"),
        pytest.param(replace(IN_SOUTH, at_ms=IN_NORTH.at_ms + FORGIVEN_AFTER_MS + 1), id="the day after"),
    ],
)
def test_what_contradicts_nothing(second: Passage) -> None:
    assert not list(breaches([IN_NORTH, second]))


def test_the_passage_between_counts_whichever_gate_it_was_at() -> None:
    out = replace(IN_NORTH, inwards=False, at_ms=IN_NORTH.at_ms + 30_000)
    for gate in (1, 2, 3):
        assert not list(breaches([IN_NORTH, replace(out, gate_id=gate), IN_SOUTH]))


@given(st.lists(passages, max_size=40))
def test_cards_that_alternate_are_never_told_and_what_is_told_is_a_contradiction(some: list[Passage]) -> None:
    ordered = sorted(some, key=lambda one: one.at_ms)
    for one in breaches(ordered):
        between = [
            other
            for other in ordered[ordered.index(one.first) + 1 : ordered.index(one.second)]
            if (other.issue_id, other.place_id) == (one.first.issue_id, one.first.place_id)
            and one.first.at_ms < other.at_ms < one.second.at_ms
        ]
        assert one.first.inwards == one.second.inwards
        assert one.first.gate_id != one.second.gate_id
        assert not between
    seen: dict[tuple[int, int], bool] = {}
    alternating = []
    for passage in ordered:
        inwards = not seen.get((passage.issue_id, passage.place_id), False)
        seen[passage.issue_id, passage.place_id] = inwards
        alternating.append(replace(passage, inwards=inwards))
    assert not list(breaches(alternating))
