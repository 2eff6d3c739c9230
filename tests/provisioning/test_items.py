"""Edits of files that others own: our block comes and goes, the rest is theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.errors import ProvisioningError
from provisioning.items import BEGIN, END, with_block, without_block

TEXT = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
).map(lambda lines: "".join(f"{one}\n" for one in lines))
LINES = st.lists(st.sampled_from(["gpio=17=op,dl", "[all]", "dtparam=x"]))


@given(TEXT, LINES)
def test_the_block_comes_and_goes_and_twice_is_once(text: str, lines: list[str]) -> None:
    edited = with_block(lines)(text)
    assert without_block(edited) == text
    assert with_block(lines)(edited) == edited


@given(TEXT, LINES, LINES)
def test_a_new_block_takes_the_old_ones_place(text: str, old: list[str], new: list[str]) -> None:
    assert with_block(new)(with_block(old)(text)) == with_block(new)(text)


def test_what_was_written_below_the_block_stays() -> None:
    edited = with_block(["a=1"])("x=1\n") + "y=1\n"
    assert without_block(edited) == "x=1\ny=1\n"


def test_a_block_without_its_end_is_told_not_swallowed() -> None:
    with pytest.raises(ProvisioningError, match="has no line '# gatehouse: end' below it"):
        without_block(f"{BEGIN}\na=1\nsomebody's=1\n")
    assert END not in without_block(with_block([])(""))
