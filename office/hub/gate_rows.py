"""The register of gates in SQLite."""

from __future__ import annotations

from office.errors import OfficeError
from office.hub.database import Database, Row
from office.hub.facts import Gate, LinkKind
from sync.keys import PUBLIC_KEY_BYTES

_COLUMNS = "gate_id, name, public_key, link, bus_address, registered_at, format_version, struck_at"


class SqliteGates:
    """`office.hub.port.GateRegister`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def estate_id(self) -> bytes:
        """The estate of this store."""
        row = self._database.one("SELECT estate_id FROM hub")
        return b"" if row is None else row[0]

    def add(self, gate: Gate) -> None:
        """Register a gate; raises ``OfficeError`` if id, name, key or bus address is taken."""
        if len(gate.public_key) != PUBLIC_KEY_BYTES:
            raise OfficeError(f"gate {gate.gate_id}: its public key needs {PUBLIC_KEY_BYTES} bytes")
        if (gate.bus_address is not None) != (gate.link is LinkKind.SERIAL):
            raise OfficeError(f"gate {gate.gate_id}: a bus address goes with a serial link, and only with it")
        with self._database.transaction():
            self._check_free(gate)
            self._database.execute(
                f"INSERT INTO gates ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    gate.gate_id,
                    gate.name,
                    gate.public_key,
                    gate.link.value,
                    gate.bus_address,
                    gate.registered_at,
                    gate.format_version,
                    gate.struck_at,
                ),
            )
            self._database.execute("INSERT INTO lists (gate_id) VALUES (?)", (gate.gate_id,))

    def strike(self, gate_id: int, at: int) -> None:
        """Strike a lost gate off: its key is refused from now on, for ever."""
        self.get(gate_id)
        with self._database.transaction():
            # The wire it hung on is free for the gate that takes its place.
            self._database.execute(
                "UPDATE gates SET struck_at = coalesce(struck_at, ?), bus_address = NULL WHERE gate_id = ?",
                (at, gate_id),
            )

    def get(self, gate_id: int) -> Gate:
        """The gate of this id; raises ``OfficeError`` if there is none."""
        row = self._database.one(f"SELECT {_COLUMNS} FROM gates WHERE gate_id = ?", (gate_id,))
        if row is None:
            known = ", ".join(str(one.gate_id) for one in self.all()[:20]) or "none"
            raise OfficeError(f"there is no gate {gate_id}; registered are: {known}")
        return _gate(row)

    def by_key(self, public_key: bytes) -> Gate | None:
        """The gate with this key, struck off or not."""
        row = self._database.one(f"SELECT {_COLUMNS} FROM gates WHERE public_key = ?", (public_key,))
        return None if row is None else _gate(row)

    def all(self) -> list[Gate]:
        """Every gate, struck off or not, by id."""
        return [_gate(row) for row in self._database.all(f"SELECT {_COLUMNS} FROM gates ORDER BY gate_id")]

    def announce_format(self, gate_id: int, version: int) -> None:
        """The newest list format that the gate has said it reads."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE gates SET format_version = ? WHERE gate_id = ?", (version, gate_id)
            )

    def _check_free(self, gate: Gate) -> None:
        for what, column, value in (
            ("id", "gate_id", gate.gate_id),
            ("name", "name", gate.name),
            ("key", "public_key", gate.public_key),
            ("bus address", "bus_address", gate.bus_address),
        ):
            taken = self._database.one(f"SELECT name, struck_at FROM gates WHERE {column} = ?", (value,))
            if taken is not None:
                off = " (struck off)" if taken[1] is not None else ""
                raise OfficeError(
                    f"gate {gate.gate_id} {gate.name!r}: its {what} is that of gate {taken[0]!r}{off};"
                    " each gate has its own, and one that was struck off never comes back"
                )


def _gate(row: Row) -> Gate:
    gate_id, name, public_key, link, bus_address, registered_at, format_version, struck_at = row
    return Gate(
        gate_id, name, public_key, LinkKind(link), bus_address, registered_at, format_version, struck_at
    )
