"""TLS over a paced serial line: three addresses, one of them absent, each end sure of the other."""

from __future__ import annotations

import asyncio
import time

import pytest

from drivers.virtual_pair import PtyBus
from sync.bus_master import BusMaster
from sync.bus_station import BusStation
from sync.line import Line
from sync.link_errors import LinkError, UnknownGateError
from sync.serial_link import SerialLink
from sync.serial_port import open_port
from sync.tls_context import gate_context, hub_context
from sync.tls_stream import TlsStream, handshake
from tests.support.estate import key

HUB, GATES = key("hub"), {1: key("gate 1"), 3: key("gate 3")}
WITHIN_S = 15.0
"""For a hang, not a measure: two handshakes at 9600 baud take 3 s."""


class Estate:
    """A hub that serves addresses 1 to 3, and gates at 1 and 3."""

    def __init__(self, wire: PtyBus, baud: int) -> None:
        line, number = Line(baud), iter(range(1, 1 << 16))

        def nonce() -> bytes:
            return next(number).to_bytes(4, "big")

        self.hub = SerialLink(open_port(wire.paths[0], baud), BusMaster(line, [1, 2, 3], nonce))
        self.gates = {
            one: SerialLink(open_port(path, baud), BusStation(one, line, nonce))
            for one, path in zip((1, 3), wire.paths[1:], strict=True)
        }
        for link in (self.hub, *self.gates.values()):
            link.start()

    def close(self) -> None:
        for link in (self.hub, *self.gates.values()):
            link.close()

    async def serve(self, keys: list[bytes]) -> dict[int, TlsStream | BaseException]:
        """The hub's ends, by address."""
        context = hub_context(HUB, keys, tickets=0)
        streams = [await self.hub.accept() for _ in self.gates]
        shaken = [handshake(one, context, server_side=True, within_s=WITHIN_S) for one in streams]
        ends = await asyncio.gather(*shaken, return_exceptions=True)
        for stream, end in zip(streams, ends, strict=True):
            if isinstance(end, BaseException):
                stream.close()
        return {stream.address: end for stream, end in zip(streams, ends, strict=True)}

    async def dial(self, address: int) -> TlsStream:
        """A gate's end."""
        stream = await self.gates[address].accept()
        context = gate_context(GATES[address])
        return await handshake(stream, context, server_side=False, within_s=WITHIN_S)


@pytest.mark.parametrize("baud", [115_200, 9_600])
def test_gates_and_hub_prove_themselves_over_the_pair(baud: int) -> None:
    async def told() -> None:
        with PtyBus(3, baud, time.monotonic) as wire:
            estate = Estate(wire, baud)
            keys = [one.public for one in GATES.values()]
            async with asyncio.timeout(WITHIN_S):
                hub, *gates = await asyncio.gather(estate.serve(keys), estate.dial(1), estate.dial(3))
                for address, gate in zip((1, 3), gates, strict=True):
                    end = hub[address]
                    assert isinstance(end, TlsStream)
                    assert (end.peer_public_key, gate.peer_public_key) == (GATES[address].public, HUB.public)
                    await end.write(b"a list")
                    await gate.write(b"a receipt")
                    assert (await gate.read(), await end.read()) == (b"a list", b"a receipt")
                    await gate.finish()
                    assert await end.read() == b""
            estate.close()

    asyncio.run(told())


def test_a_gate_that_is_not_registered_is_told_so_and_the_other_is_served() -> None:
    async def told() -> None:
        with PtyBus(3, 115_200, time.monotonic) as wire:
            estate = Estate(wire, 115_200)
            async with asyncio.timeout(WITHIN_S):
                hub, one, three = await asyncio.gather(
                    estate.serve([GATES[1].public]), estate.dial(1), estate.dial(3)
                )
                assert isinstance(hub[3], UnknownGateError)
                with pytest.raises(LinkError, match="does not accept this key"):
                    await three.read()
                end = hub[1]
                assert isinstance(end, TlsStream)
                await end.write(b"a list")
                assert await one.read() == b"a list"
            estate.close()

    asyncio.run(told())
