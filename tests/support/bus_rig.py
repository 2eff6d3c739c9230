"""A hub and gates on a simulated serial line, with streams that are filled and emptied as time goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from bench.simulated_bus import LUMP_BYTES, Fault, SimulatedBus, perfect
from sync.bus_gate import GateDiagnostics
from sync.bus_master import BusMaster
from sync.bus_station import BusStation
from sync.connection import AddressDoubled, BusEvent, Closed, Connection, Opened
from sync.line import Line

FAST = Line(115_200)
SLOW = Line(9_600)
CYCLE = bytes(range(256)) * 8
"""Zeros and all other bytes, so that stuffing has something to do."""


def nonces(seed: int) -> Random:
    return Random(seed)


class End:
    """One side of one gate's stream: sends what it was given, keeps what came, over all connections."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.waiting = b""
        self.received = bytearray()
        self.events: list[BusEvent] = []

    def take(self, event: BusEvent) -> None:
        self.events.append(event)
        if isinstance(event, Opened):
            self.connection = event.connection
            self.received.clear()
        elif isinstance(event, Closed) and event.connection is self.connection:
            self.connection = None

    def pump(self) -> None:
        if self.connection is not None:
            self.waiting = self.waiting[self.connection.send(self.waiting) :]
            self.received += self.connection.take()

    @property
    def opened(self) -> int:
        return sum(isinstance(event, Opened) for event in self.events)

    @property
    def reasons(self) -> list[str]:
        return [event.reason for event in self.events if isinstance(event, Closed)]


class BusRig:
    """``addresses`` are served; at ``present`` there are gates."""

    def __init__(
        self,
        present: Iterable[int],
        *,
        line: Line = FAST,
        absent: Iterable[int] = (),
        fault: Fault = perfect,
        lump_bytes: int = LUMP_BYTES,
        latency_s: float = 0.005,
        seed: int = 1,
        echo: bool = False,
    ) -> None:
        self.line = line
        self.seed = seed
        self.addresses = sorted({*present, *absent})
        self.master = self.new_master()
        self.stations: dict[int, BusStation] = {}
        self.hub = {address: End() for address in self.addresses}
        self.gates = {address: End() for address in present}
        self.doubled: list[int] = []
        self.bus = SimulatedBus(
            line,
            [self.master],
            latency_s=latency_s,
            lump_bytes=lump_bytes,
            fault=fault,
            seed=seed,
            echo=echo,
        )
        for address in present:
            self.start_station(address)

    def new_master(self) -> BusMaster:
        self.seed += 1
        random = Random(self.seed)
        return BusMaster(self.line, self.addresses, lambda: random.randbytes(4))

    def new_station(self, address: int) -> BusStation:
        self.seed += 1
        random = Random(self.seed)
        return BusStation(address, self.line, lambda: random.randbytes(4))

    def start_station(self, address: int) -> BusStation:
        """Plug a gate in; what it heard before is forgotten."""
        self.stop_station(address)
        station = self.stations[address] = self.new_station(address)
        self.gates[address] = End()
        self.bus.nodes.append(station)
        return station

    def stop_station(self, address: int) -> None:
        if (station := self.stations.pop(address, None)) is not None:
            self.bus.nodes.remove(station)

    def restart_master(self) -> None:
        self.bus.nodes.remove(self.master)
        self.master = self.new_master()
        self.hub = {address: End() for address in self.addresses}
        self.bus.nodes.append(self.master)

    def pump(self) -> None:
        """Hand events to their ends, and bytes in and out."""
        while (event := self.master.next_event()) is not None:
            if isinstance(event, AddressDoubled):
                self.doubled.append(event.address)
            else:
                self.hub[event.connection.address].take(event)
        for address, station in self.stations.items():
            while (event := station.next_event()) is not None:
                self.gates[address].take(event)
        for end in (*self.hub.values(), *self.gates.values()):
            end.pump()

    def run_for(self, duration_s: float) -> None:
        def never() -> bool:
            self.pump()
            return False

        self.bus.run(never, duration_s)

    def run_until_open(self, addresses: Sequence[int] = (), within_s: float = 60.0) -> None:
        wanted = addresses or list(self.stations)

        def all_open() -> bool:
            self.pump()
            ends = [end for one in wanted for end in (self.hub[one], self.gates[one])]
            return all(end.connection is not None for end in ends)

        assert self.bus.run(all_open, within_s), "not all gates connected"

    def run_until_arrived(
        self, down: dict[int, bytes], up: dict[int, bytes], within_s: float = 60.0
    ) -> float:
        """Let ``down`` and ``up`` be everything that each side has; seconds that took."""
        began = self.bus.now

        def arrived() -> bool:
            self.pump()
            return all(self.gates[one].received == data for one, data in down.items()) and all(
                self.hub[one].received == data for one, data in up.items()
            )

        assert self.bus.run(arrived, within_s), self.story()
        return self.bus.now - began

    def exchange(self, down: dict[int, bytes], up: dict[int, bytes], within_s: float = 60.0) -> float:
        """Send and wait until everything is there."""
        for one, data in down.items():
            self.hub[one].waiting = data
        for one, data in up.items():
            self.gates[one].waiting = data
        return self.run_until_arrived(down, up, within_s)

    def diagnostics(self, address: int) -> GateDiagnostics:
        return next(one for one in self.master.diagnostics().gates if one.address == address)

    def story(self) -> str:
        """For a failure: what the hub knows."""
        return "\n".join(map(str, self.master.diagnostics().gates))
