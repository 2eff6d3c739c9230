"""What clerks have granted and revoked at two gates, as a state machine over an estate remembers it."""

from __future__ import annotations

from hypothesis import strategies as st

from sync.records import Grant, RevocationReason, Tombstone
from tests.support.estate import card, resident


class CardsGiven:
    """Cards are numbered from 1, and are revoked for good."""

    def __init__(self) -> None:
        self.cards: dict[int, set[int]] = {1: set(), 2: set()}
        self.revoked: dict[int, set[int]] = {1: set(), 2: set()}
        self.next_card = 1

    def grant(self, gate: int, count: int) -> list[Grant]:
        """So many new cards."""
        numbers = range(self.next_card, self.next_card + count)
        self.next_card += count
        self.cards[gate] |= set(numbers)
        return [resident(number) for number in numbers]

    def revoke(
        self, gate: int, data: st.DataObject, share: int, reason: RevocationReason, at: int
    ) -> list[Tombstone]:
        """The ends of so many cards in a row, from any that is left; of none where none is."""
        left = sorted(self.cards[gate] - self.revoked[gate])
        if not left:
            return []
        start = data.draw(st.integers(0, len(left) - 1))
        numbers = left[start : start + share]
        self.revoked[gate] |= set(numbers)
        return [Tombstone(1000 + one, 2000 + one, card(one), reason, at) for one in numbers]
