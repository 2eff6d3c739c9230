from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.records import Pin
from sync.records.pin import PinMatch, match_pin, pin_digest

SALT = bytes(range(16))
PIN = Pin(SALT, pin_digest(SALT, "2468"), pin_digest(SALT, "2469"))


def test_the_digest_is_part_of_the_format() -> None:
    assert pin_digest(SALT, "2468").hex() == (
        "da0af9c4241f45ec5701b0f2e490f9c794db8f2aacca766c6081a721d04be295"
    )


def test_right_duress_and_wrong() -> None:
    typed = ("2468", "2469", "0000", "", "24680")
    assert [match_pin(PIN, one) for one in typed] == [
        PinMatch.RIGHT,
        PinMatch.DURESS,
        PinMatch.WRONG,
        PinMatch.WRONG,
        PinMatch.WRONG,
    ]


def test_the_salt_counts() -> None:
    assert match_pin(Pin(bytes(16), PIN.digest), "2468") is PinMatch.WRONG


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_is_compared(digits: str) -> None:
    assert match_pin(Pin(SALT, pin_digest(SALT, digits)), digits) is PinMatch.RIGHT
