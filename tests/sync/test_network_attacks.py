"""Strangers at the hub's port: each is turned away by name, and a gate is served meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sync import tls_context
from sync.identity import certificate
from sync.link_errors import CrowdedError, LostLinkError, RefusedByPeerError
from sync.network_listener import Limits, neighbour
from sync.tcp_stream import Keepalive, TcpStream
from sync.tls_stream import TlsStream, handshake
from tests.support.certificates import client_tls, dated_certificate
from tests.support.estate import key
from tests.support.network import GATE, STRANGER, Hub, answer, dialler, error_of, hub, run

SOON = Limits(handshake_within_s=0.5)


@asynccontextmanager
async def stranger(office: Hub) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A plain connection to the hub."""
    reader, writer = await asyncio.open_connection(office.address.host, office.address.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ended(reader: asyncio.StreamReader) -> bool:
    """Wait until the hub has ended the connection."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(1 << 16):
            pass
    return True


async def still_served(office: Hub) -> None:
    """A gate finds the hub as friendly as ever."""
    stream = await dialler(office.address).dial()
    assert await answer(stream) == b"hello"
    await stream.finish()


def test_slow_loris_is_dropped_at_the_deadline_and_a_gate_is_served_meanwhile() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"\x16")
            await asyncio.sleep(0.02)

    async def story() -> None:
        async with hub(limits=SOON) as office, stranger(office) as (reader, writer):
            hello = bytes.fromhex("16030100ca010000c60303")
            writer.write(hello)
            dripping = asyncio.ensure_future(drip(writer))
            await still_served(office)
            assert await office.attacks(1) == ["slow_handshake"]
            assert await ended(reader)
            dripping.cancel()

    run(story)


def test_a_crowd_of_slow_loris_leaves_the_next_address_its_place() -> None:
    async def story() -> None:
        limits = Limits(handshakes=3, handshakes_per_address=2, handshake_within_s=5.0)
        async with hub(limits=limits) as office, contextlib.AsyncExitStack() as crowd:
            for _ in range(2):
                await crowd.enter_async_context(stranger(office))
            late, _ = await crowd.enter_async_context(stranger(office))
            assert await office.attacks(1) == ["crowded"]
            assert await ended(late)
            # Another loopback address is another neighbour.
            local = ("127.0.0.2", 0)
            reader, writer = await asyncio.open_connection(
                office.address.host, office.address.port, local_addr=local
            )
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            assert await office.attacks(2) == ["crowded", "garbled_handshake"]
            assert await ended(reader)
            writer.transport.abort()

    run(story)


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("gone", "gone"),
    ],
)
def test_a_host_with_many_addresses_is_one_neighbour(address: str, counted_as: str) -> None:
    assert neighbour(address) == counted_as


def test_places_of_the_turned_away_are_free_again() -> None:
    async def story() -> None:
        async with hub(limits=Limits(links=1, handshakes=1, handshakes_per_address=1)) as office:
            for count in range(1, 4):
                async with stranger(office) as (reader, writer):
                    writer.write(b"garbage, and more of it")
                    assert await office.attacks(count) == ["garbled_handshake"] * count
                    assert await ended(reader)
                await office.empty()
            await still_served(office)

    run(story)


def test_endless_garbage_is_cut() -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"\x16\x03\x03\x40\x00\x01\x01\xff\x00\x03\x03" + os.urandom(16_378))
            await writer.drain()

    async def story() -> None:
        async with hub() as office, stranger(office) as (reader, writer):
            pouring = asyncio.ensure_future(pour(writer))
            assert await office.attacks(1) == ["garbled_handshake"]
            assert await ended(reader)
            with contextlib.suppress(ConnectionError):
                await pouring
            await still_served(office)

    run(story)


def old_client() -> ssl.SSLContext:
    context = tls_context.gate_context(GATE)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def lent_certificate() -> ssl.SSLContext:
    """A registered gate has signed a certificate for a stranger's key, who shows it."""
    lent = dated_certificate(GATE, carries=STRANGER, years=(2020, 2090))
    return client_tls(shown=lent, owner=STRANGER)


@pytest.mark.parametrize(
    ("context", "attack"),
    [
        (client_tls(), "no_certificate"),
        (tls_context.gate_context(STRANGER), "unknown_gate"),
        (lent_certificate(), "unknown_gate"),
        (old_client(), "downgraded_tls"),
    ],
    ids=["no certificate", "unregistered key", "lent certificate", "old TLS"],
)
def test_a_client_without_the_right_identity_is_refused(context: ssl.SSLContext, attack: str) -> None:
    async def story() -> None:
        async with hub() as office:
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                reader, writer = await asyncio.open_connection(
                    office.address.host, office.address.port, ssl=context
                )
                with contextlib.suppress(ssl.SSLError, ConnectionError):
                    assert await reader.read() == b"", "nothing of the hub's session is heard"
                writer.transport.abort()
            assert await office.attacks(1) == [attack]
            assert office.served.empty()
            await still_served(office)

    run(story)


def test_a_refused_gate_that_talks_on_still_reads_why() -> None:
    async def story() -> None:
        async with hub() as office:
            reader, writer = await asyncio.open_connection(office.address.host, office.address.port)
            below = TcpStream(reader, writer, Keepalive())
            stream = await handshake(
                below, tls_context.gate_context(STRANGER), server_side=False, within_s=5.0
            )
            await stream.write(bytes(700_000))
            with pytest.raises(RefusedByPeerError):
                await stream.read()
            stream.close()

    run(story)


def test_a_stolen_certificate_without_its_key_is_worth_nothing() -> None:
    with pytest.raises(ssl.SSLError):
        client_tls(shown=certificate(GATE), owner=STRANGER)


def test_a_reset_instead_of_a_handshake_is_a_lost_link() -> None:
    async def story() -> None:
        async with hub() as office:
            with socket.socket() as rude:
                rude.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(rude, (office.address.host, office.address.port))
                rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            assert await office.attacks(1) == ["lost_link"]

    run(story)


def test_one_gate_cannot_take_all_places() -> None:
    async def story() -> None:
        other = key("gate 8")
        limits = Limits(links=3, links_per_gate=2)
        async with hub(GATE.public, other.public, limits=limits) as office:
            greedy = dialler(office.address)
            links = [await greedy.dial() for _ in range(2)]
            assert [await answer(one) for one in links] == [b"hello"] * 2
            third = await greedy.dial()  # the handshake is good; what follows is refused
            with pytest.raises(LostLinkError):
                await third.read()
            assert await office.attacks(1) == ["crowded"]
            friend = await dialler(office.address, key=other).dial()
            assert await answer(friend) == b"hello"
            assert office.listener.links == 3
            assert type(await error_of(greedy.dial())) is LostLinkError
            assert isinstance(office.turned_away[-1].error, CrowdedError)
            for one in (*links, third, friend):
                one.close()

    run(story)


def test_a_link_that_ends_in_an_error_is_given_back() -> None:
    async def hang_up(stream: TlsStream) -> None:
        await stream.read()
        raise LostLinkError("told by the session")

    async def story() -> None:
        async with hub(serve=hang_up) as office:
            stream = await dialler(office.address).dial()
            await stream.write(b"bye")
            with pytest.raises(LostLinkError):
                await stream.read()
            stream.close()
            assert office.listener.links == 0
            assert office.turned_away == []

    run(story)


def test_a_fault_in_one_gates_session_is_told_and_the_others_go_on() -> None:
    async def fail_once(stream: TlsStream) -> None:
        while data := await stream.read():
            if data == b"bad":
                raise RuntimeError("a fault of ours")
            await stream.write(data)

    async def story() -> None:
        told: list[str] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: told.append(str(context.get("exception")))
        )
        async with hub(serve=fail_once) as office:
            friend = await dialler(office.address).dial()
            stream = await dialler(office.address).dial()
            await stream.write(b"bad")
            with pytest.raises(LostLinkError):
                await stream.read()
            stream.close()
            assert await answer(friend) == b"hello"
            assert office.listener.links == 1
            friend.close()
        assert told == ["a fault of ours"]

    run(story)


def test_a_closed_hub_ends_every_link_and_answers_nobody() -> None:
    async def story() -> None:
        async with hub() as office:
            stream = await dialler(office.address).dial()
        with pytest.raises(LostLinkError):
            await stream.read()
        stream.close()
        assert type(await error_of(dialler(office.address).dial())) is LostLinkError

    run(story)


def test_a_thousand_gates_are_registered_and_each_is_told_from_the_others() -> None:
    async def story() -> None:
        gates = [key(f"gate {number}") for number in range(1000)]
        async with hub(*(one.public for one in gates)) as office:
            for one in gates[::333]:
                stream = await dialler(office.address, key=one).dial()
                assert (await office.served.get()).peer_public_key == one.public
                stream.close()
            office.listener.trust(one.public for one in gates[1:])
            assert (await error_of(dialler(office.address, key=gates[0]).dial())).attack == "refused_by_peer"

    run(story)
