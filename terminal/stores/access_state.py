"""What a gate must remember beside its list: spends, passback positions, latched state.

It lives in the usage log's database, because a spend and the event that tells of it
are one transaction. Each row carries a checksum: a flipped bit here would give a
spent card another opening, so it must be noticed, not believed.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Mapping
from enum import IntEnum, unique
from typing import Final

from msgspec import Struct, field

from terminal.core.situation import Position
from terminal.stores.database import DamagedError
from terminal.stores.errors import StoreError

SCHEMA: Final = (
    "CREATE TABLE access_state (kind INTEGER NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL,"
    " seal INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID"
)


_POSITION: Final = struct.Struct(">?QqQ16s")
_PLACE: Final = struct.Struct(">QQ")
_NO_UTC: Final = -1


class SpendRefusedError(StoreError):
    """The grant has no use left, or lost its count: nothing was spent and nothing recorded."""


@unique
class Kind(IntEnum):
    """What a row of the access state is. Numbers are permanent."""

    SPENT = 1
    """Uses spent of a grant; never forgotten, because grant ids are never reused."""
    VOID = 2
    """The count of this grant was lost: it refuses until the office re-issues it. Without a
    name: of every counted grant, as long as nobody has looked which there are."""
    POSITION = 3
    LATCH = 4


class Spend(Struct, frozen=True):
    """Uses of one grant to spend; ``limit`` is how many the grant has in all."""

    grant_id: int
    limit: int
    uses: int = 1


class SavedPosition(Struct, frozen=True):
    """A passback position that outlives the boot it was taken in."""

    inside: bool
    order: int
    utc: int | None
    """UTC second of the move."""
    boot_id: bytes
    """The boot whose monotonic clock ``monotonic_ms`` belongs to, 16 bytes."""
    monotonic_ms: int

    def seen_in(self, boot_id: bytes) -> Position:
        """The position as the core knows it, in the boot ``boot_id``."""
        monotonic = self.monotonic_ms / 1000 if self.boot_id == boot_id else None
        return Position(self.inside, self.order, self.utc, monotonic)


Place = tuple[int, int]
"""(area id, grant id), as `terminal.core.situation` keys positions."""


class StateChange(Struct, frozen=True):
    """What one event changes in the access state, in the same transaction."""

    spends: tuple[Spend, ...] = ()
    positions: Mapping[Place, SavedPosition | None] = field(default_factory=dict)
    """``None`` forgives."""
    latches: Mapping[str, bytes | None] = field(default_factory=dict)
    """State that survives a restart (lockdown, fire, first card, floor); ``None`` clears."""
    void: frozenset[int] | None = None
    """After a loss: these are the grants whose counts were lost, and no others."""

    def __bool__(self) -> bool:
        return bool(self.spends or self.positions or self.latches or self.void is not None)

    def then(self, later: StateChange) -> StateChange:
        """Both changes as one, in this order."""
        return StateChange(
            self.spends + later.spends,
            {**self.positions, **later.positions},
            {**self.latches, **later.latches},
            self.void if later.void is None else later.void,
        )


class AccessState(Struct, frozen=True):
    """The access state as it was committed."""

    used: Mapping[int, int]
    """Uses spent, by grant id."""
    void: frozenset[int]
    positions: Mapping[Place, SavedPosition]
    latches: Mapping[str, bytes]
    all_void: bool = False
    """Counts were lost, and which grants there are is not known yet."""


RowName = tuple[Kind, bytes]
Rows = dict[RowName, bytes]


def load_rows(connection: sqlite3.Connection) -> Rows:
    """Read all rows; raises ``DamagedError`` for the first that cannot be believed."""
    rows: Rows = {}
    for row in connection.execute("SELECT kind, name, value, seal FROM access_state"):
        kind, name, value, seal = row
        if not (type(kind) is int and type(name) is bytes and type(value) is bytes):
            raise DamagedError(f"access state: row {row!r} has the wrong types")
        if seal != _seal(kind, name, value):
            raise DamagedError(f"access state: row {kind} {name.hex()} fails its checksum")
        rows[Kind(kind), name] = value
    return rows


def write_rows(connection: sqlite3.Connection, changes: Mapping[RowName, bytes | None]) -> None:
    """Write changed rows inside the caller's transaction; ``None`` deletes."""
    for (kind, name), value in changes.items():
        if value is None:
            connection.execute("DELETE FROM access_state WHERE kind = ? AND name = ?", (int(kind), name))
        else:
            connection.execute(
                "INSERT OR REPLACE INTO access_state (kind, name, value, seal) VALUES (?, ?, ?, ?)",
                (int(kind), name, value, _seal(kind, name, value)),
            )


