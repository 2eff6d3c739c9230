"""How every gate stands, read at once: the same as of one gate after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.clerk_steps import standing
from sync.records import DoorPolicy
from tests.support.estate import NOW, SETTINGS, resident
from tests.support.hub import HubRig, lost

GATES = (1, 2, 3)

Deed = Callable[[HubRig, int], object]
DEEDS: dict[str, Deed] = {
    "cards": lambda rig, gate: rig.want(gate, *(resident(number) for number in range(1, 13))),
    "more": lambda rig, gate: rig.want(gate, resident(20)),
    "lost": lambda rig, gate: rig.want(gate, lost(1), urgent=True),
    "settings": lambda rig, gate: rig.want_settings(
        gate, replace(SETTINGS, doors=(*SETTINGS.doors, DoorPolicy(9)))
    ),
    "report": lambda rig, gate: rig.report(gate),
    "signed": lambda rig, gate: rig.advance(gate),
    "exchange": HubRig.exchange,
    "struck": lambda rig, gate: rig.store.gates.strike(gate, rig.now),
}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), st.sampled_from(GATES)), max_size=12))
@example([("cards", 1), ("exchange", 1), ("lost", 1), ("cards", 2), ("signed", 2), ("settings", 2)])
@example([("cards", 1), ("exchange", 1), ("more", 1), ("exchange", 1), ("settings", 1), ("exchange", 1)])
def test_all_gates_stand_as_each_of_them_does(deeds: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory(prefix="gatehouse-hub-") as directory:
        rig = HubRig(Path(directory), gates=len(GATES))
        try:
            struck: set[int] = set()
            for number, (deed, gate) in enumerate(deeds):
                rig.now = NOW + number
                if gate not in struck:
                    with suppress(OfficeError):  # a gate without settings has nothing to be sent
                        DEEDS[deed](rig, gate)
                if deed == "struck":
                    struck.add(gate)
                assert rig.store.standings.all() == {one: standing(rig.store, one) for one in GATES}, deed
        finally:
            rig.close()
