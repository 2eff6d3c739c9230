"""The cards of the demonstration: roles, never people. All but three stand in docs/examples/estate.toml."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.records import Credential, MappingRule, Technology, project

SHORT_BITS: Final = 32
"""What readers that know no ISO 14443 tell of a card; the list's mapping rule says so."""


class Card(Struct, frozen=True):
    """One chip in somebody's hand, or a code on paper."""

    role: str
    """What the office gave it out for; shown instead of its number."""
    number: bytes
    key: str
    """The key that taps it."""
    technology: Technology = Technology.ISO14443A

    @property
    def text(self) -> str:
        """The credential as events name it."""
        return str(Credential(self.technology, self.number))

    @property
    def short_text(self) -> str:
        """The same from a reader that tells its low bits only."""
        return str(project(Credential(self.technology, self.number), MappingRule(low_bits=SHORT_BITS)))


RESIDENT: Final = Card("resident", bytes.fromhex("04A10001"), "1")
SLOW_RESIDENT: Final = Card("needs longer", bytes.fromhex("04A10002B3C4D5"), "2")
TENANT: Final = Card("tenant", bytes.fromhex("04A10003"), "3")
LOST: Final = Card("lost card", bytes.fromhex("04A10004"), "4")
VEHICLE: Final = Card("vehicle", bytes.fromhex("04A10005"), "5")
MERCHANT: Final = Card("merchant", bytes.fromhex("04A10006"), "6")
GUARD: Final = Card("guard", bytes.fromhex("04A10007"), "7")
SLIP: Final = Card("slip", b"SLIP-0001", "8", Technology.CODE)
VISITOR: Final = Card("visitor", bytes.fromhex("04A10009"), "9")
OFF_HOURS: Final = Card("off hours", bytes.fromhex("04A1000B"), "0")
"""Opens at another time of day than this one: put on the list by `scripts.demonstration.estate`."""
WITH_PIN: Final = Card("staff with PIN", bytes.fromhex("04A1000C"), "k")
"""Put on the list by `scripts.demonstration.estate`: PINs are not written into files."""
PIN: Final = "2580"
UNKNOWN: Final = Card("unknown card", bytes.fromhex("0BADCA4D"), "u")
"""On no list."""

CARDS: Final = (
    RESIDENT,
    SLOW_RESIDENT,
    TENANT,
    LOST,
    VEHICLE,
    MERCHANT,
    GUARD,
    SLIP,
    VISITOR,
    OFF_HOURS,
    WITH_PIN,
    UNKNOWN,
)


def role_of(credential: str) -> str:
    """The role of the card that an event names; its own text if it is none of ours."""
    return next((card.role for card in CARDS if credential in (card.text, card.short_text)), credential)
