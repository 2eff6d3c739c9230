"""A gate dials its hubs over real sockets: up, resumed, and every failure by its name."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pytest_mock import MockerFixture

from sync.chain import Withdrawn, known_delegations
from sync.hub_authority import authorise_hub
from sync.link_errors import (
    DowngradedTlsError,
    GarbledHandshakeError,
    LinkError,
    LostLinkError,
    RefusedByPeerError,
    SlowHandshakeError,
    WrongHubError,
)
from sync.network_link import Dialler, HubAddress, Patience
from sync.tcp_stream import Keepalive, TcpStream
from sync.tls_context import hub_context
from sync.tls_stream import handshake
from tests.support.estate import ANCHOR, CHAIN, NOW, ONLINE
from tests.support.network import GATE, LOOPBACK, STRANGER, answer, dialler, error_of, hub, run
from tests.support.waiting import WITHIN_S

HASTY = Patience(0.1, 0.1, 0.1)


def authorise(public: bytes, *withdrawn: bytes) -> None:
    known = Withdrawn(1, frozenset(withdrawn))
    authorise_hub(ANCHOR, known, known_delegations(ANCHOR, known, CHAIN, ()), public, NOW)


@asynccontextmanager
async def somebody_else(
    says: bytes = b"", context: ssl.SSLContext | None = None
) -> AsyncIterator[HubAddress]:
    """Another service at the hub's address, which says this and then nothing more."""
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        below = TcpStream(reader, writer, Keepalive())
        try:
            if context is not None:
                await handshake(below, context, server_side=True, within_s=2.0)
            writer.write(says)
            await done.wait()
        except LinkError:
            await below.linger(0.1)
        finally:
            below.close()

    server = await asyncio.start_server(talk, LOOPBACK, 0)
    try:
        yield HubAddress(LOOPBACK, server.sockets[0].getsockname()[1])
    finally:
        done.set()
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def nobody() -> AsyncIterator[HubAddress]:
    """An address at which nobody listens, kept from others meanwhile."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        yield HubAddress(LOOPBACK, taken.getsockname()[1])


def test_a_gate_reaches_its_hub_and_both_know_who_the_other_is() -> None:
    async def story() -> None:
        async with hub() as office:
            stream = await dialler(office.address).dial()
            assert await answer(stream) == b"hello"
            assert stream.peer_public_key == ONLINE.public
            assert (await office.served.get()).peer_public_key == GATE.public
            authorise(stream.peer_public_key)
            await stream.finish()

    run(story)


def test_a_hub_may_be_known_by_name() -> None:
    async def story() -> None:
        async with hub() as office:
            stream = await dialler(HubAddress("localhost", office.address.port)).dial()
            assert await answer(stream) == b"hello"
            stream.close()

    run(story)


def test_the_next_hub_is_taken_when_the_first_is_down() -> None:
    async def story() -> None:
        async with nobody() as first, hub() as office:
            stream = await dialler(first, office.address).dial()
            assert await answer(stream) == b"hello"
            stream.close()

    run(story)


def test_a_second_link_is_resumed_and_the_hubs_key_is_judged_again() -> None:
    async def story() -> None:
        async with hub() as office:
            gate = dialler(office.address)
            first = await gate.dial()
            assert not first.resumed
            first.close()
            second = await gate.dial()
            assert second.resumed
            assert (await office.served.get()).peer_public_key == GATE.public
            there = await office.served.get()
            assert there.resumed
            assert there.peer_public_key == GATE.public
            authorise(second.peer_public_key)
            with pytest.raises(WrongHubError, match="withdrawn_key"):
                authorise(second.peer_public_key, ONLINE.key_id)
            second.close()
            third = await gate.dial()
            assert third.resumed, "a resumed link is given a ticket of its own"
            third.close()

    run(story)


def test_a_gate_that_was_struck_off_is_refused_although_it_holds_a_ticket() -> None:
    async def story() -> None:
        async with hub() as office:
            gate = dialler(office.address)
            stream = await gate.dial()
            office.listener.trust([STRANGER.public])
            with pytest.raises(LostLinkError):  # its link is cut at once …
                await stream.read()
            stream.close()
            assert type(await error_of(gate.dial())) is RefusedByPeerError  # … and it gets no other
            assert await office.attacks(1) == ["unknown_gate"]

    run(story)


def test_a_gate_that_is_registered_gets_in_and_nobody_is_cut_for_it() -> None:
    async def story() -> None:
        async with hub() as office:
            stream = await dialler(office.address).dial()
            gate = dialler(office.address, key=STRANGER)
            assert type(await error_of(gate.dial())) is RefusedByPeerError
            office.listener.trust([GATE.public, STRANGER.public])
            other = await gate.dial()
            assert await answer(other) == await answer(stream) == b"hello"
            stream.close()
            other.close()

    run(story)


def test_a_wrong_hub_is_found_out_by_its_key() -> None:
    async def story() -> None:
        async with somebody_else(context=hub_context(STRANGER, [GATE.public], tickets=1)) as address:
            stream = await dialler(address).dial()
            with pytest.raises(WrongHubError, match="unknown_key"):
                authorise(stream.peer_public_key)
            stream.close()

    run(story)


def old_tls() -> ssl.SSLContext:
    context = hub_context(ONLINE, [GATE.public], tickets=0)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


@pytest.mark.parametrize(
    ("says", "context", "within_s", "named"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n", None, 2.0, GarbledHandshakeError),
        (b"", None, 0.2, SlowHandshakeError),
        (b"", old_tls(), 2.0, DowngradedTlsError),
    ],
    ids=["portal", "mute", "old TLS"],
)
def test_whatever_else_answers_is_named(
    says: bytes, context: ssl.SSLContext | None, within_s: float, named: type[LinkError]
) -> None:
    async def story() -> None:
        async with somebody_else(says, context) as address:
            error = await error_of(dialler(address, patience=Patience(2.0, 2.0, within_s)).dial())
            assert type(error) is named
            assert str(error).startswith(f"{address}: "), "which hub it was stands in the text"

    run(story)


def test_a_hub_that_shakes_hands_and_then_says_nothing_is_lost() -> None:
    async def story() -> None:
        async with somebody_else(context=hub_context(ONLINE, [GATE.public], tickets=0)) as address:
            error = await error_of(dialler(address, patience=Patience(2.0, 2.0, 0.2)).dial())
            assert type(error) is LostLinkError
            assert "accepts us" in str(error)

    run(story)


def answers(*hosts: str) -> Callable[..., list[tuple[Any, ...]]]:
    """A resolver that knows one name."""
    return lambda _name, port, *_kind: [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in hosts
    ]


def test_each_address_of_a_name_is_tried(mocker: MockerFixture) -> None:
    async def story() -> None:
        async with hub() as office:
            mocker.patch("socket.getaddrinfo", answers("127.0.0.2", office.address.host))
            stream = await dialler(HubAddress("hub.estate", office.address.port)).dial()
            assert await answer(stream) == b"hello"
            stream.close()

    run(story)


@pytest.mark.parametrize("refusing_first", [True, False])
def test_a_refusal_at_one_address_of_a_hub_outweighs_that_another_is_dead(
    mocker: MockerFixture, refusing_first: bool
) -> None:
    async def story() -> None:
        async with hub(STRANGER.public) as office:
            hosts = [office.address.host, "127.0.0.2"]
            mocker.patch("socket.getaddrinfo", answers(*hosts[:: 1 if refusing_first else -1]))
            error = await error_of(dialler(HubAddress("hub.estate", office.address.port)).dial())
            assert type(error) is RefusedByPeerError

    run(story)


def test_a_dead_name_server_holds_up_one_thread_and_nobody_else(mocker: MockerFixture) -> None:
    async def story() -> None:
        free = threading.Event()
        asked: list[str] = []

        def resolver(name: str, port: int, *_kind: int) -> list[tuple[Any, ...]]:
            asked.append(name)
            free.wait()
            return answers(LOOPBACK)(name, port)

        mocker.patch("socket.getaddrinfo", resolver)
        async with hub() as office:
            address = HubAddress("hub.estate", office.address.port)
            try:
                # A hub of a number is reached although the name in front of it hangs.
                stream = await dialler(address, office.address, patience=Patience(0.1)).dial()
                stream.close()
                gate = dialler(address, patience=Patience(0.1))
                for _ in range(3):
                    assert "name server" in str(await error_of(gate.dial()))
                assert asked == ["hub.estate"] * 2, "one question a gate, however often it dials"
            finally:
                free.set()
            stream = await gate.dial()
            assert await answer(stream) == b"hello"
            assert len(asked) == 2, "the late answer was still of use"
            stream.close()

    run(story)


def test_a_dead_name_server_keeps_nobody_from_ending(mocker: MockerFixture) -> None:
    free = threading.Event()

    def resolver(name: str, port: int, *_kind: int) -> list[tuple[Any, ...]]:
        free.wait()
        return answers(LOOPBACK)(name, port)

    mocker.patch("socket.getaddrinfo", resolver)
    gate = dialler(HubAddress("hub.estate", 4430), patience=HASTY)
    ends = threading.Thread(target=lambda: asyncio.run(error_of(gate.dial())), daemon=True)
    ends.start()
    try:
        ends.join(WITHIN_S)
        assert not ends.is_alive()
    finally:
        free.set()


@pytest.mark.parametrize("host", ["no..such", "a" * 64, "no such host"])
def test_a_name_that_cannot_be_resolved_is_a_lost_link(host: str) -> None:
    async def story() -> None:
        error = await error_of(dialler(HubAddress(host, 4430)).dial())
        assert type(error) is LostLinkError

    run(story)


def test_nobody_at_the_address_is_a_lost_link() -> None:
    async def story() -> None:
        async with nobody() as address:
            assert type(await error_of(dialler(address).dial())) is LostLinkError

    run(story)


def test_a_full_queue_of_connections_is_a_lost_link() -> None:
    async def story() -> None:
        with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
            listening.bind((LOOPBACK, 0))
            listening.listen(0)
            for one in (first, second):
                one.setblocking(False)
                one.connect_ex(listening.getsockname())
            address = HubAddress(LOOPBACK, listening.getsockname()[1])
            error = await error_of(dialler(address, patience=HASTY).dial())
            assert type(error) is LostLinkError
            assert "no answer within" in str(error)

    run(story)


def test_a_reset_in_the_middle_is_a_lost_link() -> None:
    async def story() -> None:
        with socket.socket() as listening:
            listening.bind((LOOPBACK, 0))
            listening.listen()
            listening.setblocking(False)
            address = HubAddress(LOOPBACK, listening.getsockname()[1])
            dialling = asyncio.ensure_future(error_of(dialler(address).dial()))
            peer, _ = await asyncio.get_running_loop().sock_accept(listening)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            assert type(await dialling) is LostLinkError

    run(story)


def test_a_hub_that_refuses_keeps_nobody_from_one_that_is_down() -> None:
    async def story() -> None:
        async with nobody() as down, hub(STRANGER.public) as office:
            for hubs in ([down, office.address], [office.address, down]):
                error = await error_of(dialler(*hubs).dial())
                assert type(error) is LostLinkError
                assert str(down) in str(error)
                assert str(office.address) in str(error)
            assert type(await error_of(dialler(office.address).dial())) is RefusedByPeerError

    run(story)


def test_a_dial_that_is_given_up_leaves_nothing_behind() -> None:
    async def story() -> None:
        async with somebody_else() as address:
            dialling = asyncio.ensure_future(dialler(address).dial())
            await asyncio.sleep(0)
            dialling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dialling

    run(story)


@pytest.mark.parametrize(("host", "port"), [("", 4430), ("hub", 0), ("hub", 65_536)])
def test_an_address_without_host_or_port_is_refused(host: str, port: int) -> None:
    with pytest.raises(ValueError, match="host and a port"):
        HubAddress(host, port)


def test_a_gate_without_a_hub_is_refused() -> None:
    with pytest.raises(ValueError, match="address of a hub"):
        Dialler(GATE, [])


def test_addresses_are_written_as_people_write_them() -> None:
    assert str(HubAddress("hub.estate", 4430)) == "hub.estate:4430"
    assert str(HubAddress("fd00::1", 4430)) == "[fd00::1]:4430"
