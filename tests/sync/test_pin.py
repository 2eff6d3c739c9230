from __future__ import annotations

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.pin import match_pin, pin_digest
from sync.records import Pin, PinMatch

SALT = bytes(range(16))
PIN = Pin(SALT, pin_digest(SALT, "2468"), pin_digest(SALT, "2469"))


def test_the_digest_is_part_of_the_format() -> None:
    assert pin_digest(SALT, "2468").hex() == (
        "cd6469c8da9029cf10626135a0bb8a38267379ebd0eadd11446fa98be1e7e6ad"
    )


def test_it_is_scrypt_as_the_standard_has_it() -> None:
    """Another implementation of RFC 7914, with the parameters that stand in the documentation."""
    kdf = Scrypt(salt=SALT, length=32, n=4096, r=8, p=1)
    assert kdf.derive(b"2580") == pin_digest(SALT, "2580")


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


def test_without_a_duress_pin_nothing_is_duress() -> None:
    assert match_pin(Pin(SALT, PIN.digest), "2469") is PinMatch.WRONG


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_is_compared(digits: str) -> None:
    assert match_pin(Pin(SALT, pin_digest(SALT, digits)), digits) is PinMatch.RIGHT
