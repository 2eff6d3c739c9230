"""The ways to the office that a gate may be configured with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ssl import SSLContext
from typing import Any, Final

from msgspec.structs import asdict

from sync.bus_station import BusStation
from sync.frame_payloads import NONCE_BYTES as FRAME_NONCE_BYTES
from sync.keys import SigningKey
from sync.line import Line
from sync.link_errors import LinkError
from sync.network_link import Dialler, HubAddress
from sync.serial_link import SerialLink
from sync.serial_port import OpenPort, open_port
from sync.session_events import NETWORK_PACE, SERIAL_PACE, Pace
from sync.tls_context import gate_context
from sync.tls_stream import TlsStream, handshake
from terminal.agent.link import Link
from terminal.config import LinkKind, LinkSettings

NETWORK_HELPING_BYTES: Final = 32_768
SERIAL_HELPING_BYTES: Final = SERIAL_PACE.piece_bytes
HANDSHAKE_WITHIN_S: Final = 60.0
"""1.25 kB at 9600 baud take 1.3 s alone on the pair, and longer beside seven others."""

RandomBytes = Callable[[int], bytes]


class NetworkLink:
    """Dials the hubs."""

    pace: Pace = NETWORK_PACE
    helping_bytes: int = NETWORK_HELPING_BYTES

    def __init__(self, key: SigningKey, hubs: tuple[str, ...]) -> None:
        self._hubs = [_address(one) for one in hubs]
        self._dialler = Dialler(key, self._hubs)

    async def connect(self) -> TlsStream:
        """See `Link`."""
        return await self._dialler.dial()

    async def connect_as(self, key: SigningKey) -> TlsStream:
        """See `Link`."""
        return await Dialler(key, self._hubs).dial()

    def diagnostics(self) -> None:
        """TCP hides what a line does."""


class SerialBusLink:
    """Waits on the pair until the hub greets this gate; the port is opened anew when it was gone."""

    pace: Pace = SERIAL_PACE
    helping_bytes: int = SERIAL_HELPING_BYTES

    def __init__(
        self,
        key: SigningKey,
        settings: LinkSettings,
        random_bytes: RandomBytes,
        opened_by: OpenPort = open_port,
    ) -> None:
        self._open_port = opened_by
        self._settings = settings
        self._context = gate_context(key)
        self._random_bytes = random_bytes
        self._link: SerialLink | None = None

    async def connect(self) -> TlsStream:
        """See `Link`."""
        return await self._shake_hands(self._context)

    async def connect_as(self, key: SigningKey) -> TlsStream:
        """See `Link`."""
        return await self._shake_hands(gate_context(key))

    async def _shake_hands(self, context: SSLContext) -> TlsStream:
        link = self._link or self._open()
        self._link = link
        try:
            below = await link.accept()
        except LinkError:
            self._link = None
            raise
        try:
            return await handshake(below, context, server_side=False, within_s=HANDSHAKE_WITHIN_S)
        except BaseException:
            below.close()
            raise

    def diagnostics(self) -> Mapping[str, Any] | None:
        """The counters of this gate's station; ``None`` while the port is not open."""
        if self._link is None or not isinstance(self._link.bus, BusStation):
            return None
        return asdict(self._link.bus.diagnostics())

    def _open(self) -> SerialLink:
        settings = self._settings
        port = self._open_port(settings.port, settings.baud, kernel_rs485=settings.rs485)
        station = BusStation(
            settings.address, Line(settings.baud), lambda: self._random_bytes(FRAME_NONCE_BYTES)
        )
        link = SerialLink(port, station)
        link.start()
        return link


def link_maker(settings: LinkSettings, random_bytes: RandomBytes) -> Callable[[SigningKey], Link | None]:
    """How to make the configured way to the office once the gate's key is known."""

    def make(key: SigningKey) -> Link | None:
        match settings.kind:
            case LinkKind.NETWORK:
                return NetworkLink(key, settings.hubs)
            case LinkKind.SERIAL:
                return SerialBusLink(key, settings, random_bytes)
            case LinkKind.NONE:
                return None

    return make


def _address(text: str) -> HubAddress:
    host, _, port = text.rpartition(":")
    return HubAddress(host.strip("[]"), int(port))
