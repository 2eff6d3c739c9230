"""The hub's end of the network link: admits registered gates, and nobody can hold it up.

Everything a stranger can use up is bounded: connections in all, handshakes at a time, those of
one address, time and bytes of each, links of one gate. Whoever is turned away is told to the
office by the name of what it did; the others go on being served.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from msgspec import Struct

from sync.keys import SigningKey, key_id
from sync.link_errors import (
    CrowdedError,
    LinkError,
    LostLinkError,
    SlowHandshakeError,
    UnknownGateError,
)
from sync.tcp_stream import READ_BYTES, Keepalive, TcpStream
from sync.tls_context import admit, hub_context
from sync.tls_stream import TlsStream, handshake

TICKETS: Final = 1
"""A gate has one link; what it gets is used once."""
LAST_WORDS_WITHIN_S: Final = 1.0
"""How long a refused peer may take to read why."""
WAITING_IN_THE_KERNEL: Final = 512


class Limits(Struct, frozen=True):
    """Bounds on what strangers and gates may occupy."""

    links: int = 4096
    """Connections in all; the hub needs as many file descriptors."""
    handshakes: int = 512
    handshakes_per_address: int = 128
    """Gates may well share an address, behind a router; in IPv6, of one /64 network."""
    links_per_gate: int = 3
    """A gate that lost its link unnoticed dials anew before the old one is given up."""
    handshake_within_s: float = 10.0
    keepalive: Keepalive = Keepalive()


class TurnedAway(Struct, frozen=True):
    """A connection that did not become a link, for the log and the office."""

    address: str
    error: LinkError


Serve = Callable[[TlsStream], Awaitable[None]]
"""Runs one gate's link until it ends; the stream is closed afterwards. A ``LinkError`` ends it quietly."""


class NetworkListener:
    """Listens for gates. Make it, `open` it once, `trust` whenever the register changes, `close` it."""

    def __init__(
        self,
        key: SigningKey,
        gates: Iterable[bytes],
        serve: Serve,
        turned_away: Callable[[TurnedAway], None],
        limits: Limits | None = None,
    ) -> None:
        self._key = key
        self._gates = frozenset(gates)
        self._serve = serve
        self._turned_away = turned_away
        self._limits = limits or Limits()
        self._context = hub_context(key, self._gates, tickets=TICKETS)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._shaking: Counter[str] = Counter()
        self._links: dict[bytes, set[TlsStream]] = {}

    async def open(self, host: str, port: int) -> int:
        """Start to listen; returns the port, which the system chooses for 0. Raises ``OSError``."""
        self._server = await asyncio.start_server(
            self._accept, host, port, limit=READ_BYTES, backlog=WAITING_IN_THE_KERNEL
        )
        return int(self._server.sockets[0].getsockname()[1])

    def trust(self, gates: Iterable[bytes]) -> None:
        """Admit exactly these gates from now on; links of others are cut at once.

        A gate more costs 0.1 ms. Striking one off makes a new context, 0.1 ms a gate, and ends
        every ticket that was given before.
        """
        before, self._gates = self._gates, frozenset(gates)
        if before <= self._gates:
            admit(self._context, self._gates - before)
        else:
            self._context = hub_context(self._key, self._gates, tickets=TICKETS)
        for public in before - self._gates:
            for stream in self._links.get(public, ()):
                stream.close()

    @property
    def links(self) -> int:
        """Links that are up."""
        return sum(len(streams) for streams in self._links.values())

    async def close(self) -> None:
        """Stop listening and end every link."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address = str(peer[0]) if peer else "gone"
        full = self._full(neighbour(address))
        if full is not None:
            writer.transport.abort()
            self._turned_away(TurnedAway(address, CrowdedError(full)))
            return
        self._shaking[neighbour(address)] += 1
        below = TcpStream(reader, writer, self._limits.keepalive)
        task = asyncio.get_running_loop().create_task(self._run(below, address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _full(self, source: str) -> str | None:
        limits = self._limits
        if len(self._tasks) >= limits.links:
            return f"{limits.links} connections are open, and no more are allowed"
        if self._shaking.total() >= limits.handshakes:
            return f"{limits.handshakes} handshakes are going on: a restart of many gates, or a flood"
        if self._shaking[source] >= limits.handshakes_per_address:
            return f"{limits.handshakes_per_address} handshakes of {source} are going on"
        return None

    async def _run(self, below: TcpStream, address: str) -> None:
        try:
            stream = await self._admit(below, address)
            if stream is not None:
                await self._serve_gate(stream)
        except LinkError as error:
            self._turned_away(TurnedAway(address, error))
        finally:
            below.close()

    async def _admit(self, below: TcpStream, address: str) -> TlsStream | None:
        """The authenticated link; whoever is refused may still read why before the connection ends."""
        within_s = self._limits.handshake_within_s
        try:
            return await handshake(below, self._context, server_side=True, within_s=within_s)
        except (LostLinkError, SlowHandshakeError):
            raise
        except LinkError as error:
            self._turned_away(TurnedAway(address, error))
            await below.linger(LAST_WORDS_WITHIN_S)
            return None
        finally:
            source = neighbour(address)
            self._shaking[source] -= 1
            if not self._shaking[source]:
                del self._shaking[source]

    async def _serve_gate(self, stream: TlsStream) -> None:
        public = stream.peer_public_key
        # Judged by the key itself: a resumed session, a context from before, or a certificate that a
        # registered gate signed for another key have passed TLS.
        if public not in self._gates:
            raise UnknownGateError(f"key {key_id(public).hex()} is no registered gate's, or was struck off")
        streams = self._links.setdefault(public, set())
        if len(streams) >= self._limits.links_per_gate:
            raise CrowdedError(
                f"the gate with key {key_id(public).hex()} has {len(streams)} links already: it loses them"
                " unnoticed, or two devices use one key"
            )
        streams.add(stream)
        try:
            await self._serve(stream)
        except LinkError:
            pass  # the session has told it where it belongs
        finally:
            streams.discard(stream)
            if not streams:
                self._links.pop(public, None)


def neighbour(address: str) -> str:
    """Whose address it is, as far as a bound is concerned: in IPv6 every host has 2⁶⁴ of them."""
    with contextlib.suppress(ValueError):
        parsed = ip_address(address.partition("%")[0])
        if isinstance(parsed, IPv6Address):
            return str(parsed.ipv4_mapped or IPv6Network((parsed, 64), strict=False))
    return address
