"""Contacts, alarms, receipts and moves of counted grants, in the store."""

from __future__ import annotations

from typing import Final

from office.hub.database import Database, Row, or_else_update
from office.hub.facts import Alarm, Contact, KeptReceipt, Move, MoveState
from sync.codec import decode, encode
from sync.fields import array, whole
from sync.records import Access, ClockState, Direction
from sync.statements.receipt import Receipt
from sync.update import ListVersion

_SAME: Final = "epoch IS NOT DISTINCT FROM ? AND revision IS NOT DISTINCT FROM ?"
MAX_TEXT: Final = 500
"""Of an alarm: texts may quote what a stranger sent."""
_EVERY_GATE: Final = -1
"""Stands for no gate in a key that may not be NULL."""
_MOVE: Final = (
    'grant_id, from_gate, to_gate, uses, access, granted, chip, new_grant_id, asked_at, state, "left"'
)


CONTACT: Final = (
    "at, asked, epoch, revision, digest, refusal, refused_epoch, refused_revision, refused_change,"
    " refused_at, resumed, highest_epoch, highest_revision, highest_digest"
)


class ReceiptRows:
    """`office.hub.port.ReceiptBook`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, receipt: Receipt, data: bytes, received_at: int) -> bool:
        """Keep a verified receipt; whether it is new."""
        with self._database.transaction():
            cursor = self._database.execute(
                "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    receipt.gate_id,
                    receipt.version.epoch,
                    receipt.version.revision,
                    receipt.digest,
                    receipt.applied_at,
                    int(receipt.clock),
                    received_at,
                    data,
                ),
            )
        return cursor.rowcount > 0

    def of_gate(self, gate_id: int) -> list[KeptReceipt]:
        """A gate's receipts, oldest version first."""
        rows = self._database.all(
            "SELECT epoch, revision, digest, applied_at, clock, received_at FROM receipts WHERE gate_id = ?"
            " ORDER BY epoch, revision",
            (gate_id,),
        )
        return [receipt_of(row) for row in rows]

    def newest(self, gate_id: int) -> KeptReceipt | None:
        """Of the highest version."""
        row = self._database.one(
            "SELECT epoch, revision, digest, applied_at, clock, received_at FROM receipts WHERE gate_id = ?"
            " ORDER BY epoch DESC, revision DESC LIMIT 1",
            (gate_id,),
        )
        return None if row is None else receipt_of(row)

    def first_from(self, gate_id: int, version: ListVersion) -> KeptReceipt | None:
        """Of the lowest version that is not below this one."""
        row = self._database.one(
            "SELECT epoch, revision, digest, applied_at, clock, received_at FROM receipts WHERE gate_id = ?"
            " AND (epoch, revision) >= (?, ?) ORDER BY epoch, revision LIMIT 1",
            (gate_id, version.epoch, version.revision),
        )
        return None if row is None else receipt_of(row)


