"""How many of something, in words."""

from __future__ import annotations

import pytest

from terminal.counts import count_of


@pytest.mark.parametrize(("number", "said"), [(0, "0 doors"), (1, "1 door"), (2, "2 doors")])
def test_one_is_not_said_as_many(number: int, said: str) -> None:
    assert count_of(number, "door") == said
