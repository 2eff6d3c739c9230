"""Sets the stage: a fresh estate, a gate that is still off, and the world around it; clears it at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from drivers.ports import DriverUnavailableError
from scripts.demonstration.attachments import SIMULATED, Attachment, attach, simulated
from scripts.demonstration.estate import Pace, prepare
from scripts.demonstration.event_text import Names
from scripts.demonstration.gate_process import GateProcess
from scripts.demonstration.powered_gate import PoweredGate
from scripts.demonstration.world import PEDESTRIAN_IN, World
from terminal import clock


class Stage(Struct, frozen=True):
    """All that a player, a screen or a page needs."""

    world: World
    process: GateProcess
    names: Names
    reader: Attachment
    """The pedestrian reader: which it is, and why."""
    more: Mapping[str, Attachment]
    """Further readers at the pedestrian door by their names, which are their kinds."""
    missing: Mapping[str, str]
    """Kinds that were asked for as well and cannot be had here, and why."""


@contextmanager
def open_stage(
    directory: Path, pace: Pace, *, reader: str | None = None, more: Sequence[str] = ()
) -> Iterator[Stage]:
    """A stage in ``directory`` (new or empty); whatever was started on it ends with it.

    ``reader`` is the pedestrian reader's kind; without one it is PC/SC, or simulated where that
    cannot be had. ``more`` are kinds of which each gets a further reader, if it can be had.

    Raises:
        DriverUnavailableError: ``reader`` cannot be had here.
        OfficeError: the directory is not empty.
        ConfigError: its path is too long.
    """
    with ExitStack() as clearing:
        first = _first(clearing, reader)
        attached: dict[str, Attachment] = {}
        missing: dict[str, str] = {}
        for kind in more:
            try:
                attached[kind] = _attach(clearing, kind)
            except DriverUnavailableError as error:
                missing[kind] = str(error)
        estate = prepare(directory, clock.read(), reader=first, more=attached, pace=pace)
        environment = dict(os.environ)
        for one in (first, *attached.values()):
            environment.update(one.environment)
        process = GateProcess(estate.config.path, environment)
        gate = clearing.enter_context(closing(PoweredGate(estate, process)))
        hands = {
            name: one.hand for name, one in {PEDESTRIAN_IN: first, **attached}.items() if one.hand is not None
        }
        world = World(gate, clock.monotonic, hands)
        names = Names.of(estate.config, estate.zone)
        yield Stage(world, process, names, first, attached, missing)


def _first(clearing: ExitStack, kind: str | None) -> Attachment:
    if kind == SIMULATED:
        return simulated("simulated reader, as asked for")
    if kind is not None:
        return _attach(clearing, kind)
    try:
        return _attach(clearing, "pcsc")
    except DriverUnavailableError as error:
        return simulated(f"simulated reader, for the real PC/SC path cannot be had here ({error})")


def _attach(clearing: ExitStack, kind: str) -> Attachment:
    """With files of its own, apart from the gate's: a short path, and nothing that outlasts the device."""
    folder = clearing.enter_context(TemporaryDirectory(prefix="gatehouse-reader-"))
    return clearing.enter_context(attach(kind, Path(folder)))
