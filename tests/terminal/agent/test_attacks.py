"""What a hub, or somebody with one of its keys, may try over an open session; the last good list stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from office.hub.planner import Why
from sync.backoff import IDENTITY, pace_of
from sync.content import MemoryContent
from sync.delta import Put
from sync.encoding import stored
from sync.envelope import seal
from sync.keys import SigningKey
from sync.messages import (
    MAX_MESSAGE_BYTES,
    OrderAnswer,
    OrderSent,
    Piece,
    ReceiptSent,
    Refused,
    Transfer,
    Update,
    WantSnapshot,
)
from sync.publishing import Destination, delta
from sync.records import RevocationReason, Tombstone
from sync.statements.order import Order, sign_order
from sync.statements.order_kinds import Argument, OrderKind
from sync.statements.pulse import NewestList
from sync.update import ListVersion
from sync.varint import append_varint
from terminal.agent.process import _failure
from tests.support.estate import CHAIN, ESTATE_ID, LISTS, NOW, ONLINE, card, key, resident, withdraw
from tests.support.hostile_hub import HostileHub, image, refused
from tests.support.session_pair import PACE
from tests.support.world import World
from tests.support.world_gate import GateSide

STRANGER = key("a stranger")


def length(value: int) -> bytes:
    """How a message of this length begins."""
    body = bytearray()
    append_varint(body, value)
    return bytes(body)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A gate whose list has come to revision 3, by a snapshot and two deltas."""
    made = World(tmp_path, gates=1)
    made.office.want(1, *(resident(number) for number in range(1, 21)))
    made.connect(1)
    made.pass_time(1.0)
    for number in (1, 2):
        made.office.want(1, lost(number), urgent=True)
        made.settle()
    made.hang_up(1)
    made.pass_time(1.0)
    yield made
    made.close()


@pytest.fixture
def gate(world: World) -> GateSide:
    return world.gates[1]


def lost(number: int) -> Tombstone:
    return Tombstone(1000 + number, 2000 + number, card(number), RevocationReason.LOST, NOW)


def put_delta(gate: GateSide, *signers: SigningKey) -> bytes:
    """A delta that grants card 99, built on the list in force."""
    state, content = gate.lists.state, gate.lists._store.content()
    assert state is not None
    assert content is not None
    base = MemoryContent(content.settings(), sorted(content.records()))
    step = Put(stored(resident(99)))
    statement, _ = delta(Destination(ESTATE_ID, 1), (state.version, base), (step,), issued_at=NOW + 60)
    return seal(statement, signers, delegations=CHAIN)


def test_an_older_delta_is_a_rollback(world: World, gate: GateSide) -> None:
    older = gate.lists._store.envelopes()[-2]
    assert refused(HostileHub(gate), older) == "rollback"
    assert not gate.would_open(2)


def test_the_newest_update_again_is_receipted_and_no_attack(gate: GateSide) -> None:
    hub, before = HostileHub(gate), image(gate)
    hub.session.send_envelope(gate.lists._store.envelopes()[-1])
    hub.settle()
    assert len(hub.said(ReceiptSent)) == 1
    assert image(gate) == before
    assert not gate.refusals


def test_the_online_key_cannot_grant(gate: GateSide) -> None:
    assert refused(HostileHub(gate), put_delta(gate, ONLINE)) == "role_too_weak"
    assert not gate.would_open(99)


def test_a_stranger_cannot_grant(gate: GateSide) -> None:
    assert refused(HostileHub(gate), put_delta(gate, STRANGER)) == "unknown_key"


def test_a_mass_removal_without_the_managers_signature_is_braked(world: World, gate: GateSide) -> None:
    world.office.want(1, *(lost(number) for number in range(3, 19)))
    assert world.office.advance(1).why is Why.NEEDS_MANAGER
    stripped = world.office.publisher.propose(1, world.office.now_s)  # signed by the list key alone
    assert refused(HostileHub(gate), stripped) == "mass_removal"
    assert gate.would_open(10)


def test_a_frozen_link_is_counted_and_the_whole_list_asked_for(gate: GateSide) -> None:
    hub, before = HostileHub(gate), image(gate)
    hub.newest = NewestList(ListVersion(1, 9), bytes(32))
    for _ in range(3):
        assert "frozen_link" not in gate.refusals
        hub.pass_time(PACE.pulse_s)
    assert gate.refusals["frozen_link"] == 1
    assert hub.said(WantSnapshot) == [WantSnapshot("frozen_link")]
    assert image(gate) == before


