"""The register of gates in the store."""

from __future__ import annotations

from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.database import Database, Row
from office.hub.facts import Gate, LinkKind
from sync.keys import PUBLIC_KEY_BYTES

_COLUMNS = "gate_id, name, public_key, link, bus_address, registered_at, format_version, struck_at"


class GateRows:
    """`office.hub.port.GateRegister`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def estate_id(self) -> bytes:
        """The estate of this store."""
        row = self._database.one("SELECT estate_id FROM hub")
        return b"" if row is None else row[0]

    def add(self, gate: Gate) -> None:
        """Register a gate; raises ``OfficeError`` if id, name, key or bus address is taken."""
        if gate.public_key:
            _check_length(gate.gate_id, gate.public_key)
        _check_address(gate)
        with self._database.transaction():
            self._check_free(gate)
            self._database.execute(
                f"INSERT INTO gates ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    gate.gate_id,
                    gate.name,
                    gate.public_key or None,
                    gate.link.value,
                    gate.bus_address,
                    gate.registered_at,
                    gate.format_version,
                    gate.struck_at,
                ),
            )
            self._database.execute("INSERT INTO lists (gate_id) VALUES (?)", (gate.gate_id,))

    def wire(self, gate_id: int, link: LinkKind, bus_address: int | None) -> None:
        """The gate is reached this way from now on; raises ``OfficeError`` if the address is taken."""
        with self._database.transaction():
            gate = replace(self.get(gate_id), link=link, bus_address=bus_address)
            _check_address(gate)
            for other in self.all():
                if bus_address is not None and other.bus_address == bus_address and other.gate_id != gate_id:
                    raise OfficeError(f"gate {gate_id}: bus address {bus_address} is that of {other.name!r}")
            self._database.execute(
                "UPDATE gates SET link = ?, bus_address = ? WHERE gate_id = ?",
                (link.value, bus_address, gate_id),
            )

    def give_key(self, gate_id: int, public_key: bytes, at: int) -> None:
        """The gate has this key from now on, the one before is struck; raises ``OfficeError`` if taken."""
        _check_length(gate_id, public_key)
        with self._database.transaction():
            gate = self.get(gate_id)
            if gate.struck_at is not None:
                raise OfficeError(f"gate {gate_id} was struck off: it never comes back; register another id")
            if gate.public_key == public_key:
                return
            self._check_key_is_free(gate, public_key)
            self.strike_key(gate_id, at)
            self._database.execute("UPDATE gates SET public_key = ? WHERE gate_id = ?", (public_key, gate_id))

    def strike_key(self, gate_id: int, at: int) -> None:
        """Refuse the gate's key for ever; the gate is planned again, and waits for another."""
        with self._database.transaction():
            key = self.get(gate_id).public_key
            if key:
                self._database.execute(
                    "INSERT INTO struck_keys VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (key, gate_id, at)
                )
                self._database.execute("UPDATE gates SET public_key = NULL WHERE gate_id = ?", (gate_id,))

    def is_struck(self, public_key: bytes) -> bool:
        """Whether this key was struck: of a lost gate, or of a unit that was replaced."""
        gate = self.by_key(public_key)
        if gate is not None:
            return gate.struck_at is not None
        return self._database.one("SELECT 1 FROM struck_keys WHERE public_key = ?", (public_key,)) is not None

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
            ("bus address", "bus_address", gate.bus_address),
        ):
            taken = self._database.one(f"SELECT name, struck_at FROM gates WHERE {column} = ?", (value,))
            if taken is not None:
                off = " (struck off)" if taken[1] is not None else ""
                raise OfficeError(
                    f"gate {gate.gate_id} {gate.name!r}: its {what} is that of gate {taken[0]!r}{off};"
                    " each gate has its own, and one that was struck off never comes back"
                )
        if gate.public_key:
            self._check_key_is_free(gate, gate.public_key)

    def _check_key_is_free(self, gate: Gate, public_key: bytes) -> None:
        """One key, one gate, and none that was ever struck."""
        owner = self.by_key(public_key)
        if owner is None and not self.is_struck(public_key):
            return
        whose = "that of a unit that was replaced" if owner is None else f"that of gate {owner.name!r}"
        off = " (struck off)" if owner is not None and owner.struck_at is not None else ""
        raise OfficeError(
            f"gate {gate.gate_id} {gate.name!r}: its key is {whose}{off};"
            " each gate has its own, and one that was struck off never comes back"
        )


def _check_address(gate: Gate) -> None:
    if (gate.bus_address is not None) != (gate.link is LinkKind.SERIAL):
        raise OfficeError(f"gate {gate.gate_id}: a bus address goes with a serial link, and only with it")


def _check_length(gate_id: int, public_key: bytes) -> None:
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise OfficeError(f"gate {gate_id}: its public key needs {PUBLIC_KEY_BYTES} bytes")


def _gate(row: Row) -> Gate:
    gate_id, name, public_key, link, bus_address, registered_at, format_version, struck_at = row
    return Gate(
        gate_id,
        name,
        public_key or b"",
        LinkKind(link),
        bus_address,
        registered_at,
        format_version,
        struck_at,
    )
