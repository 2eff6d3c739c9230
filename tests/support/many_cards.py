"""A household with many cards at a real office, in a process of its own: `… DIR issue` and `… DIR withdraw`.

By every step of KH-13 and of rule 13.3; the chips are `CHIPS`.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from office.clock import utc_now_ms
from office.site.cli import with_django

FIRST_CHIP: Final = 0x04BB_0001
COUNT: Final = 12
"""Two more than the brake lets pass in a day."""
CHIPS: Final = tuple(f"{FIRST_CHIP + one:08X}" for one in range(COUNT))


def main() -> None:
    """One of the two."""
    with_django(Path(sys.argv[1]))
    from office.casework.withdrawal import withdraw_card  # noqa: PLC0415 - after setup
    from office.procedures.withdrawal import Reason  # noqa: PLC0415
    from office.registry.models import Issue, Place, PlaceKind, StaffRole  # noqa: PLC0415
    from sync.records import Credential, Technology  # noqa: PLC0415
    from tests.support.office_estate import OfficeEstate  # noqa: PLC0415

    class Household(OfficeEstate):
        """In a unit of its own."""

        def __init__(self) -> None:
            self.entrance = Place.objects.get(kind=PlaceKind.ENTRANCE)
            self.unit = self.add_unit("901", "129.99")
            self.applicant = self.add_person("周一")
            self._given = 0

        def next_chip(self) -> Credential:
            self._given += 1
            return Credential(Technology.ISO14443A, bytes.fromhex(CHIPS[self._given - 1]))

    now = datetime.fromtimestamp(utc_now_ms() / 1000, UTC)
    if sys.argv[2] == "issue":
        household = Household()
        clerk = household.staff(StaffRole.CLERK, at=now)
        cards = household.apply(clerk, "self", *["child"] * (COUNT - 1))
        for card in cards:
            household.pay(clerk, card)
            household.sign(clerk, card)
        print([one.pk for one in cards])
    else:
        clerk = OfficeEstate.staff(None, StaffRole.CLERK, at=now)  # type: ignore[arg-type] # it asks for nothing of the estate
        for card in Issue.objects.filter(chip__number__in=CHIPS).order_by("chip__number"):
            withdraw_card(clerk, card.pk, Reason.HANDED_BACK)


if __name__ == "__main__":
    main()
