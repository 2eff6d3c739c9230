"""Usage events in the store: each once by (gate, log epoch, number), durable before it is acknowledged."""

from __future__ import annotations

from typing import Final

from office.errors import OfficeError
from office.hub.database import Database
from office.hub.event_times import UNSETTLED_MS, corrected
from office.hub.facts import BootAnchor, EventRow, JudgedEvent, LogPosition, StoredEvents
from sync.events import GENESIS

MAX_PAGE: Final = 1000
_NO_NUMBER: Final = 1 << 62
"""Above every event's."""
PURGE_STEP: Final = 5000
"""Most events one purge removes, so that it never holds up the hub for long."""


class EventRows:
    """`office.hub.port.EventShelf`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def position(self, gate_id: int, log_epoch: bytes) -> LogPosition:
        """How far this log has been taken in."""
        row = self._database.one(
            "SELECT number, link FROM logs WHERE gate_id = ? AND epoch = ?", (gate_id, log_epoch)
        )
        return LogPosition() if row is None else LogPosition(*row)

    def hashes(self, gate_id: int, log_epoch: bytes, first: int, count: int) -> dict[int, bytes]:
        """Payload hashes by number of what is stored already."""
        rows = self._database.all(
            "SELECT number, hashed FROM events WHERE log ="
            " (SELECT id FROM logs WHERE gate_id = ? AND epoch = ?) AND number >= ? AND number < ?",
            (gate_id, log_epoch, first, first + count),
        )
        return dict(rows)

    def begin(self, gate_id: int, log_epoch: bytes) -> None:
        """Remember that the gate has this log, of which nothing has come yet."""
        with self._database.transaction():
            self._log(gate_id, log_epoch)

    def store(self, gate_id: int, log_epoch: bytes, events: StoredEvents, *, received_at: int) -> None:
        """Store a judged batch durably: after this it may be acknowledged."""
        with self._database.transaction():
            log = self._log(gate_id, log_epoch)
            # A plain INSERT: a number that is there already would be a fault of ours, never a silent loss.
            self._database.many(
                "INSERT INTO events (log, number, payload, hashed, link, set_aside, received_at, waits_for,"
                " boottime_ms, utc_ms, uncertainty_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_values(log, one, received_at) for one in events.events],
            )
            self._database.checkpoint("events inserted")
            self._database.execute(
                "UPDATE logs SET number = ?, link = ?, lost = lost + ? WHERE id = ?",
                (events.position.number, events.position.link, events.lost, log),
            )

    def read(self, gate_id: int, log_epoch: bytes, after: int, limit: int) -> list[EventRow]:
        """Events of one log in order."""
        rows = self._database.all(
            "SELECT number, payload, hashed, link, set_aside, received_at, utc_ms, uncertainty_ms FROM events"
            " WHERE log = (SELECT id FROM logs WHERE gate_id = ? AND epoch = ?) AND number > ?"
            " ORDER BY number LIMIT ?",
            (gate_id, log_epoch, after, min(limit, MAX_PAGE)),
        )
        return [EventRow(*row) for row in rows]

    def logs(self, gate_id: int) -> list[bytes]:
        """Log epochs of a gate, oldest first."""
        return [
            row[0]
            for row in self._database.all("SELECT epoch FROM logs WHERE gate_id = ? ORDER BY id", (gate_id,))
        ]

    def erase(self, gate_id: int, log_epoch: bytes, number: int) -> None:
        """Erase one payload; its hash stays, so that the chain still proves the rest."""
        with self._database.transaction():
            changed = self._database.execute(
                "UPDATE events SET payload = NULL, waits_for = NULL WHERE log ="
                " (SELECT id FROM logs WHERE gate_id = ? AND epoch = ?) AND number = ?",
                (gate_id, log_epoch, number),
            ).rowcount
        if not changed:
            raise OfficeError(f"gate {gate_id}: there is no event {number} in log {log_epoch.hex()}")

    def purge(self, received_before: int) -> int:
        """Remove events whose retention is over, oldest first; how many went.

        Each log keeps number and link of its last purged event: the chain goes on from there.
        """
        gone = 0
        with self._database.transaction():
            for log, anchor in self._database.all("SELECT id, anchor_number FROM logs"):
                row = self._database.one(
                    "SELECT max(number) FROM (SELECT number FROM events WHERE log = ? AND number > ?"
                    " AND received_at < ? AND number < coalesce((SELECT min(number) FROM events"
                    " WHERE log = ? AND received_at >= ?), ?) ORDER BY number LIMIT ?) AS oldest",
                    (log, anchor, received_before, log, received_before, _NO_NUMBER, PURGE_STEP - gone),
                )
                if row is None or row[0] is None:
                    continue
                self._database.execute(
                    "UPDATE logs SET (anchor_number, anchor_link) ="
                    " (SELECT number, link FROM events WHERE log = ? AND number = ?) WHERE id = ?",
                    (log, row[0], log),
                )
                self._database.checkpoint("anchor moved")
                gone += self._database.execute(
                    "DELETE FROM events WHERE log = ? AND number <= ?", (log, row[0])
                ).rowcount
        return gone

    def add_anchor(self, gate_id: int, boot_id: bytes, anchor: BootAnchor) -> int:
        """Keep a time anchor, and date events that waited for it; how many."""
        database = self._database
        with database.transaction():
            database.execute(
                "INSERT INTO anchors VALUES (?, ?, ?, ?, ?) ON CONFLICT (gate_id, boot_id, boottime_ms)"
                " DO UPDATE SET utc_ms = excluded.utc_ms, uncertainty_ms = excluded.uncertainty_ms",
                (gate_id, boot_id, anchor.boottime_ms, anchor.utc_ms, anchor.uncertainty_ms),
            )
            self._thin(gate_id, boot_id)
            anchors = self.anchors(gate_id, boot_id)
            waiting = database.all(
                "SELECT e.log, e.number, e.boottime_ms FROM events e JOIN logs l ON l.id = e.log"
                " WHERE e.waits_for = ? AND l.gate_id = ?",
                (boot_id, gate_id),
            )
            dated = [
                (time.utc_ms, time.uncertainty_ms, time.uncertainty_ms > UNSETTLED_MS, log, number)
                for log, number, boottime_ms in waiting
                if (time := corrected(anchors, boottime_ms)) is not None
            ]
            database.many(
                "UPDATE events SET utc_ms = ?, uncertainty_ms = ?,"
                " waits_for = CASE WHEN ? THEN waits_for ELSE NULL END WHERE log = ? AND number = ?",
                dated,
            )
        return len(dated)

    def anchors(self, gate_id: int, boot_id: bytes) -> list[BootAnchor]:
        """The time anchors of one boot, in order."""
        rows = self._database.all(
            "SELECT boottime_ms, utc_ms, uncertainty_ms FROM anchors WHERE gate_id = ? AND boot_id = ?"
            " ORDER BY boottime_ms",
            (gate_id, boot_id),
        )
        return [BootAnchor(*row) for row in rows]

    def _thin(self, gate_id: int, boot_id: bytes) -> None:
        """Keep one anchor an hour besides the last ones: a boot may last for years."""
        self._database.execute(
            "DELETE FROM anchors WHERE gate_id = ? AND boot_id = ? AND boottime_ms NOT IN"
            " (SELECT min(boottime_ms) FROM anchors WHERE gate_id = ? AND boot_id = ?"
            " GROUP BY boottime_ms / 3600000) AND boottime_ms <"
            " (SELECT max(boottime_ms) FROM anchors WHERE gate_id = ? AND boot_id = ?)",
            (gate_id, boot_id) * 3,
        )

    def _log(self, gate_id: int, log_epoch: bytes) -> int:
        row = self._database.one("SELECT id FROM logs WHERE gate_id = ? AND epoch = ?", (gate_id, log_epoch))
        if row is not None:
            return int(row[0])
        return self._database.insert(
            "INSERT INTO logs (gate_id, epoch, number, link, anchor_link) VALUES (?, ?, 0, ?, ?)",
            (gate_id, log_epoch, GENESIS, GENESIS),
            "id",
        )


def _values(log: int, one: JudgedEvent, received_at: int) -> tuple[object, ...]:
    return (
        log,
        one.number,
        one.payload,
        one.hashed,
        one.link,
        one.set_aside,
        received_at,
        one.waits_for,
        one.boottime_ms,
        one.utc_ms,
        one.uncertainty_ms,
    )
