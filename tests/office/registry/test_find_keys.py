"""Keys of "find anything": any part of a text leads to it, in order of bytes."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import example, given
from hypothesis import strategies as st

from office.registry.find_keys import (
    MOST,
    PAST_ALL,
    beginnings,
    end,
    ends,
    folded,
    inside,
    inside_words,
    key,
)

TEXTS = st.text(max_size=80)


def found(first: bytes, keys: Iterable[bytes]) -> bool:
    """As the database compares."""
    return any(first <= one < first + PAST_ALL for one in keys)


@given(TEXTS, st.integers(0, 80), st.integers(1, MOST))
@example("测A00001", 1, 2)
@example("Straße", 3, 3)
@example("\U0010ffff" * 70, 0, 60)
def test_any_part_of_a_text_leads_to_it(text: str, at: int, length: int) -> None:
    part = text[at : at + length]
    if part:
        assert found(key(part), inside(text))
        assert found(key(part.swapcase()), inside(text)) == (folded(part.swapcase())[:MOST] in folded(text))


@given(TEXTS, st.text(min_size=1, max_size=3))
def test_nothing_else_does(text: str, part: str) -> None:
    assert found(key(part), inside(text)) == (folded(part) in folded(text))
    assert found(key(part), beginnings([text])) == (folded(text).startswith(folded(part)))
    assert found(end(part), ends([text])) == folded(text).endswith(folded(part))


@given(st.lists(st.text(max_size=9), max_size=4), st.text(min_size=1, max_size=4))
def test_a_part_of_a_word_leads_to_a_place_whatever_stands_between_words(words: list[str], part: str) -> None:
    if not any(one.isspace() for one in part):
        text = "  ".join(words)
        assert found(key(part), inside_words(text)) == (folded(part) in folded(text))


@given(st.text(max_size=400))
def test_a_hostile_name_has_bounded_keys(text: str) -> None:
    keys = inside(text) | inside_words(text) | beginnings([text]) | ends([text])
    assert all(0 < len(one) <= 4 * MOST for one in keys)
    assert len(inside(text)) <= len(folded(text))


def test_an_empty_field_has_no_keys() -> None:
    assert not (inside("") | inside_words(" \u3000") | beginnings(["", ""]) | ends([""]))