def test_a_transfer_that_never_ends_is_a_frozen_link_too(gate: GateSide) -> None:
    """A byte now and then keeps the session alive, and nothing else."""
    hub, before = HostileHub(gate), image(gate)
    hub.newest = NewestList(ListVersion(1, 9), bytes(32))
    hub.say(Transfer(bytes(32), 100_000))
    for at in range(4):
        hub.say(Piece(at, b"x"))
        hub.pass_time(PACE.pulse_s)
    assert gate.refusals["frozen_link"] == 1
    assert hub.ended is None
    assert image(gate) == before
    hub.session.send_envelope(put_delta(gate, LISTS))  # an update overtakes it
    hub.settle()
    assert gate.would_open(99)


def test_more_than_was_announced_ends_the_session(gate: GateSide) -> None:
    hub, before = HostileHub(gate), image(gate)
    hub.say(Transfer(bytes(32), 100))
    hub.say(Piece(0, bytes(200)))
    assert hub.ended is not None
    assert (hub.ended.code, hub.ended.by_peer) == ("violation", False)
    assert image(gate) == before


@pytest.mark.parametrize(
    "data",
    [
        length(MAX_MESSAGE_BYTES + 1),
        b"\xff" * 10,
        length(2000) + b"\x91" * 2000,
        length(5) + b"\xdd\xff\xff\xff\xff",
        length(0),
    ],
    ids=["too long", "endless length", "deep nesting", "an array of four thousand million", "empty"],
)
def test_hostile_bytes_end_the_session_and_nothing_else(gate: GateSide, data: bytes) -> None:
    hub, before = HostileHub(gate), image(gate)
    hub.say_raw(data)
    assert hub.ended is not None
    assert hub.ended.code == "violation"
    hub.say_raw(data * 100)
    assert hub.gate_session._reader.is_empty, "nothing is kept of what comes after"
    assert image(gate) == before
    assert HostileHub(gate).ended is None


def order(hub: HostileHub, counter: int = 1, *, gate_id: int = 1, nonce: bytes | None = None) -> bytes:
    arguments: dict[str, Argument] = {"door": 1, "operator": "17", "reason": "parcel"}
    return sign_order(
        Order(ESTATE_ID, gate_id, nonce or hub.nonce, counter, OrderKind.OPEN, arguments, 10), ONLINE
    )


def test_an_order_opens_once(gate: GateSide) -> None:
    hub = HostileHub(gate)
    signed = order(hub)
    for _ in range(3):
        hub.say(OrderSent(signed))
    assert len(gate.process.asked) == 1
    assert hub.said(OrderAnswer) == [OrderAnswer(1, ok=True, text="")]
    assert gate.refusals == {"replayed": 2}


def test_an_order_of_another_session_or_gate_opens_nothing(gate: GateSide) -> None:
    first = HostileHub(gate)
    overheard = order(first)
    hub = HostileHub(gate)
    for signed in (overheard, order(hub, gate_id=2), order(hub, nonce=bytes(16))):
        hub.say(OrderSent(signed))
    assert gate.process.asked == []
    assert gate.refusals == {"replayed": 2, "wrong_gate": 1}
    assert hub.said(OrderAnswer) == []


def test_an_order_that_counts_back_opens_nothing(gate: GateSide) -> None:
    hub = HostileHub(gate)
    hub.say(OrderSent(order(hub, 5)))
    hub.say(OrderSent(order(hub, 4)))
    assert len(gate.process.asked) == 1


@pytest.mark.parametrize(
    ("keys", "attack"),
    [
        ({"key": STRANGER}, "wrong_hub"),
        ({"key": LISTS}, "wrong_hub"),
        ({"delegations": (), "key": STRANGER}, "wrong_hub"),
        ({"withdrawals": withdraw(1, ONLINE)}, "wrong_hub"),
    ],
    ids=["not delegated", "another role", "nothing shown", "withdrawn"],
)
def test_a_hub_without_authority_is_left_as_a_refused_identity(
    gate: GateSide, keys: dict[str, object], attack: str
) -> None:
    before = image(gate)
    hub = HostileHub(gate, **keys)  # type: ignore[arg-type]
    assert image(gate) == before
    assert hub.ended is not None
    assert (hub.ended.code, hub.ended.by_peer) == ("refused_identity", False)
    assert gate.refusals == {attack: 1}
    assert pace_of(_failure(hub.ended)) is IDENTITY
    hub.session.receive(b"", 0.0)
    assert hub.heard == [], "it is told nothing"


def test_an_update_is_judged_whatever_message_brings_it(gate: GateSide) -> None:
    hub = HostileHub(gate)
    hub.say(Update(b"\x00" * 40))
    (told,) = hub.said(Refused)
    assert isinstance(told, Refused)
    assert told.attack == "malformed"
