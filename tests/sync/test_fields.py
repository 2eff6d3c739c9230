"""Checks on decoded fields: each refuses by naming the field, and takes nothing for granted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync.codec import CodecError
from sync.fields import MAX_WHOLE, array, many, member, octets, optional, text, truth, whole


@pytest.mark.parametrize(
    "check",
    [
        lambda: whole(True, "field"),
        lambda: whole(-1, "field"),
        lambda: whole(MAX_WHOLE + 1, "field"),
        lambda: whole(5, "field", at_most=4),
        lambda: whole(1.0, "field"),
        lambda: truth(1, "field"),
        lambda: text(b"x", "field"),
        lambda: octets("x", "field"),
        lambda: octets(b"x", "field", 2),
        lambda: array((1,), "field"),
        lambda: array([1], "field", length=2),
        lambda: array([1, 2], "field", at_most=1),
        lambda: optional("x", whole, "field"),
        lambda: many(None, str, "field"),
        lambda: many(["x"], lambda one: whole(one, "field"), "others"),
        lambda: member({1: "a"}, 2, "field"),
        lambda: member({1: "a"}, True, "field"),
        lambda: member({1: "a"}, None, "field"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_fields_name(check: Callable[[], object]) -> None:
    with pytest.raises(CodecError, match="^field: "):
        check()


def test_what_fits_passes_unchanged() -> None:
    assert whole(MAX_WHOLE, "f") == MAX_WHOLE
    assert truth(False, "f") is False
    assert text("ä", "f") == "ä"
    assert octets(b"xy", "f", 2) == b"xy"
    assert array([1], "f", length=1, at_most=1) == [1]
    assert optional(None, whole, "f") is None
    assert optional(3, whole, "f") == 3
    assert many([1, 2], lambda one: whole(one, "f"), "fs") == (1, 2)
    assert member({1: "a"}, 1, "f") == "a"
