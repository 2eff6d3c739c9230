"""A gate's two processes and a hub, as in a user's life: real processes, real TLS on loopback, real files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from office.hub.store import HubStore
from sync.encoding import encode_settings, stored
from sync.records import RevocationReason, Tombstone
from sync.statements.floor_lowering import FloorLowering, sign_floor_lowering
from terminal.stores.time_anchor import load_time
from tests.support.estate import ESTATE_ID, GATE_ID, ROOT, card
from tests.support.gate_and_hub import Estate, receipts, stop, until_told
from tests.support.gate_estate import BASIC
from tests.support.running_gate import RunningGate
from tests.support.waiting import WITHIN_S


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    made = Estate(tmp_path)
    yield made
    made.close()


def stored_events(hub: HubStore) -> int:
    return sum(hub.events.position(GATE_ID, epoch).number for epoch in hub.events.logs(GATE_ID))


def lowering(floor: int) -> bytes:
    """The root's word that the gate's floor is too high."""
    return sign_floor_lowering(FloorLowering(ESTATE_ID, GATE_ID, 1, floor, floor), ROOT)


def test_a_gates_life_with_its_hub(estate: Estate) -> None:
    gate = RunningGate(estate.directory)
    try:
        hub, sync = estate.start_hub(), estate.start_sync()
        records = [stored(one) for one in BASIC.records]
        settings = encode_settings(BASIC.settings)
        estate.change(lambda store: store.wanted.put(GATE_ID, records, settings=settings, urgent=False, at=1))
        estate.until("the list is receipted", lambda store: receipts(store) == 1)
        number = next(one for one in range(1, 50) if any(card(one) == r.credential for r in BASIC.records))
        gate.tap("in", number)
        gate.until_told("granted")
        ended = [
            Tombstone(one.grant_id, one.issue_id, one.credential, RevocationReason.LOST, int(time.time()))
            for one in BASIC.records
            if one.credential == card(number)
        ]
        estate.change(
            lambda store: store.wanted.put(
                GATE_ID, [stored(one) for one in ended], urgent=True, at=int(time.time())
            )
        )
        estate.until("the revocation is receipted", lambda store: receipts(store) == 2)
        gate.tap("in", number)
        gate.until_told("lost")

        sync.kill()  # nobody at the gate notices
        sync.wait()
        had: list[int] = []
        estate.change(lambda store: had.append(stored_events(store)))
        gate.tap("in", number)
        sync = estate.start_sync()
        estate.until("what was tapped meanwhile is stored", lambda store: stored_events(store) > had[0])

        assert stop(hub) == 0
        estate.change(lambda store: had.append(stored_events(store)))
        gate.tap("in", number)
        hub = estate.start_hub()
        estate.until("the gate has come back to the hub", lambda store: stored_events(store) > had[-1])

        order = estate.start(
            *("office", "hub", "order", str(estate.store), "open", "--gate", str(GATE_ID)),
            *("--operator", "17", "--reason", "parcel", "--door", "1"),
        )
        assert order.wait(WITHIN_S) == 0
        until_told(gate, "remote_opened")

        (estate.directory / "east.floor").write_bytes(lowering(int(time.time()) - 60))
        words = ("hub", "take", str(estate.store), str(estate.directory / "east.floor"))
        taken = estate.start("office", *words, "--keys", str(estate.directory / "keys"))
        assert taken.wait(WITHIN_S) == 0
        estate.until("the gate has told that it has it", lambda store: not store.lowerings.open())
        assert load_time(estate.directory / "sync").lowered is not None
        assert stop(sync) == 0
        assert stop(hub) == 0
    finally:
        gate.close()
