"""The serial shells over real ports: pseudo-terminals on a wire that carries bytes at the line's speed."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import pytest

from drivers.virtual_pair import PtyBus
from sync.bus_gate import GateState
from sync.bus_master import BusMaster
from sync.bus_station import BusStation
from sync.line import Line
from sync.link_errors import LinkError, LostLinkError
from sync.serial_link import SerialLink, SerialStream
from sync.serial_port import open_port

WITHIN_S = 10.0
"""For a hang, not a measure."""
SOME = bytes(range(256)) * 4


def nonce() -> bytes:
    return os.urandom(4)


def hub_link(path: str, line: Line, addresses: Iterable[int]) -> SerialLink:
    link = SerialLink(open_port(path, line.baud), BusMaster(line, addresses, nonce))
    link.start()
    return link


def gate_link(path: str, line: Line, address: int) -> SerialLink:
    link = SerialLink(open_port(path, line.baud), BusStation(address, line, nonce))
    link.start()
    return link


class Pair:
    """A hub and gates on one wire."""

    def __init__(self, wire: PtyBus, hub: SerialLink, gates: dict[int, SerialLink]) -> None:
        self.wire = wire
        self.hub = hub
        self.gates = gates

    async def streams(self) -> dict[int, tuple[SerialStream, SerialStream]]:
        """Of each gate: the hub's end, the gate's."""
        hub = [await self.hub.accept() for _ in self.gates]
        return {one.address: (one, await self.gates[one.address].accept()) for one in hub}


@asynccontextmanager
async def pair(baud: int, present: Iterable[int], absent: Iterable[int] = ()) -> AsyncIterator[Pair]:
    line, addresses = Line(baud), [*present]
    with PtyBus(1 + len(addresses), baud, time.monotonic) as wire:
        hub = hub_link(wire.paths[0], line, [*addresses, *absent])
        gates = {one: gate_link(path, line, one) for one, path in zip(addresses, wire.paths[1:], strict=True)}
        try:
            yield Pair(wire, hub, gates)
        finally:
            for link in (hub, *gates.values()):
                link.close()


async def read_exactly(stream: SerialStream, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += await stream.read()
    return data


def story(told: Callable[[], Awaitable[None]]) -> None:
    """Let a story happen; a hang ends it."""

    async def bounded() -> None:
        async with asyncio.timeout(WITHIN_S):
            await told()

    asyncio.run(bounded())


@pytest.mark.parametrize("baud", [115_200, 9_600])
def test_three_gates_of_which_one_is_absent_hear_and_are_heard(baud: int) -> None:
    size = 1024 if baud == 115_200 else 150

    async def told() -> None:
        async with pair(baud, [1, 3], absent=[2]) as bus:
            ends = await bus.streams()
            assert sorted(ends) == [1, 3]
            for hub, gate in ends.values():
                await hub.write(SOME[:size])
                await gate.write(SOME[-size:])
            for hub, gate in ends.values():
                assert await read_exactly(gate, size) == SOME[:size]
                assert await read_exactly(hub, size) == SOME[-size:]
            assert isinstance(bus.hub.bus, BusMaster)
            told = {one.address: one for one in bus.hub.bus.diagnostics().gates}
            assert told[2].state is GateState.ABSENT
            assert told[1].state is told[3].state is GateState.OPEN
            assert told[1].round_trip_s is not None

    story(told)


def test_a_write_waits_until_the_line_has_taken_it() -> None:
    async def told() -> None:
        async with pair(115_200, [1]) as bus:
            hub, gate = (await bus.streams())[1]
            write = asyncio.create_task(hub.write(SOME * 8))
            begun = await read_exactly(gate, 2_000)
            assert not write.done()
            assert begun + await read_exactly(gate, 8 * 1024 - len(begun)) == SOME * 8
            await write

    story(told)


class CountingMaster(BusMaster):
    """How often the link asked it for something to send."""

    asked = 0

    def next_output(self, now: float) -> bytes:
        self.asked += 1
        return super().next_output(now)


def test_a_write_that_waits_leaves_the_processor_alone() -> None:
    async def told() -> None:
        line = Line(9_600)
        with PtyBus(2, line.baud, time.monotonic) as wire:
            master = CountingMaster(line, [1], nonce)
            hub, gate = SerialLink(open_port(wire.paths[0], 9_600), master), gate_link(wire.paths[1], line, 1)
            hub.start()
            below, above = await hub.accept(), await gate.accept()
            master.asked = 0
            writing = asyncio.create_task(below.write(SOME))
            assert SOME.startswith(await read_exactly(above, 700))
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            # Each frame and each lump of an answer is a few turns; a spinning loop has ten thousands.
            assert master.asked < 500
            hub.close()
            gate.close()

    story(told)


@pytest.mark.parametrize("side", [0, 1], ids=["hub", "gate"])
def test_last_words_before_a_close_arrive(side: int) -> None:
    async def told() -> None:
        async with pair(115_200, [1]) as bus:
            ends = (await bus.streams())[1]
            ours, theirs = ends[side], ends[1 - side]
            await ours.write(b"refused: not registered")
            ours.close()
            ours.close()
            with pytest.raises(LinkError):
                await ours.read()
            with pytest.raises(LinkError):
                await ours.write(b"more")
            assert await read_exactly(theirs, 23) == b"refused: not registered"

    story(told)


def test_a_restarted_gate_gets_a_new_stream_and_the_old_one_ends() -> None:
    async def told() -> None:
        async with pair(115_200, [1, 2]) as bus:
            ends = await bus.streams()
            bus.gates[1].close()
            bus.gates[1] = gate_link(bus.wire.paths[1], Line(115_200), 1)
            with pytest.raises(LostLinkError, match="began anew"):
                await ends[1][0].read()
            hub, gate = await bus.hub.accept(), await bus.gates[1].accept()
            await gate.write(b"here again")
            assert await read_exactly(hub, 10) == b"here again"
            await ends[2][0].write(b"undisturbed")
            assert await read_exactly(ends[2][1], 11) == b"undisturbed"

    story(told)


@pytest.mark.parametrize("index", [0, 1], ids=["hub", "gate"])
def test_a_port_pulled_out_ends_the_link_with_a_word_about_it(index: int) -> None:
    async def told() -> None:
        async with pair(115_200, [1]) as bus:
            ends = (await bus.streams())[1]
            link = bus.hub if index == 0 else bus.gates[1]
            bus.wire.unplug(index)
            with pytest.raises(LostLinkError, match=r"/dev/pts/.*plugged in"):
                await ends[index].read()
            with pytest.raises(LostLinkError):
                await ends[index].write(b"?")
            with pytest.raises(LostLinkError):
                await link.accept()

    story(told)


def test_a_stream_that_ended_unseen_is_not_given_out() -> None:
    async def told() -> None:
        async with pair(115_200, [1]) as bus:
            first = await bus.gates[1].accept()
            bus.gates[1].close()
            bus.gates[1] = gate_link(bus.wire.paths[1], Line(115_200), 1)
            second = await bus.gates[1].accept()
            await second.write(b"x")
            assert await read_exactly(await bus.hub.accept(), 1) == b"x"
            with pytest.raises(LinkError):
                await first.read()

    story(told)


def test_two_gates_at_one_address_are_told() -> None:
    async def told() -> None:
        line = Line(115_200)
        with PtyBus(3, line.baud, time.monotonic) as wire:
            doubled = asyncio.Event()
            bus = BusMaster(line, [1], nonce)
            hub = SerialLink(open_port(wire.paths[0], line.baud), bus, lambda _address: doubled.set())
            hub.start()
            gates = [gate_link(path, line, 1) for path in wire.paths[1:]]
            await doubled.wait()
            assert bus.diagnostics().gates[0].state is GateState.DOUBLED
            for link in (hub, *gates):
                link.close()

    story(told)
