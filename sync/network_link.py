"""The gate's end of the network link: it dials out, to each of its hubs in turn.

Nothing listens at a gate. Whether the key that answers is a hub's is not judged here
(`sync.hub_authority`): what proves it may come with the hub's first words.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from ipaddress import ip_address
from ssl import SSLSession
from typing import Final

from msgspec import Struct

from sync.keys import SigningKey
from sync.link_errors import LinkError, LostLinkError
from sync.tcp_stream import READ_BYTES, Keepalive, TcpStream, lost
from sync.tls_context import gate_context
from sync.tls_stream import TlsStream, handshake

MAX_ADDRESSES: Final = 8
"""Of one name: a resolver that answers with hundreds shall not keep us from the next hub."""
MAX_PORT: Final = 65_535


class HubAddress(Struct, frozen=True):
    """Where a hub listens: a name or a numeric address, and a port."""

    host: str
    port: int

    def __post_init__(self) -> None:
        if not self.host or not 1 <= self.port <= MAX_PORT:
            raise ValueError(f"a hub's address needs a host and a port of 1 to {MAX_PORT}, not {self}")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Patience(Struct, frozen=True):
    """Deadlines of dialling, each for one address."""

    resolve_within_s: float = 10.0
    connect_within_s: float = 8.0
    handshake_within_s: float = 10.0
    keepalive: Keepalive = Keepalive()


class Dialler:
    """Opens links for one gate's key, and resumes sessions where a hub gave a ticket."""

    def __init__(self, key: SigningKey, hubs: Sequence[HubAddress], patience: Patience | None = None) -> None:
        if not hubs:
            raise ValueError("a gate needs the address of a hub to dial")
        self._context = gate_context(key)
        self._hubs = tuple(hubs)
        self._patience = patience or Patience()
        self._sessions: dict[HubAddress, SSLSession] = {}
        self._resolving: dict[HubAddress, asyncio.Future[list[str]]] = {}

    async def dial(self) -> TlsStream:
        """A link on which the hub has accepted us; the first hub that answers is taken.

        Raises:
            LinkError: no hub could be had. Of several causes the one that is worth the soonest
                retry: a second hub that refuses us must not keep us from a first that comes back.
        """
        failures: list[tuple[HubAddress, LinkError]] = []
        for hub in self._hubs:
            try:
                return await self._dial_hub(hub)
            except LinkError as error:
                failures.append((hub, error))
        told = "; ".join(f"{hub}: {error}" for hub, error in failures)
        gentlest = next((one for _, one in failures if isinstance(one, LostLinkError)), failures[0][1])
        raise type(gentlest)(told)

    async def _dial_hub(self, hub: HubAddress) -> TlsStream:
        """The same for one hub; a refusal at one of its addresses outweighs that another is dead."""
        failure: LinkError | None = None
        for address in await self._resolve(hub):
            try:
                return await self._dial_address(hub, address)
            except LinkError as error:
                if failure is None or isinstance(failure, LostLinkError):
                    failure = error
        raise failure or LostLinkError("the name has no address; check it, and the name server")

    async def _dial_address(self, hub: HubAddress, address: str) -> TlsStream:
        below = await self._connect(address, hub.port)
        within_s = self._patience.handshake_within_s
        try:
            # Used once: a second use could be linked to the first by whoever listens (RFC 8446, C.4).
            session = self._sessions.pop(hub, None)
            stream = await handshake(
                below, self._context, server_side=False, within_s=within_s, session=session
            )
            async with asyncio.timeout(within_s):
                await stream.accepted()
        except TimeoutError:
            below.close()
            raise LostLinkError(f"the hub did not say within {within_s:g} s whether it accepts us") from None
        except BaseException:
            below.close()
            raise
        if stream.session is not None:
            self._sessions[hub] = stream.session
        return stream

    async def _connect(self, address: str, port: int) -> TcpStream:
        within_s = self._patience.connect_within_s
        try:
            async with asyncio.timeout(within_s):
                reader, writer = await asyncio.open_connection(address, port, limit=READ_BYTES)
        except TimeoutError:
            raise LostLinkError(f"no answer within {within_s:g} s: the hub or the network is down") from None
        except OSError as error:
            raise lost(error) from None
        return TcpStream(reader, writer, self._patience.keepalive)

    async def _resolve(self, hub: HubAddress) -> list[str]:
        """Numeric addresses; a name is asked in a thread, of which a dead resolver holds one and no more."""
        if hub not in self._resolving:
            self._resolving[hub] = asyncio.ensure_future(_look_up(hub))
        asked = self._resolving[hub]
        try:
            async with asyncio.timeout(self._patience.resolve_within_s):
                # Shielded: the thread cannot be stopped, and the next try shall find it instead of a second.
                return await asyncio.shield(asked)
        except TimeoutError:
            raise LostLinkError("the name server does not answer; the link comes up once it does") from None
        except (OSError, UnicodeError) as error:  # the latter for what cannot be a name at all
            raise LostLinkError(f"the name cannot be resolved: {error}") from None
        finally:
            if asked.done():
                self._resolving.pop(hub, None)


async def _look_up(hub: HubAddress) -> list[str]:
    with contextlib.suppress(ValueError):
        return [str(ip_address(hub.host))]
    found: Future[list[str]] = Future()
    # Of the loop's own threads the process would wait for the end, as long as a dead name server takes.
    threading.Thread(target=_ask, args=(hub, found), name="name server", daemon=True).start()
    return await asyncio.wrap_future(found)


def _ask(hub: HubAddress, found: Future[list[str]]) -> None:
    found.set_running_or_notify_cancel()
    try:
        told = socket.getaddrinfo(hub.host, hub.port, 0, socket.SOCK_STREAM)
    except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
        found.set_exception(error)
    else:
        found.set_result(list(dict.fromkeys(str(where[0]) for *_, where in told))[:MAX_ADDRESSES])
