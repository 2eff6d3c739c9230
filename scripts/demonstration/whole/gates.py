"""The estate's two gates: their processes, and the world around each."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import asdict

from office.demo.cli import ESTATE_ID
from scripts.demonstration.attachments import simulated
from scripts.demonstration.estate import Estate, Pace, lay_out
from scripts.demonstration.event_text import Names
from scripts.demonstration.gate_process import GateProcess
from scripts.demonstration.powered_gate import PoweredGate
from scripts.demonstration.whole.office_process import Office
from scripts.demonstration.world import World
from sync.gate_key import load_or_make
from terminal import clock

NORTH: Final = 1
SOUTH: Final = 2
NAMES: Final[Mapping[int, str]] = {NORTH: "北门 North gate", SOUTH: "南门 South gate"}
"""Numbers and Chinese names are those of `office.demo.estate`."""
ADDRESS: Final = 5
"""The south gate's on the pair of wires."""
MAX_EVENTS: Final = 8
"""Shown on the gate page."""
ZONE: Final = "Asia/Shanghai"


class WholeGate(Struct, frozen=True):
    """One gate with its sync process, at the end of its cable."""

    number: int
    estate: Estate
    world: World
    names: Names
    link: str
    """How it reaches the office, for people."""
    events: deque[Mapping[str, Any]]
    """The last ones, oldest first."""

    @property
    def name(self) -> str:
        """For people."""
        return NAMES[self.number]

    def on_time(self) -> None:
        """Take what has happened, do what is due."""
        self.events.extend(self.world.gate.take_events())
        self.world.on_time()


class Links(Struct, frozen=True):
    """Where each gate finds the hub."""

    hub: str
    """host:port, for the north gate."""
    device: str
    """The south gate's end of the wires."""
    baud: int

    def of(self, number: int) -> str:
        """The gate's ``[link]``."""
        if number == NORTH:
            return f'[link]\nkind = "network"\nhubs = [{json.dumps(self.hub)}]'
        told = f'kind = "serial"\nport = {json.dumps(self.device)}\nbaud = {self.baud}\naddress = {ADDRESS}'
        return f"[link]\n{told}"

    def told(self, number: int) -> str:
        """How the gate is reached, for people."""
        return "TLS over the network" if number == NORTH else f"a pair of wires at {self.baud} baud"


def prepare_gates(directory: Path, office: Office, links: Links, pace: Pace) -> dict[int, Estate]:
    """Configurations and keys of both gates, which the office knows afterwards.

    Raises:
        ConfigError: the directory's path is too long for a socket.
    """
    made = {}
    for number in NAMES:
        folder = directory / f"gate{number}"
        folder.mkdir(parents=True)
        estate = lay_out(folder, ZoneInfo(ZONE), _values(folder, number, office, links, pace))
        key = load_or_make(estate.config.sync_dir / "gate.key", random_bytes=os.urandom).key
        address = None if number == NORTH else ADDRESS
        office.register(number, key.public, address, clock.read().system_ms // 1000)
        made[number] = estate
    return made


@contextmanager
def open_gates(estates: Mapping[int, Estate], links: Links) -> Iterator[dict[int, WholeGate]]:
    """Start both, with their sync processes; raises ``GateStartError``, ``GateGoneError``."""
    with ExitStack() as clearing:
        gates = {}
        for number, estate in estates.items():
            process = GateProcess(estate.config.path, os.environ)
            gate = clearing.enter_context(closing(PoweredGate(estate, process)))
            world = World(gate, clock.monotonic)
            world.power_on()
            sync = GateProcess(estate.config.path, os.environ, "sync")
            clearing.callback(sync.stop)
            sync.start()
            names = Names.of(estate.config, estate.zone)
            gates[number] = WholeGate(
                number, estate, world, names, links.told(number), deque(maxlen=MAX_EVENTS)
            )
        yield gates


def _values(folder: Path, number: int, office: Office, links: Links, pace: Pace) -> dict[str, object]:
    return asdict(pace) | {
        "gate_name": json.dumps(NAMES[number]),
        "gate_id": number,
        "pedestrian_id": 10 * number + 1,
        "barrier_id": 10 * number + 2,
        "estate": ESTATE_ID,
        "root": office.root.hex(),
        "state_dir": json.dumps(str(folder / "state")),
        "control_socket": json.dumps(str(folder / "gate.sock")),
        "pedestrian_reader": simulated("").settings,
        "more_readers": "",
        "link": links.of(number),
    }
