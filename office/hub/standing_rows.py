"""How every gate stands, read at once: two statements for two hundred gates, where each has five."""

from __future__ import annotations

from typing import Final

from office.hub.database import Database
from office.hub.diary_rows import CONTACT, contact_of, receipt_of
from office.hub.facts import Contact
from office.hub.standing import Standing
from sync.update import ListVersion

_NEWEST: Final = (
    "(SELECT {column} FROM receipts WHERE gate_id = g.gate_id ORDER BY epoch DESC, revision DESC LIMIT 1)"
)
_RECEIPT: Final = ", ".join(
    _NEWEST.format(column=one)
    for one in ("epoch", "revision", "digest", "applied_at", "clock", "received_at")
)
"""Each is one step down an index; a gate has thousands of receipts, of which one is asked for."""
_STANDING: Final = (
    "SELECT g.gate_id, coalesce(l.change, 0), s.epoch, s.revision, s.digest,"
    " l.wanted_settings IS NOT NULL AND l.wanted_settings IS DISTINCT FROM l.held_settings,"
    " l.held_id IS NOT NULL AND EXISTS (SELECT 1 FROM records INDEXED BY records_that_differ"
    f" WHERE gate_id = g.gate_id AND differs), {_RECEIPT}"
    " FROM gates g LEFT JOIN lists l ON l.gate_id = g.gate_id LEFT JOIN signed s ON s.id = l.held_id"
)


class StandingRows:
    """For the desk's page of all gates."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[int, Standing]:
        """By gate id."""
        contacts = {
            row[0]: contact_of(row[1:])
            for row in self._database.all(f"SELECT gate_id, {CONTACT} FROM contacts")
        }
        found = {}
        for gate_id, change, epoch, revision, digest, *rest in self._database.all(_STANDING):
            settings, records, *receipt = rest
            held = None if epoch is None else (ListVersion(epoch, revision), digest)
            newest = None if receipt[0] is None else receipt_of(tuple(receipt))
            differs = bool(settings) or bool(records)
            found[gate_id] = Standing(contacts.get(gate_id, Contact()), held, newest, differs, change)
        return found
