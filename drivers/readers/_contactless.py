"""What PC/SC says about a contactless card: technology from its ATR, number from its answer."""

from __future__ import annotations

from drivers.ports import Technology

GET_NUMBER = bytes.fromhex("FFCA000000")
"""GET DATA, unique identifier (PC/SC 2.01 part 3, 3.2.2.1.3)."""

MIN_NUMBER_BYTES = 4
MAX_NUMBER_BYTES = 10
"""ISO 14443 A has 4, 7 or 10 bytes, 14443 B 4, 15693 and FeliCa 8."""

_STORAGE_CARD = bytes.fromhex("804F0CA000000306")
"""Historical bytes of a storage card up to its standard byte (PC/SC part 3, 3.1.3.2.3.2)."""
_ATR_HEADER_BYTES = 4

_ISO14443B = range(0x05, 0x08)
_ISO15693 = range(0x09, 0x0D)
"""Standard byte SS, PC/SC part 3 supplemental document."""


class NoNumberError(ValueError):
    """The card's answer holds no usable number; the text says why."""


def technology_of(atr: bytes) -> Technology:
    """The technology a contactless reader announces in its made-up ATR.

    Only a storage card's ATR names its standard. A processor card (ISO 14443-4) may be A or
    B and does not say; it, and whatever is unknown, counts as ISO 14443 A, the estate's usual
    card. Desk and gate read by this one rule, so they always agree.
    """
    historical = atr[_ATR_HEADER_BYTES:]
    if historical.startswith(_STORAGE_CARD) and len(historical) > len(_STORAGE_CARD):
        standard = historical[len(_STORAGE_CARD)]
        if standard in _ISO14443B:
            return Technology.ISO14443B
        if standard in _ISO15693:
            return Technology.ISO15693
    return Technology.ISO14443A


def number_of(answer: bytes) -> bytes:
    """The card's number out of the answer to ``GET_NUMBER``.

    Raises:
        NoNumberError: empty, refused, or of a length no card has.
    """
    if not answer:
        # A card pulled away during the exchange: the service says success and gives nothing.
        raise NoNumberError("the card was taken away too early")
    number, status = answer[:-2], answer[-2:]
    if status != b"\x90\x00":
        raise NoNumberError(f"the reader gives no number for this card (status {status.hex()})")
    if not MIN_NUMBER_BYTES <= len(number) <= MAX_NUMBER_BYTES:
        raise NoNumberError(f"the reader gives a number of {len(number)} bytes, which no card has")
    return number
