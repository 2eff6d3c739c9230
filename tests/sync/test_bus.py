"""Any line, any number of gates: every byte arrives once and in order, nobody waits for ever.

The lines are simulated, time is too; bench/simulated_bus.py lets talkers collide as a pair of wires does.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.simulated_bus import Fault, perfect
from sync.bus_gate import ABSENT_S, GateState
from sync.bus_station import SILENCE_S
from sync.connection import Opened
from tests.support.bus_rig import CYCLE, FAST, SLOW, BusRig

Copies = Iterable[tuple[float, bytes]]


def lossy(data: bytes, _now: float, random: Random) -> Copies:
    return [] if random.random() < 0.3 else [(0.0, data)]


def corrupting(data: bytes, _now: float, random: Random) -> Copies:
    """A flipped, a dropped and an added byte in a thousand each."""
    kept = bytearray()
    for byte in data:
        chance = random.random()
        if chance < 0.001:
            continue
        kept.append(byte ^ random.randrange(1, 256) if chance < 0.002 else byte)
        if chance > 0.999:
            kept.append(random.randrange(256))
    return [(0.0, bytes(kept))]


def late(data: bytes, _now: float, random: Random) -> Copies:
    return [(random.uniform(0.0, 0.02), data)]


def doubling(data: bytes, _now: float, random: Random) -> Copies:
    return [(0.0, data), (random.uniform(0.0, 0.02), data)] if random.random() < 0.3 else [(0.0, data)]


def cut_for_a_while(data: bytes, now: float, _random: Random) -> Copies:
    """Nothing passes between the 1st and the 4th second."""
    return [] if 1.0 < now < 4.0 else [(0.0, data)]


LINES: dict[str, tuple[Fault, int]] = {
    "perfect": (perfect, 16),
    "byte_by_byte": (perfect, 1),
    "loss": (lossy, 16),
    "corruption": (corrupting, 16),
    "delay": (late, 16),
    "duplication": (doubling, 16),
    "cut": (cut_for_a_while, 16),
}
GATES = {"one": ([1], []), "three_one_absent": ([1, 3], [2]), "eight": (list(range(1, 9)), [])}


@pytest.mark.parametrize("gates", GATES)
@pytest.mark.parametrize("name", LINES)
def test_every_byte_arrives_once_and_in_order(name: str, gates: str) -> None:
    fault, lump_bytes = LINES[name]
    present, absent = GATES[gates]
    rig = BusRig(present, absent=absent, fault=fault, lump_bytes=lump_bytes)
    rig.run_until_open()
    rig.run_for(0.8)
    down = {one: bytes([one]) + CYCLE for one in present}
    up = {one: CYCLE + bytes([one]) for one in present}
    rig.exchange(down, up, within_s=120)
    rig.run_for(2.0)
    assert all(rig.gates[one].received == data for one, data in down.items()), "something came twice"
    assert all(end.opened == 1 for one in present for end in (rig.hub[one], rig.gates[one]))
    assert rig.doubled == []


@pytest.mark.parametrize("name", ["perfect", "loss", "corruption"])
def test_a_slow_line_carries_a_message_each_way(name: str) -> None:
    fault, lump_bytes = LINES[name]
    rig = BusRig([1, 2, 3], line=SLOW, fault=fault, lump_bytes=lump_bytes)
    rig.run_until_open()
    rig.exchange(dict.fromkeys((1, 2, 3), CYCLE[:500]), dict.fromkeys((1, 2, 3), CYCLE[:300]))


@settings(max_examples=25)
@given(st.data())
def test_whatever_is_sent_when_on_a_bad_line_it_arrives(data: st.DataObject) -> None:
    draws = data.draw
    faults = st.sampled_from([perfect, lossy, corrupting, late, doubling])
    rig = BusRig(
        range(1, draws(st.integers(1, 4)) + 1),
        absent=draws(st.sets(st.integers(5, 9), max_size=2)),
        fault=draws(faults),
        lump_bytes=draws(st.sampled_from([1, 7, 16, 300])),
        latency_s=draws(st.sampled_from([0.0005, 0.005, 0.016])),
        seed=draws(st.integers(0, 1000)),
        echo=draws(st.booleans()),
    )
    rig.run_until_open()
    down: dict[int, bytes] = dict.fromkeys(rig.stations, b"")
    up = dict(down)
    for number in range(draws(st.integers(1, 6))):
        address = draws(st.sampled_from(sorted(rig.stations)))
        message = bytes([number]) * draws(st.integers(1, 3_000))
        side, ends = draws(st.sampled_from([(down, rig.hub), (up, rig.gates)]))
        side[address] += message
        ends[address].waiting += message
        rig.run_for(draws(st.floats(0, 0.5)))
    rig.run_until_arrived(down, up, within_s=120)


@pytest.mark.parametrize("line", [FAST, SLOW], ids=["fast", "slow"])
def test_a_restarted_gate_is_noticed_and_begins_anew(line: object) -> None:
    rig = BusRig([1, 2], line=FAST if line is FAST else SLOW)
    rig.run_until_open()
    rig.hub[1].waiting = CYCLE * 4
    rig.run_for(0.5)
    rig.start_station(1)
    assert rig.gates[1].connection is None
    rig.run_until_open(within_s=5)
    assert rig.hub[1].reasons == ["the gate began anew"]
    rig.hub[1].waiting = b""
    rig.hub[1].received.clear()
    rig.run_for(4.0)
    rig.gates[1].received.clear()
    rig.exchange({1: b"anew"}, {1: b"indeed"})
    assert rig.hub[2].opened == 1, "the other gate noticed nothing"


def test_a_restarted_hub_is_noticed_by_all_gates() -> None:
    rig = BusRig([1, 2, 3])
    rig.run_until_open()
    for end in rig.gates.values():
        end.waiting = CYCLE
    rig.run_for(0.03)
    rig.restart_master()
    for end in rig.gates.values():
        end.waiting = b""
    rig.run_until_open()
    rig.run_for(1.0)
    assert all(end.reasons == ["the hub began anew"] for end in rig.gates.values())
    for end in rig.hub.values():
        end.received.clear()
    rig.exchange({2: b"down"}, {1: b"up", 2: b"up", 3: b"up"})


def test_a_cut_wire_ends_the_connection_at_both_sides_and_mended_it_begins_anew() -> None:
    cut = False

    def wire(data: bytes, _now: float, _random: Random) -> Copies:
        return [] if cut else [(0.0, data)]

    rig = BusRig([1, 2], fault=wire)
    rig.run_until_open()
    cut = True
    rig.run_for(max(ABSENT_S, SILENCE_S) + 15)
    assert rig.hub[1].reasons == ["the gate does not answer any more"]
    assert rig.gates[1].reasons == [f"not a word from the hub for {SILENCE_S:.0f} s"]
    assert rig.diagnostics(1).state is GateState.ABSENT
    cut = False
    rig.run_until_open(within_s=25)
    rig.exchange({1: b"x"}, {2: b"y"})


def test_a_lost_gate_is_gone_for_the_hub_while_others_go_on() -> None:
    rig = BusRig([1, 2, 3], line=SLOW)
    rig.run_until_open()
    rig.stop_station(2)
    rig.run_for(ABSENT_S + 15)
    assert rig.hub[2].connection is None
    assert [len(rig.hub[one].reasons) for one in (1, 3)] == [0, 0]


@pytest.mark.parametrize("side", ["hub", "gate"])
def test_either_side_may_close_and_both_begin_anew(side: str) -> None:
    rig = BusRig([1, 2])
    rig.run_until_open()
    end = rig.hub[1] if side == "hub" else rig.gates[1]
    connection = end.connection
    assert connection is not None
    connection.close()
    assert connection.send(b"late") == 0
    rig.run_for(8.0)
    assert not connection.is_open
    assert (rig.hub[1].opened, rig.gates[1].opened) == (2, 2)
    assert end.reasons == ["closed here"]
    rig.exchange({1: b"down"}, {1: b"up"})


def test_an_idle_bus_is_asked_each_second_and_does_not_spin() -> None:
    rig = BusRig(list(range(1, 9)), line=SLOW)
    rig.run_until_open()
    rig.run_for(5.0)
    before, turns = {one: rig.diagnostics(one) for one in rig.addresses}, rig.bus.turns
    rig.run_for(20.0)
    for one in rig.addresses:
        polls = rig.diagnostics(one).frames_received - before[one].frames_received
        assert 17 <= polls <= 21
    assert rig.bus.turns - turns < 20 * 8 * 12
    assert rig.bus.collisions == 0


def test_answers_collide_only_until_the_hub_knows_who_has_something_to_say() -> None:
    rig = BusRig(list(range(1, 9)), line=SLOW)
    rig.run_until_open()
    for one in range(1, 9):
        rig.hub[one].waiting = CYCLE[:400]
        rig.gates[one].waiting = CYCLE[:900]
    rig.run_for(4.0)
    collided = rig.bus.collisions
    everything = dict.fromkeys(range(1, 9), CYCLE[:400]), dict.fromkeys(range(1, 9), CYCLE[:900])
    assert rig.run_until_arrived(*everything) > 6
    assert rig.bus.collisions == collided, "nobody speaks unasked"


def test_an_echoing_adapter_does_not_matter() -> None:
    rig = BusRig([1, 2], echo=True)
    rig.run_until_open()
    rig.exchange({1: CYCLE, 2: CYCLE}, {1: CYCLE, 2: CYCLE})
    assert rig.diagnostics(1).errors == 0


def test_opened_streams_are_told_apart_by_their_connection() -> None:
    rig = BusRig([1])
    rig.run_until_open()
    first = rig.hub[1].connection
    rig.start_station(1)
    rig.run_until_open(within_s=5)
    assert rig.hub[1].connection is not first
    assert [type(event) for event in rig.gates[1].events] == [Opened]


def test_two_gates_at_one_address_are_told_and_neither_is_served_until_one_has_gone() -> None:
    rig = BusRig([1, 2])
    rig.run_until_open()
    twin = rig.new_station(1)
    rig.bus.nodes.append(twin)
    rig.hub[1].waiting = CYCLE * 3
    rig.run_for(30.0)  # garbled answers could be noise: the connection is not given up at once
    assert rig.doubled == [1]
    assert rig.diagnostics(1).state is GateState.DOUBLED
    assert rig.hub[1].connection is None
    assert rig.hub[2].opened == 1, "the other gate noticed nothing"
    rig.bus.nodes.remove(twin)
    rig.run_until_open([1], within_s=60)
    assert rig.diagnostics(1).state is GateState.OPEN
    rig.hub[1].waiting = b""
    rig.exchange({2: b"x"}, {1: b"up"})


@pytest.mark.parametrize("seed", range(8))
def test_two_gates_at_one_address_are_told_from_the_start(seed: int) -> None:
    rig = BusRig([1, 2], seed=seed)
    rig.bus.nodes.append(rig.new_station(1))
    rig.run_for(15.0)
    assert rig.doubled == [1]
    assert rig.hub[2].connection is not None
