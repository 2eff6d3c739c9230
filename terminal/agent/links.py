"""The ways to the office that a gate may be configured with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sync.keys import SigningKey
from sync.network_link import Dialler, HubAddress
from sync.session_events import NETWORK_PACE, Pace
from sync.tls_stream import TlsStream
from terminal.agent.process import Link
from terminal.config import LinkKind, LinkSettings

NETWORK_HELPING_BYTES: Final = 32_768


class NetworkLink:
    """Dials the hubs."""

    pace: Pace = NETWORK_PACE
    helping_bytes: int = NETWORK_HELPING_BYTES

    def __init__(self, key: SigningKey, hubs: tuple[str, ...]) -> None:
        self._dialler = Dialler(key, [_address(one) for one in hubs])

    async def connect(self) -> TlsStream:
        """See `Link`."""
        return await self._dialler.dial()


def link_maker(settings: LinkSettings) -> Callable[[SigningKey], Link | None]:
    """How to make the configured way to the office once the gate's key is known."""

    def make(key: SigningKey) -> Link | None:
        match settings.kind:
            case LinkKind.NETWORK:
                return NetworkLink(key, settings.hubs)
            case _:
                return None

    return make


def _address(text: str) -> HubAddress:
    host, _, port = text.rpartition(":")
    return HubAddress(host.strip("[]"), int(port))
