"""Sets the stage: a fresh estate, a gate that is still off, and the world around it; clears it at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from msgspec import Struct

from drivers.ports import DriverUnavailableError
from drivers.readers.pcsc import SOCKET_VARIABLE
from drivers.virtual_pcsc import VirtualPcsc
from scripts.demonstration.estate import Pace, prepare
from scripts.demonstration.event_text import Names
from scripts.demonstration.gate_process import GateProcess
from scripts.demonstration.hand import PcscHand
from scripts.demonstration.powered_gate import PoweredGate
from scripts.demonstration.world import PEDESTRIAN_IN, World
from terminal import clock


class Stage(Struct, frozen=True):
    """All that a player, a screen or a page needs."""

    world: World
    process: GateProcess
    names: Names
    hand: PcscHand | None
    """The hand at the pedestrian reader, where that is attached through PC/SC."""
    reader_told: str
    """Which pedestrian reader it is, and why."""


@contextmanager
def open_stage(directory: Path, pace: Pace, *, simulated_reader: bool = False) -> Iterator[Stage]:
    """A stage in ``directory`` (new or empty); whatever was started on it ends with it.

    Raises:
        OfficeError: the directory is not empty.
        ConfigError: its path is too long.
    """
    with ExitStack() as clearing:
        virtual, told = None, "simulated reader, as asked for"
        if not simulated_reader:
            try:
                virtual = clearing.enter_context(VirtualPcsc())
                told = "real PC/SC: the gate reads cards from pcscd, which has a virtual reader"
            except DriverUnavailableError as error:
                told = f"simulated reader, for the real PC/SC path cannot be had here ({error})"
        estate = prepare(directory, clock.read(), pcsc=virtual is not None, pace=pace)
        environment = dict(os.environ)
        hand = None
        if virtual is not None:
            environment[SOCKET_VARIABLE] = str(virtual.socket_path)
            hand = clearing.enter_context(closing(PcscHand(virtual.tap)))
        process = GateProcess(estate.config.path, environment)
        gate = clearing.enter_context(closing(PoweredGate(estate, process)))
        world = World(gate, clock.monotonic, {} if hand is None else {PEDESTRIAN_IN: hand})
        yield Stage(world, process, Names.of(estate.config, estate.zone), hand, told)
