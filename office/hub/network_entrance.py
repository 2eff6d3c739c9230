"""Gates that dial in over the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from office.hub.facts import Gate
from office.hub.line import NETWORK_LINE
from sync.keys import SigningKey
from sync.network_listener import Limits, NetworkListener, TurnedAway
from sync.tls_stream import TlsStream

if TYPE_CHECKING:
    from office.hub.process import Hub


class NetworkEntrance:
    """Listens for gates with the hub's own key."""

    def __init__(self, key: SigningKey, host: str, port: int, limits: Limits | None = None) -> None:
        self._key = key
        self._host = host
        self._wanted_port = port
        self._limits = limits
        self._gates: frozenset[bytes] = frozenset()
        self._listener: NetworkListener | None = None
        self.port = port
        """Where it listens, once open; the system's choice for 0."""

    async def open(self, hub: Hub) -> None:
        """See `Entrance`."""

        async def serve(stream: TlsStream) -> None:
            await hub.serve(stream, stream.peer_public_key, NETWORK_LINE)

        def turned_away(who: TurnedAway) -> None:
            hub.turned_away(who.error.attack, f"{who.address}: {who.error}")

        self._listener = NetworkListener(self._key, self._gates, serve, turned_away, self._limits)
        self.port = await self._listener.open(self._host, self._wanted_port)

    def trust(self, gates: Iterable[Gate]) -> None:
        """See `Entrance`."""
        self._gates = frozenset(one.public_key for one in gates)
        if self._listener is not None:
            self._listener.trust(self._gates)

    async def close(self) -> None:
        """See `Entrance`."""
        if self._listener is not None:
            await self._listener.close()
