"""The parts of the hub's port that keep what is on its way between people and gates.

See `office.hub.port`, of which they are parts.
"""

from __future__ import annotations

from typing import Protocol

from office.hub.facts import Lowering, Move
from office.hub.standing import Standing


class GateStandings(Protocol):
    """How gates stand, for pages and rounds that look at every one."""

    def all(self) -> dict[int, Standing]:
        """Every gate's, by gate id, in as many questions as for one."""


class MoveBook(Protocol):
    """Counted grants on their way from one gate to another."""

    def put(self, move: Move) -> None:
        """Note a move, or how far it has come; a grant is in one move only."""

    def get(self, grant_id: int) -> Move | None:
        """The move of this grant, open or not."""

    def open(self) -> list[Move]:
        """Moves that are not done."""


class LoweringBook(Protocol):
    """The root's lowerings of time floors: the newest of each gate."""

    def put(self, lowering: Lowering) -> None:
        """Keep a lowering in the place of an older one."""

    def get(self, gate_id: int) -> Lowering | None:
        """The gate's newest lowering, whether it has reached the gate or not."""

    def open(self) -> list[Lowering]:
        """Those that their gates have not taken yet, by gate."""

    def note_told(self, gate_id: int, serial: int) -> None:
        """The gate told the number of the last lowering it has taken."""
