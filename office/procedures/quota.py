"""KH-13 rule 13.4: how many resident cards a household may apply for.

Our reading: counted per unit, resident cards only, applied-for ones and lost ones with an open
case included. Not limited as long as every holder, present and applied for, is a direct
relative of the resident who applied for them. A replacement needs no quota, and a quota never
withdraws a card that exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from msgspec import Struct

from office.procedures.errors import Refused, RuleError


class QuotaRules(Struct, frozen=True):
    """The numbers of rule 13.4.2."""

    from_area_m2: Decimal = Decimal(130)
    below: int = 4
    at_or_above: int = 5


SHIPPED: Final = QuotaRules()


class CountedCard(Struct, frozen=True):
    """A resident card of the unit that counts, or is applied for."""

    direct: bool
    """Its holder is a direct relative of who applied for it. What is not known is not direct."""
    replacement: bool = False
    """Takes the place of a card that counts already."""


class Quota(Struct, frozen=True):
    """How a unit stands."""

    limit: int | None
    """``None``: not limited (13.4.1)."""
    counted: int
    rule: str

    @property
    def left(self) -> int | None:
        """How many more may be applied for; ``None``: any number."""
        return None if self.limit is None else max(0, self.limit - self.counted)

    @property
    def exceeded(self) -> bool:
        """More cards than the limit: possible with cards that came before a limit applied."""
        return self.limit is not None and self.counted > self.limit


def quota(area_m2: Decimal, cards: Iterable[CountedCard], rules: QuotaRules = SHIPPED) -> Quota:
    """How a unit of this floor area stands with these cards."""
    counted = [one for one in cards if not one.replacement]
    if all(one.direct for one in counted):
        return Quota(None, len(counted), "13.4.1")
    if area_m2 < rules.from_area_m2:
        return Quota(rules.below, len(counted), "13.4.2.1")
    return Quota(rules.at_or_above, len(counted), "13.4.2.2")


def check_quota(
    area_m2: Decimal,
    present: Iterable[CountedCard],
    wanted: Iterable[CountedCard],
    rules: QuotaRules = SHIPPED,
) -> Quota:
    """Judge an application, or a signature, for ``wanted`` beside the ``present`` cards.

    Raises:
        RuleError: 13.4.2.1 or 13.4.2.2, with the limit and how many there would be.
    """
    added = [one for one in wanted if not one.replacement]
    stands = quota(area_m2, [*present, *added], rules)
    if added and stands.exceeded:
        raise RuleError(stands.rule, Refused.QUOTA_EXCEEDED, limit=stands.limit, cards=stands.counted)
    return stands
