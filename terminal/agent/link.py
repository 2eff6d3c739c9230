"""A way to the office, as the sync process needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sync.keys import SigningKey
from sync.session_events import Pace
from sync.streams import ByteStream


class AuthenticatedStream(ByteStream, Protocol):
    """A stream whose other end has proved that it owns a key."""

    peer_public_key: bytes


class Link(Protocol):
    """A way to the office."""

    pace: Pace
    helping_bytes: int

    async def connect(self) -> AuthenticatedStream:
        """A new stream; waits for it. Raises ``LinkError``."""

    async def connect_as(self, key: SigningKey) -> AuthenticatedStream:
        """The same with another key than the gate's own: its bundle's token. Raises ``LinkError``."""

    def diagnostics(self) -> Mapping[str, Any] | None:
        """Counters of the line, where there are any."""
