"""The code of a site bundle: typed by people, so every slip of theirs is found."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.bundle_code import CODE_SIGNS, RANDOM_SIGNS, SALT_BYTES, SIGNS, bundle_key, new_code, read_code
from sync.bundle_errors import MistypedCodeError
from tests.support.bundles import CODE, KEY, SALT

CODES = st.binary(min_size=RANDOM_SIGNS, max_size=RANDOM_SIGNS).map(
    lambda drawn: new_code(lambda _size: drawn)
)


@given(CODES)
def test_a_new_code_is_read_as_it_was_printed(code: str) -> None:
    assert read_code(code) == code.replace("-", "")
    assert [len(one) for one in code.split("-")] == [5, 5, 5]


@given(CODES, st.integers(0, CODE_SIGNS - 1), st.sampled_from(SIGNS))
def test_any_wrong_sign_is_found(code: str, at: int, sign: str) -> None:
    bare = read_code(code)
    typed = bare[:at] + sign + bare[at + 1 :]
    if typed == bare:
        assert read_code(typed) == bare
    else:
        with pytest.raises(MistypedCodeError, match="wrong"):
            read_code(typed)


@given(CODES, st.integers(0, CODE_SIGNS - 1), st.integers(0, CODE_SIGNS - 1))
def test_any_two_exchanged_signs_are_found(code: str, one: int, other: int) -> None:
    signs = list(read_code(code))
    signs[one], signs[other] = signs[other], signs[one]
    typed = "".join(signs)
    if typed == read_code(code):
        return
    with pytest.raises(MistypedCodeError):
        read_code(typed)


@pytest.mark.parametrize(
    "typed",
    [CODE.lower(), CODE.replace("-", " "), f"  {CODE}\n", CODE.replace("0", "o"), CODE.replace("-", "")],
)
def test_case_spaces_and_look_alikes_do_not_matter(typed: str) -> None:
    assert read_code(typed) == CODE.replace("-", "")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "this has 0"),
        (CODE[:-1], "this has 14"),
        (CODE + "0", "this has 16"),
        (CODE.replace("W", "U"), "no code has the character 'U'"),
        (CODE.replace("W", "é"), "no code has the character"),
        ("7" * 5000, "far longer"),
    ],
)
def test_what_cannot_be_a_code_is_told_before_anything_is_opened(typed: str, told: str) -> None:
    with pytest.raises(MistypedCodeError, match=told):
        bundle_key(typed, SALT)


def test_the_key_depends_on_code_and_salt() -> None:
    other = new_code(os.urandom)
    assert len({KEY, bundle_key(other, SALT), bundle_key(CODE, bytes(SALT_BYTES))}) == 3
    assert bundle_key(CODE.lower(), SALT) == KEY
