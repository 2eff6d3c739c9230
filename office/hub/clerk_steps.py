"""A clerk's steps on the store of the hub: import an estate, grant, revoke, report."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from office.authoring import check_ids_kept, check_none_revived, compile_list, number_cards
from office.cards_file import load_cards
from office.errors import OfficeError, Trouble
from office.estate_file import EstateFile
from office.hub.facts import Change, Gate, GrantRow
from office.hub.gate_state import Confirmation, GateView, confirmation
from office.hub.one_use import without_list
from office.hub.planner import Why
from office.hub.port import HubStorage
from office.hub.standing import Standing, standing_view
from sync.content import MemoryContent
from sync.delta import Put, Remove, ReplaceSettings, Revoke
from sync.encoding import decode_record, decode_settings, stored
from sync.publishing import steps_between
from sync.records import Credential, Grant, MappingRule, RevocationReason, Tombstone, project
from sync.update import StoredRecord


class CardReport(Struct, frozen=True):
    """One grant at one gate, and since when the gate refuses or accepts it."""

    grant_id: int
    issue_id: int
    ended: RevocationReason | None
    """``None``: it opens."""
    confirmation: Confirmation


def import_estate(store: HubStorage, estate: EstateFile, at: int, *, revive: bool = False) -> list[Change]:
    """Make every registered gate's wanted list what the estate file says, all in one transaction.

    Raises:
        OfficeError: a gate of the file is not registered, or the file would revive a grant.
    """
    if store.gates.estate_id() != estate.estate_id:
        raise OfficeError(
            f"the file is of estate {estate.estate_id.hex()}, the store of {store.gates.estate_id().hex()}"
        )
    cards = number_cards(load_cards(estate))
    changes = []
    with store.transaction():
        for name, entry in estate.gates.items():
            store.gates.get(entry.gate_id)
            content = compile_list(estate, cards, name).content
            before = store.wanted.content(entry.gate_id)
            old = MemoryContent(before.settings(), before.records())
            check_ids_kept(content, old)
            if not revive:
                check_none_revived(content, old)
            change = _put(store, entry.gate_id, old, content, at)
            if change is not None:
                changes.append(change)
    return changes


def revoke(
    store: HubStorage,
    at: int,
    reason: RevocationReason,
    *,
    credential: Credential | None = None,
    issue_id: int | None = None,
) -> list[Change]:
    """End every grant of a chip or an issue, at every gate and under each form readers see it in.

    Raises:
        OfficeError: it has no grant anywhere.
    """
    with store.transaction():
        issues = [issue_id] if issue_id is not None else _issues(store, credential)
        rows = [row for issue in sorted(set(issues)) for row in store.wanted.rows(issue_id=issue)]
        ends: dict[int, list[StoredRecord]] = {}
        for row in rows:
            grant = decode_record(row.record)
            if isinstance(grant, Grant):
                end = Tombstone(grant.grant_id, grant.issue_id, grant.credential, reason, at)
                ends.setdefault(row.gate_id, []).append(stored(end))
        if not ends:
            named = f"card {credential}" if issue_id is None else f"issue {issue_id}"
            raise OfficeError(f"{named} has no grant at any gate", Trouble.AT_NO_GATE)
        changes = [
            store.wanted.put(gate_id, records, urgent=True, at=at)
            for gate_id, records in sorted(ends.items())
        ]
    return [one for one in changes if one is not None]


def grant(store: HubStorage, gate_id: int, granted: Grant, at: int) -> Change | None:
    """Put a grant on a gate's list, under each form in which the gate's readers see its chip.

    Raises:
        OfficeError: the gate has no list yet, or the grant is counted and on another gate's.
    """
    with store.transaction():
        settings = store.wanted.content(gate_id).settings()
        if not settings:
            raise without_list(gate_id)
        elsewhere = [
            row
            for row in store.wanted.rows(issue_id=granted.issue_id)
            if row.record.grant_id == granted.grant_id and row.gate_id != gate_id
        ]
        if granted.spends and elsewhere:
            raise OfficeError(
                f"grant {granted.grant_id} has uses and is on the list of gate {elsewhere[0].gate_id}; it can"
                " only move, once that gate has confirmed its end",
                Trouble.AT_THAT_GATE,
                gate=elsewhere[0].gate_id,
            )
        rules = [MappingRule(), *(rule for _, rule in decode_settings(settings).mappings)]
        records = []
        for form in sorted({project(granted.credential, rule) for rule in rules}):
            _check_free(store, gate_id, form, granted)
            records.append(stored(replace(granted, credential=form)))
        return store.wanted.put(gate_id, records, urgent=False, at=at)


def card_report(
    store: HubStorage, *, credential: Credential | None = None, issue_id: int | None = None
) -> list[CardReport]:
    """Per gate and grant, the second since which the card is refused or accepted."""
    issues = [issue_id] if issue_id is not None else _issues(store, credential)
    found = [row for issue in sorted(set(issues)) for row in store.wanted.rows(issue_id=issue)]
    return [_card(store, row) for row in found]


def gate_report(store: HubStorage, gate: Gate, at: int, why: Why | None = None) -> GateView:
    """How a gate stands; ``why`` is what the hub last said of it."""
    return standing_view(gate, standing(store, gate.gate_id), at, why)


def standing(store: HubStorage, gate_id: int) -> Standing:
    """What the store knows of how one gate stands; of all at once: `office.hub.standing_rows`."""
    difference, held = store.wanted.difference(gate_id), store.signed.held(gate_id)
    return Standing(
        store.diary.contact(gate_id),
        None if held is None else (held.version, held.digest),
        store.receipts.newest(gate_id),
        bool(difference.pairs) or difference.settings is not None,
        difference.change,
    )


def _put(
    store: HubStorage, gate_id: int, old: MemoryContent, content: MemoryContent, at: int
) -> Change | None:
    steps = steps_between(old, content)
    ended = {(one.key, one.grant_id) for one in steps if isinstance(one, Revoke)}
    puts = [one.record for one in steps if isinstance(one, Put)]
    puts += [one for one in content.records() if (one.key, one.grant_id) in ended]
    return store.wanted.put(
        gate_id,
        puts,
        removed=[(one.key, one.grant_id) for one in steps if isinstance(one, Remove)],
        settings=content.settings() if any(isinstance(one, ReplaceSettings) for one in steps) else None,
        urgent=bool(ended),
        at=at,
    )


def _issues(store: HubStorage, credential: Credential | None) -> Sequence[int]:
    if credential is None:
        raise OfficeError("name a card or an issue")
    return [decode_record(row.record).issue_id for row in store.wanted.rows(key=credential.key)]


def _check_free(store: HubStorage, gate_id: int, form: Credential, granted: Grant) -> None:
    for one in store.wanted.content(gate_id).credential(form.key):
        other = decode_record(one)
        if other.issue_id != granted.issue_id and isinstance(other, Grant):
            raise OfficeError(
                f"gate {gate_id}: card {granted.credential} is {form} to a reader, and so is issue"
                f" {other.issue_id}; end that one first, or exchange a chip",
                Trouble.CHIPS_ALIKE,
                gate=gate_id,
                card=other.issue_id,
            )


def _card(store: HubStorage, row: GrantRow) -> CardReport:
    record = decode_record(row.record)
    # While the newest wish is not even signed, nothing of it can be in force.
    came_with = row.since if row.held == row.record.data else None
    first = None if came_with is None else store.receipts.first_from(row.gate_id, came_with)
    receipts = [] if first is None else [first]
    return CardReport(
        record.grant_id,
        record.issue_id,
        record.reason if isinstance(record, Tombstone) else None,
        confirmation(row.gate_id, came_with, receipts, store.diary.contact(row.gate_id)),
    )
