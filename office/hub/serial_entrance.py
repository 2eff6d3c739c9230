"""Gates on a serial pair: the hub is the bus's master, and asks each in turn.

One port each. The port may go and come back; the gates on it are unreachable meanwhile and
everybody else is served on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from office.hub.facts import Gate, LinkKind
from office.hub.line import SERIAL_LINE
from sync.bus_master import BusDiagnostics, BusMaster
from sync.frame_payloads import NONCE_BYTES
from sync.keys import SigningKey
from sync.line import Line
from sync.link_errors import LinkError
from sync.serial_link import SerialLink, SerialStream
from sync.serial_port import OpenPort, open_port
from sync.tls_context import hub_context
from sync.tls_stream import handshake

if TYPE_CHECKING:
    from office.hub.process import Hub

HANDSHAKE_WITHIN_S: Final = 60.0
"""1.25 kB at 9600 baud take 1.3 s alone on the pair, and longer beside seven others."""
REOPEN_S: Final = 5.0


class SerialEntrance:
    """Serves the registered gates of one pair."""

    def __init__(
        self,
        key: SigningKey,
        path: str,
        baud: int,
        *,
        kernel_rs485: bool = False,
        opened_by: OpenPort = open_port,
    ) -> None:
        self._open_port = opened_by
        self._key = key
        self._path = path
        self._line = Line(baud)
        self._kernel_rs485 = kernel_rs485
        self._gates: dict[int, set[bytes]] = {}
        """By address, the keys of the gate that may answer there."""
        self._link: SerialLink | None = None
        self._task: asyncio.Task[None] | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def open(self, hub: Hub) -> None:
        """See `Entrance`. A port that is not there yet is waited for: gates elsewhere need the hub."""
        self._task = asyncio.create_task(self._keep_open(hub), name=f"serial pair {self._path}")
        hub.ends_with(self._task)

    def trust(self, gates: Iterable[Gate]) -> None:
        """See `Entrance`; the bus is begun anew for other addresses than before."""
        found: dict[int, set[bytes]] = {}
        for one in gates:
            if one.link is LinkKind.SERIAL and one.bus_address is not None:
                found.setdefault(one.bus_address, set()).add(one.public_key)
        # Other keys need no new bus: the hub itself ends the session of a key that counts no more.
        anew = found.keys() != self._gates.keys()
        self._gates = found
        if anew and self._link is not None:
            self._link.close()

    def diagnostics(self) -> BusDiagnostics | None:
        """How the pair and each gate on it do; ``None`` while the port is away."""
        bus = None if self._link is None else self._link.bus
        return bus.diagnostics() if isinstance(bus, BusMaster) else None

    async def close(self) -> None:
        """See `Entrance`."""
        tasks = [*self._sessions, *([] if self._task is None else [self._task])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._link is not None:
            self._link.close()

    async def _keep_open(self, hub: Hub) -> None:
        while True:
            try:
                await self._serve_port(hub)
            except LinkError as error:
                if self._gates:
                    hub.turned_away("serial_pair_down", f"{self._path}: {error}")
            await asyncio.sleep(REOPEN_S if self._link is None else 0.0)
            self._link = None

    async def _serve_port(self, hub: Hub) -> None:
        if not self._gates:
            await asyncio.sleep(REOPEN_S)
            return
        port = self._open_port(self._path, self._line.baud, kernel_rs485=self._kernel_rs485)
        master = BusMaster(self._line, self._gates, lambda: os.urandom(NONCE_BYTES))
        link = SerialLink(port, master, on_doubled=lambda address: self._doubled(hub, address))
        self._link = link
        link.start()
        try:
            while True:
                stream = await link.accept()
                task = asyncio.create_task(self._serve_gate(hub, stream))
                self._sessions.add(task)
                task.add_done_callback(self._sessions.discard)
        finally:
            link.close()

    async def _serve_gate(self, hub: Hub, below: SerialStream) -> None:
        keys = self._gates.get(below.address)
        if keys is None:
            below.close()
            return
        # Only this address's own gate: a neighbour on the pair cannot take its place.
        context = hub_context(self._key, keys, tickets=0)
        try:
            stream = await handshake(below, context, server_side=True, within_s=HANDSHAKE_WITHIN_S)
            await hub.serve(stream, stream.peer_public_key, SERIAL_LINE)
        except LinkError as error:
            hub.turned_away(error.attack, f"{self._path}, address {below.address}: {error}")
        finally:
            with contextlib.suppress(LinkError):
                below.close()

    def _doubled(self, hub: Hub, address: int) -> None:
        hub.turned_away(
            "doubled_address",
            f"{self._path}: two gates answer at address {address}; give one of them another",
        )
