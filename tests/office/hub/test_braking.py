"""The hub foresees a gate's brake exactly: it remembers what the gate remembers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from office.hub.braking import first_memory
from office.hub.planner import Why
from sync.encoding import encode_settings, stored
from sync.memory import TrustMemory
from sync.records import DoorPolicy, Record, RevocationReason, Tombstone
from tests.support.estate import DAY, NOW, SETTINGS, card, gate_with, resident
from tests.support.estate import content as list_of
from tests.support.hub import HubRig

NUMBERS = st.integers(1, 30)
ENDS = st.sampled_from([None, NOW + 3600, NOW + 5 * DAY, NOW + 900 * DAY])


def ended(number: int, reason: RevocationReason) -> Tombstone:
    return Tombstone(1000 + number, 2000 + number, card(number), reason, NOW)


def second_grant(number: int) -> Record:
    return replace(resident(number), grant_id=5000 + number, valid_until=NOW + 2 * DAY)


RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(resident, NUMBERS, schedule=st.sampled_from([None, 1]), until=ENDS),
    st.builds(second_grant, NUMBERS),
    st.builds(ended, NUMBERS, st.sampled_from(RevocationReason)),
)
LISTS = st.lists(RECORDS, max_size=15, unique_by=lambda one: one.grant_id)


def brake_of(memory: bytes) -> object:
    return TrustMemory.decode(memory).brake


@given(LISTS)
def test_a_first_list_is_counted_as_the_gate_counts_it(records: list[Record]) -> None:
    gate = gate_with(list_of(records))
    assert gate.current is not None
    ours = first_memory(sorted(map(stored, records)), encode_settings(SETTINGS), NOW)
    assert brake_of(ours) == brake_of(gate.current.memory)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(RECORDS, max_size=6, unique_by=lambda one: one.grant_id),
            st.booleans(),
            st.sampled_from([10, 7200, 2 * DAY]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_after_any_updates_the_hub_remembers_what_the_gate_does(
    changes: list[tuple[list[Record], bool, int]],
) -> None:
    """As deltas, with and without new settings; what the brake would hold is held at the hub."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-brake-") as directory:
        rig = HubRig(Path(directory))
        rig.want(1, *(resident(number) for number in range(1, 31)))
        rig.exchange(1)
        for records, new_settings, seconds in changes:
            rig.now += seconds
            rig.want(1, *records)
            if new_settings:
                rig.want_settings(1, replace(SETTINGS, doors=(DoorPolicy(1), DoorPolicy(2 + seconds % 7))))
            why = rig.exchange(1).why
            assert why in (Why.IN_SYNC, Why.NEEDS_MANAGER)
            held, current = rig.store.signed.held(1), rig.boxes[1].gate.current
            assert held is not None
            assert current is not None
            assert brake_of(held.memory) == brake_of(current.memory)
        assert rig.boxes[1].refused == []
        rig.close()


def test_a_snapshot_is_foreseen_like_a_delta(rig: HubRig) -> None:
    rig.want(1, *(resident(number) for number in range(1, 101)))
    rig.exchange(1)
    rig.now += 10
    rig.want(1, *(ended(number, RevocationReason.LOST) for number in range(1, 9)))
    rig.want(1, *(resident(number) for number in range(200, 500)))
    assert rig.exchange(1).why is Why.IN_SYNC
    held, current = rig.store.signed.held(1), rig.boxes[1].gate.current
    assert held is not None
    assert current is not None
    assert brake_of(held.memory) == brake_of(current.memory)
    assert rig.boxes[1].refused == []
