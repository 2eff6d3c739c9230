"""One card on each reader. What kind of number came is told; the number itself is nobody's business."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.selftest.person import Deed
from provisioning.selftest.visit import Visit, failed, passed
from sync.as_built import Check


def probe(visit: Visit) -> Iterator[Check]:
    """First whether the reader works, then whether it reads."""
    for name in visit.config.readers:
        check = f"readers.{name}"
        fault = visit.bench.fault(name, visit.pace.health_within_s)
        if fault:
            yield failed(check, fault)
            continue
        visit.person.please(Deed.HOLD_CARD, name)
        card = visit.bench.card(name, visit.pace.act_within_s)
        if card is None:
            yield failed(
                check,
                f"it works, but no card was read in {visit.pace.act_within_s:g} s: try another card, look at"
                " antenna and format",
            )
        else:
            yield passed(check, f"read a card: {card.technology.value}, {card.bits} bits")