ALL_VOID: Final[RowName] = (Kind.VOID, b"")


def all_void() -> Rows:
    """Rows that make every counted grant refuse after counts were lost."""
    return {ALL_VOID: b""}


def view(rows: Mapping[RowName, bytes]) -> AccessState:
    """The rows in the gate's terms."""
    return AccessState(
        used={_number(name): _number(rows[kind, name]) for kind, name in rows if kind is Kind.SPENT},
        void=frozenset(_number(name) for kind, name in rows if kind is Kind.VOID and name),
        positions={_place(name): _position(rows[kind, name]) for kind, name in rows if kind is Kind.POSITION},
        latches={name.decode(): rows[kind, name] for kind, name in rows if kind is Kind.LATCH},
        all_void=ALL_VOID in rows,
    )


class Staging:
    """Changes of one transaction, judged against the committed rows and each other."""

    def __init__(self, committed: Mapping[RowName, bytes]) -> None:
        self._committed = committed
        self.changes: dict[RowName, bytes | None] = {}

    def add(self, change: StateChange) -> None:
        """Stage ``change`` whole, or nothing of it.

        Raises:
            SpendRefusedError: a grant has no use left, or its count was lost.
        """
        staged: dict[RowName, bytes | None] = {}
        for spend in change.spends:
            name = (Kind.SPENT, _grant_name(spend.grant_id))
            before = staged.get(name) or self._now(name)
            staged[name] = self._spent(spend, 0 if before is None else _number(before))
        for place, position in change.positions.items():
            staged[Kind.POSITION, _PLACE.pack(*place)] = None if position is None else _packed(position)
        staged.update({(Kind.LATCH, name.encode()): value for name, value in change.latches.items()})
        if change.void is not None:
            staged.update({(Kind.VOID, _grant_name(grant_id)): b"" for grant_id in change.void})
            staged[ALL_VOID] = None
        self.changes.update(staged)

    def _spent(self, spend: Spend, before: int) -> bytes:
        if spend.uses < 1:
            raise SpendRefusedError(f"grant {spend.grant_id}: {spend.uses} uses cannot be spent")
        if any(self._now(name) is not None for name in (ALL_VOID, (Kind.VOID, _grant_name(spend.grant_id)))):
            raise SpendRefusedError(
                f"grant {spend.grant_id}: its count was lost; the office must re-issue it under a new id"
            )
        if before + spend.uses > spend.limit:
            raise SpendRefusedError(f"grant {spend.grant_id}: {before} of {spend.limit} uses are spent")
        return (before + spend.uses).to_bytes(8, "big")

    def _now(self, name: RowName) -> bytes | None:
        return self.changes[name] if name in self.changes else self._committed.get(name)

    def apply_to(self, rows: Rows) -> None:
        """Carry the staged changes into ``rows``, once they are committed."""
        for name, value in self.changes.items():
            if value is None:
                rows.pop(name, None)
            else:
                rows[name] = value


def _packed(position: SavedPosition) -> bytes:
    utc = _NO_UTC if position.utc is None else position.utc
    return _POSITION.pack(position.inside, position.order, utc, position.monotonic_ms, position.boot_id)


def _position(value: bytes) -> SavedPosition:
    inside, order, utc, monotonic_ms, boot_id = _POSITION.unpack(value)
    return SavedPosition(inside, order, None if utc == _NO_UTC else utc, boot_id, monotonic_ms)


def _place(name: bytes) -> Place:
    area_id, grant_id = _PLACE.unpack(name)
    return area_id, grant_id


def _grant_name(grant_id: int) -> bytes:
    return grant_id.to_bytes(8, "big")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _seal(kind: int, name: bytes, value: bytes) -> int:
    return zlib.crc32(b"%d %d " % (kind, len(name)) + name + value)