class DiaryRows:
    """`office.hub.port.GateDiary`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def contact(self, gate_id: int) -> Contact:
        """Last contact, last report and last refusal."""
        row = self._database.one(f"SELECT {CONTACT} FROM contacts WHERE gate_id = ?", (gate_id,))
        return Contact() if row is None else contact_of(row)

    def note_contact(self, gate_id: int, at: int) -> None:
        """The gate spoke."""
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO contacts (gate_id, at, asked) VALUES (?, ?, FALSE)"
                " ON CONFLICT (gate_id) DO UPDATE SET at ="
                " CASE WHEN excluded.at > contacts.at THEN excluded.at ELSE contacts.at END",
                (gate_id, at),
            )

    def note_report(self, gate_id: int, at: int, version: ListVersion | None, digest: bytes) -> None:
        """The gate told which list it has; ``None``: it has none."""
        with self._database.transaction():
            self.note_contact(gate_id, at)
            epoch, revision = (None, None) if version is None else (version.epoch, version.revision)
            # A list that it takes after a refusal ends the refusal, and what a clerk allowed once.
            self._database.execute(
                "UPDATE contacts SET asked = TRUE,"
                f" refusal = CASE WHEN {_SAME} THEN refusal ELSE NULL END,"
                f" resumed = CASE WHEN {_SAME} THEN resumed ELSE FALSE END,"
                " epoch = ?, revision = ?, digest = ? WHERE gate_id = ?",
                (*(epoch, revision) * 3, digest, gate_id),
            )

    def note_highest(self, gate_id: int, at: int, version: ListVersion | None, digest: bytes) -> None:
        """The newest list that the gate ever had, where that one is lost; ``None``: it is not."""
        with self._database.transaction():
            self.note_contact(gate_id, at)
            epoch, revision = (None, None) if version is None else (version.epoch, version.revision)
            self._database.execute(
                "UPDATE contacts SET highest_epoch = ?, highest_revision = ?, highest_digest = ?"
                " WHERE gate_id = ?",
                (epoch, revision, digest, gate_id),
            )

    def note_refusal(self, gate_id: int, attack: str, refused: ListVersion, change: int, at: int) -> None:
        """The gate refused the update of this version, signed for this change."""
        with self._database.transaction():
            self.note_contact(gate_id, at)
            self._database.execute(
                "UPDATE contacts SET refusal = ?, refused_epoch = ?, refused_revision = ?,"
                " refused_change = ?, refused_at = ? WHERE gate_id = ?",
                (attack, refused.epoch, refused.revision, change, at, gate_id),
            )

    def resume(self, gate_id: int, at: int) -> None:
        """A clerk has looked: what this gate knows the office knows again, and a refusal is settled."""
        with self._database.transaction():
            self.note_contact(gate_id, at)
            self._database.execute(
                "UPDATE contacts SET resumed = TRUE, refusal = NULL WHERE gate_id = ?", (gate_id,)
            )

    def alarm(self, gate_id: int | None, name: str, text: str, at: int) -> None:
        """Count a named refusal or fault, so that the office can see it."""
        printable = "".join(one if one.isprintable() else "·" for one in text[:MAX_TEXT])
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO alarms VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT (gate_id, name) DO UPDATE"
                " SET count = alarms.count + 1, text = excluded.text, last_at ="
                " CASE WHEN excluded.last_at > alarms.last_at THEN excluded.last_at ELSE alarms.last_at END",
                (_EVERY_GATE if gate_id is None else gate_id, name, at, at, printable),
            )

    def alarms(self) -> list[Alarm]:
        """Every alarm with its count, newest first."""
        rows = self._database.all("SELECT * FROM alarms ORDER BY last_at DESC, gate_id, name")
        return [Alarm(None if gate_id == _EVERY_GATE else gate_id, *rest) for gate_id, *rest in rows]


class MoveRows:
    """`office.hub.book_ports.MoveBook`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, move: Move) -> None:
        """Note a move, or how far it has come; a grant is in one move only."""
        access = encode([[one.door, int(one.directions)] for one in move.access])
        with self._database.transaction():
            self._database.execute(
                f"INSERT INTO moves ({_MOVE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                + or_else_update("grant_id", _MOVE),
                (
                    move.grant_id,
                    move.from_gate,
                    move.to_gate,
                    move.uses,
                    access,
                    move.grant,
                    move.chip,
                    move.new_grant_id,
                    move.asked_at,
                    int(move.state),
                    move.left,
                ),
            )

    def get(self, grant_id: int) -> Move | None:
        """The move of this grant, open or not."""
        found = self._read("grant_id = ?", grant_id)
        return found[0] if found else None

    def open(self) -> list[Move]:
        """Moves that are not done."""
        return self._read("state NOT IN (?, ?)", int(MoveState.DONE), int(MoveState.SPENT))

    def _read(self, where: str, *values: object) -> list[Move]:
        rows = self._database.all(f"SELECT {_MOVE} FROM moves WHERE {where} ORDER BY grant_id", values)
        return [_move(row) for row in rows]


def contact_of(row: Row) -> Contact:
    """A row of ``CONTACT``."""
    at, asked, epoch, revision, digest, refusal, refused_epoch, refused_revision, *rest = row
    change, refused_at, resumed, highest_epoch, highest_revision, highest_digest = rest
    return Contact(
        at,
        bool(asked),
        _version(epoch, revision),
        digest or b"",
        refusal,
        _version(refused_epoch, refused_revision),
        change,
        refused_at,
        bool(resumed),
        _version(highest_epoch, highest_revision),
        highest_digest or b"",
    )


def receipt_of(row: Row) -> KeptReceipt:
    """Epoch, revision, digest, when applied by which clock, when received."""
    epoch, revision, digest, applied_at, clock, received_at = row
    return KeptReceipt(ListVersion(epoch, revision), digest, applied_at, ClockState(clock), received_at)


def _version(epoch: int | None, revision: int | None) -> ListVersion | None:
    return None if epoch is None or revision is None else ListVersion(epoch, revision)


def _move(row: Row) -> Move:
    grant_id, from_gate, to_gate, uses, access, grant, chip, new_grant_id, asked_at, state, left = row
    doors = _access(access)
    return Move(
        grant_id,
        from_gate,
        to_gate,
        uses,
        doors,
        grant,
        chip,
        new_grant_id,
        asked_at,
        MoveState(state),
        left,
    )


def _access(data: bytes) -> tuple[Access, ...]:
    rows = array(decode(data, max_bytes=len(data)), "access")
    pairs = [array(one, "access", length=2) for one in rows]
    return tuple(Access(whole(door, "door"), Direction(whole(way, "directions"))) for door, way in pairs)
