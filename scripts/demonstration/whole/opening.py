"""Sets the whole stage: the wires, an office that serves, two gates; all of it ends with the block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from drivers.virtual_pair import PtyBus
from scripts.demonstration.estate import Estate, Pace
from scripts.demonstration.whole.gates import Links, prepare_gates
from scripts.demonstration.whole.office_process import Office, Wiring, free_port, make_office, serving
from terminal import clock


class WholeStage(Struct, frozen=True):
    """The office runs; the gates are ready to be started."""

    office: Office
    wiring: Wiring
    pair: PtyBus
    estates: Mapping[int, Estate]
    links: Links

    @property
    def desk(self) -> str:
        """The desk's address."""
        return f"http://127.0.0.1:{self.wiring.desk_port}"


class Plan(Struct, frozen=True):
    """How large, how quick, where."""

    households: int
    baud: int
    pace: Pace
    desk_ports: tuple[int, ...] = ()
    """Preferred ones."""
    network_port: int = 0
    """Where the north gate's cable begins; 0: it ends at the hub itself."""


@contextmanager
def open_whole(directory: Path, plan: Plan) -> Iterator[WholeStage]:
    """Prepare everything in ``directory`` (new or empty) and start the office.

    Raises:
        ConfigError, OfficeRefusedError: something did not come up.
    """
    with PtyBus(2, plan.baud, clock.monotonic) as pair:
        office = make_office(directory / "office", plan.households)
        wiring = Wiring(free_port(plan.desk_ports), free_port(), f"{pair.paths[0]}:{plan.baud}")
        links = Links(f"127.0.0.1:{plan.network_port or wiring.hub_port}", pair.paths[1], plan.baud)
        estates = prepare_gates(directory, office, links, plan.pace)
        with serving(office, wiring):
            yield WholeStage(office, wiring, pair, estates, links)
