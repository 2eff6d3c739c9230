"""The root's lowerings of time floors that wait to reach their gates, in the store."""

from __future__ import annotations

from typing import Final

from office.hub.database import Database, or_else_update
from office.hub.facts import Lowering

_LOWERING: Final = "gate_id, serial, floor, signed, taken_in_at, told"


class LoweringRows:
    """`office.hub.book_ports.LoweringBook`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, lowering: Lowering) -> None:
        """Keep a lowering in the place of an older one."""
        with self._database.transaction():
            self._database.execute(
                f"INSERT INTO lowerings ({_LOWERING}) VALUES (?, ?, ?, ?, ?, ?)"
                + or_else_update("gate_id", _LOWERING),
                (
                    lowering.gate_id,
                    lowering.serial,
                    lowering.floor,
                    lowering.signed,
                    lowering.taken_in_at,
                    lowering.told,
                ),
            )

    def get(self, gate_id: int) -> Lowering | None:
        """The gate's newest lowering, whether it has reached the gate or not."""
        found = self._read("gate_id = ?", gate_id)
        return found[0] if found else None

    def open(self) -> list[Lowering]:
        """Those that their gates have not taken yet, by gate."""
        return self._read("told IS NULL OR told < serial")

    def note_told(self, gate_id: int, serial: int) -> None:
        """The gate told the number of the last lowering it has taken."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE lowerings SET told = ? WHERE gate_id = ? AND told IS DISTINCT FROM ?",
                (serial, gate_id, serial),
            )

    def _read(self, where: str, *values: object) -> list[Lowering]:
        rows = self._database.all(f"SELECT {_LOWERING} FROM lowerings WHERE {where} ORDER BY gate_id", values)
        return [Lowering(*row) for row in rows]
