"""The whole product on a simulated pair of wires: a hub with its store and keys, eight gates' sync processes.

Everything but the wire, the clock and the gate processes is what runs at an estate.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.key_files import make_keys
from bench.loads import DOORS, ISSUED_AT, settings
from bench.publisher import ESTATE_ID
from bench.simulated_bus import SimulatedBus
from bench.virtual_time import VirtualPort, ports_by_path
from office.hub.facts import Gate, LinkKind
from office.hub.online import OnlineKey
from office.hub.process import Hub
from office.hub.process import Outside as HubOutside
from office.hub.publisher import Publisher
from office.hub.serial_entrance import SerialEntrance
from office.hub.signers import DirectorySigners
from office.hub.store import HubStore
from sync.keys import SigningKey
from sync.records import Credential, Grant, Tombstone
from sync.update import StoredRecord
from terminal.agent.links import SerialBusLink
from terminal.agent.process import AgentProcess
from terminal.agent.process import Outside as GateOutside
from terminal.clock import Reading
from terminal.config import LinkKind as GateLink
from terminal.config import LinkSettings
from terminal.config_file import parse_config
from terminal.notify import ServiceManager
from terminal.permissions import Permissions
from terminal.stores.list_index import ListIndex

BAUD: Final = 9_600
GATES: Final = range(1, 9)
HUB_PORT: Final = "hub"


class GateProcess:
    """A gate process as far as its sync process knows: it looks at its list when told that it changed."""

    def __init__(self, permissions: Permissions, now: Callable[[], float]) -> None:
        self._permissions = permissions
        self._now = now
        self._serving: asyncio.Task[None] | None = None
        self._watched: dict[Credential, tuple[type[Grant | Tombstone], asyncio.Future[float]]] = {}

    def decides(self, card: Credential, by: type[Grant | Tombstone]) -> asyncio.Future[float]:
        """The moment from which the gate has such a record of ``card``."""
        told: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._watched[card] = by, told
        return told

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the sync process."""
        self._serving = asyncio.current_task()
        with contextlib.closing(writer):
            while line := await reader.readline():
                if json.loads(line)["command"] == "list_changed":
                    self._look()
                writer.write(b'{"ok": true}\n')

    async def close(self) -> None:
        """Wait until the sync process has hung up; no more look-ups."""
        if self._serving is not None:
            await self._serving
        self._permissions.close()

    def _look(self) -> None:
        self._permissions.refresh()
        for card, (kind, told) in list(self._watched.items()):
            found = self._permissions.look_up(card)
            if found is not None and any(isinstance(one, kind) for one in found.records):
                del self._watched[card]
                told.set_result(self._now())


class SerialEstate:
    """A hub and its gates; to be made inside a `VirtualLoop`, on whose bus the ports are."""

    def __init__(
        self, directory: Path, sockets: Path, bus: SimulatedBus, ports: dict[str, VirtualPort]
    ) -> None:
        """``sockets``: a directory of its own, for a socket's path must be short."""
        self._directory = directory
        self._sockets = sockets
        self._bus = bus
        self._open_port = ports_by_path(ports)
        self._random = Random("gatehouse serial estate")
        self.gate_processes: dict[int, GateProcess] = {}
        keys = make_keys(directory / "keys", ISSUED_AT)
        self._roots = keys.roots
        self.store = HubStore.found(directory / "hub.db", ESTATE_ID)
        online = OnlineKey(keys, self.store, self._utc_ms)
        entrance = SerialEntrance(online.key, HUB_PORT, BAUD, opened_by=self._open_port)
        outside = HubOutside(self._utc_ms, self._now, self._random.randbytes, "bench")
        signers = DirectorySigners(keys)
        publisher = Publisher(self.store, signers)
        self.hub = Hub(self.store, publisher, online, outside, [entrance], signers.look)
        self._agents = [self._agent(number) for number in GATES]

    async def run(self) -> None:
        """Hub and gates, until cancelled."""
        servers = [
            await asyncio.start_unix_server(process.serve, self._socket(number))
            for number, process in self.gate_processes.items()
        ]
        tasks = [
            asyncio.create_task(self.hub.run()),
            *(asyncio.create_task(one.run()) for one in self._agents),
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for server in servers:
                server.close()
            for process in self.gate_processes.values():
                await process.close()
            self.store.close()

    def want(self, gate_id: int, records: Sequence[StoredRecord], *, with_settings: bool = False) -> None:
        """A clerk puts records on a gate's list; the hub is told, as the desk tells it."""
        given = settings() if with_settings else None
        self.store.wanted.put(gate_id, records, settings=given, urgent=False, at=self.now_s)
        self.hub.wake()

    @property
    def now_s(self) -> int:
        """UTC seconds."""
        return self._utc_ms() // 1_000

    def _agent(self, number: int) -> AgentProcess:
        directory = self._directory / f"gate{number}"
        for name in ("terminal", "sync"):
            (directory / name).mkdir(parents=True)
        config = parse_config(directory / "gate.toml", self._document(number, directory))
        link = LinkSettings(GateLink.SERIAL, port=f"gate{number}", baud=BAUD, address=number)

        def make_link(key: SigningKey) -> SerialBusLink:
            return SerialBusLink(key, link, self._random.randbytes, self._open_port)

        outside = GateOutside(self._read_clock, bytes([number]) * 16, self._random.randbytes, "bench")
        agent = AgentProcess(config, outside, ServiceManager({}), make_link)
        gate = Gate(number, f"gate {number}", agent.public_key, LinkKind.SERIAL, number, ISSUED_AT)
        self.store.gates.add(gate)
        index = ListIndex(directory / "sync")
        permissions = Permissions(index, lambda _report: None, estate_id=ESTATE_ID, gate_id=number)
        self.gate_processes[number] = GateProcess(permissions, self._now)
        return agent

    def _document(self, number: int, directory: Path) -> dict[str, Any]:
        return {
            "gate": {
                "name": "bench",
                "id": number,
                "estate": ESTATE_ID.hex(),
                "roots": [one.hex() for one in self._roots],
                "state_dir": str(directory),
                "control_socket": self._socket(number),
            },
            "gpio": {"backend": "sim"},
            "doors": {
                f"door{door}": {"id": door, "kind": "strike", "outputs": {"lock": {"line": f"relay{door}"}}}
                for door in DOORS
            },
        }

    def _socket(self, number: int) -> str:
        return str(self._sockets / f"gate{number}")

    def _now(self) -> float:
        return self._bus.now

    def _utc_ms(self) -> int:
        return 1_000 * ISSUED_AT + round(1_000 * (3_600 + self._bus.now))

    def _read_clock(self) -> Reading:
        return Reading(self._bus.now, round(1_000 * self._bus.now), self._utc_ms())
