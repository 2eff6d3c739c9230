"""The link between two real networks: in bad weather, cut without a word, and back again."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from sync.link_errors import LostLinkError
from sync.network_link import Patience
from sync.network_listener import Limits
from sync.tcp_stream import Keepalive
from tests.support.netns import CLEAR, CUT, Weather, two_networks
from tests.support.network import answer, dialler, error_of, hub, run

WATCHFUL = Keepalive(idle_s=1, every_s=1, probes=1)
QUICK = Patience(1.0, 0.5, 2.0, WATCHFUL)

pytestmark = pytest.mark.real_part("network namespaces")


def test_a_silent_cut_is_noticed_by_both_sides_and_the_link_comes_back_resumed() -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            office_network, gate_network, wire = stack.enter_context(two_networks())
            with office_network.inside():
                office = await stack.enter_async_context(
                    hub(limits=Limits(keepalive=WATCHFUL), host=office_network.address)
                )
            with gate_network.inside():
                gate = dialler(office.address, patience=QUICK)
                stream = await gate.dial()
                assert await answer(stream) == b"hello"
                wire.weather = CUT
                # Nobody says anything any more: the gate listens, and the hub has an answer under way.
                hearing = asyncio.ensure_future(stream.read())
                there = await office.served.get()
                await there.write(b"revoked")
                with pytest.raises(LostLinkError):
                    await hearing
                stream.close()
                await office.empty()
                assert office.listener.links == 0, "the hub noticed as well"
                assert "no answer within" in str(await error_of(gate.dial()))
                wire.weather = CLEAR
                stream = await gate.dial()
                assert stream.resumed
                assert await answer(stream, b"back again") == b"back again"
                await stream.finish()

    run(story)


def test_a_handshake_that_the_network_swallows_frees_its_place() -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            office_network, gate_network, wire = stack.enter_context(two_networks())
            limits = Limits(links=1, handshake_within_s=0.5)
            with office_network.inside():
                office = await stack.enter_async_context(hub(limits=limits, host=office_network.address))
            with gate_network.inside():
                _, writer = await asyncio.open_connection(office.address.host, office.address.port)
                await office.busy()
                wire.weather = CUT
                assert await office.attacks(1) == ["slow_handshake"]
                await office.empty()
                wire.weather = CLEAR
                stream = await dialler(office.address).dial()
                assert await answer(stream) == b"hello"
                stream.close()
                writer.transport.abort()

    run(story)


def test_in_bad_weather_everything_arrives_once_and_in_order() -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            office_network, gate_network, wire = stack.enter_context(two_networks(seed=7))
            with office_network.inside():
                office = await stack.enter_async_context(hub(host=office_network.address))
            wire.weather = Weather(delay_s=0.01, loss=0.03, duplication=0.1)
            with gate_network.inside():
                stream = await dialler(office.address).dial()
                said = b"".join(number.to_bytes(4, "big") for number in range(20_000))
                sending = asyncio.ensure_future(stream.write(said))
                heard = b""
                while len(heard) < len(said):
                    heard += await stream.read()
                await sending
                assert heard == said
                await stream.finish()

    run(story)
