"""Would this card open this door then: what the office knows, and how to ask the gate itself."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from office.lists.store import hub_store
from office.procedures.would_open import Assessment, assess
from office.registry.models import Door, Issue
from sync.encoding import decode_record, decode_settings
from sync.records import Direction, MappingRule, Record, project


class Answer(Struct, frozen=True):
    """The assessment and how far it can be believed."""

    assessment: Assessment
    confirmed: bool
    """Whether the gate has everything that is wanted of this card."""


def would_open(issue: Issue, door: Door, direction: Direction, at: datetime) -> Answer | None:
    """Judge by what the door's gate is to have; ``None``: the card has no chip, or the gate no list."""
    store = hub_store()
    data = store.wanted.content(door.gate_id).settings()
    if issue.chip is None or not data:
        return None
    settings = decode_settings(data)
    records: list[Record] = []
    confirmed = True
    rules = [MappingRule(), *(rule for _, rule in settings.mappings)]
    for form in sorted({project(issue.chip.credential, rule) for rule in rules}):
        for row in store.wanted.rows(key=form.key):
            if row.gate_id == door.gate_id:
                records.append(decode_record(row.record))
                confirmed = confirmed and row.held == row.record.data
    contact, held = store.diary.contact(door.gate_id), store.signed.held(door.gate_id)
    up_to_date = held is not None and (contact.version, contact.digest) == (held.version, held.digest)
    judged = assess(records, settings, door.door_id, direction, int(at.timestamp()))
    return Answer(judged, confirmed and up_to_date)
