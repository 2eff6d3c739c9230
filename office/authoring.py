"""From an estate file to the permission list of one gate.

A reader that delivers only the low bits of a number sees a chip's projection, so the list
holds each grant under every form in which the gate's readers may meet the chip. Two chips
that meet in one form are refused: the gate could not tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from office.cards_file import CardEntry
from office.errors import OfficeError
from office.estate_file import EstateFile, GateEntry
from sync.codec import CodecError
from sync.content import MemoryContent
from sync.encoding import decode_record, encode_settings, stored
from sync.publishing import Destination
from sync.records import (
    Access,
    Credential,
    Direction,
    Grant,
    MappingRule,
    Pin,
    Record,
    RecordError,
    Technology,
    Tombstone,
    project,
)


class NumberedCard(Struct, frozen=True):
    """A card with its ids, and whether the file gave them or they follow from its place."""

    entry: CardEntry
    grant_id: int
    issue_id: int
    pin: Pin | None = None

    @property
    def assigned(self) -> bool:
        """Whether an id was given in order: it moves when a card is put before it."""
        return self.entry.grant_id is None or self.entry.issue_id is None


class GateList(Struct, frozen=True):
    """A gate's list, ready to be signed."""

    destination: Destination
    content: MemoryContent
    cards: tuple[NumberedCard, ...]
    """The cards on this list."""


def number_cards(entries: Sequence[CardEntry]) -> list[NumberedCard]:
    """Give ids where the file has none: grants in order, one issue for each chip; hash PINs.

    Raises:
        OfficeError: a grant id is given twice, or one issue id to two chips.
    """
    grants: dict[int, CardEntry] = {}
    chips: dict[int, CardEntry] = {}
    for one in entries:
        if one.grant_id is not None:
            other = grants.setdefault(one.grant_id, one)
            if other is not one:
                raise OfficeError(
                    f"{one.place}, grant_id: {one.grant_id} is that of {other.place}; take another"
                )
        if one.issue_id is not None:
            other = chips.setdefault(one.issue_id, one)
            if other.credential != one.credential:
                raise OfficeError(
                    f"{one.place}, issue_id: {one.issue_id} is that of {other.place}; take another"
                )
    free_grants, free_issues = _unused(grants), _unused(chips)
    issues = {one.credential: one.issue_id for one in entries if one.issue_id is not None}
    numbered = []
    for one in entries:
        issue_id = one.issue_id or issues.get(one.credential) or next(free_issues)
        issues.setdefault(one.credential, issue_id)
        grant_id = one.grant_id or next(free_grants)
        pin = None if one.pin is None or one.ended is not None else one.pin.hashed(grant_id)
        numbered.append(NumberedCard(one, grant_id, issue_id, pin))
    return numbered


def compile_list(estate: EstateFile, cards: Iterable[NumberedCard], gate_name: str) -> GateList:
    """The list of one gate.

    Raises:
        OfficeError: no such gate, colliding chips, or a counted grant at two gates.
    """
    if gate_name not in estate.gates:
        known = ", ".join(estate.gates) or "none"
        raise OfficeError(f"there is no gate {gate_name!r}; known are: {known}")
    gate = estate.gates[gate_name]
    here = tuple(one for one in cards if any(door in gate.doors for door, _ in one.entry.doors))
    forms = _forms(here, gate)
    records: list[Record] = []
    for card in here:
        _check_one_gate(card, gate)
        records.extend(_record(card, form, gate) for form in forms[card.entry.credential])
    try:
        content = MemoryContent(encode_settings(gate.settings), [stored(one) for one in records])
    except CodecError as error:
        raise OfficeError(f"gate {gate_name!r}: {error}") from None
    return GateList(Destination(estate.estate_id, gate.gate_id), content, here)


def check_none_revived(after: MemoryContent, before: MemoryContent) -> None:
    """Refuse a grant that had ended: a lost card comes back by a decision, not by an old file.

    Raises:
        OfficeError: which grant, and the cure.
    """
    for one in after.records():
        for old in before.credential(one.key):
            if old.grant_id != one.grant_id:
                continue
            match decode_record(old), decode_record(one):
                case Tombstone(reason=reason, credential=card), Grant():
                    # The digest of a PIN is soon guessed by whoever has the salt, too.
                    of_card = "" if card.technology is Technology.KEYPAD else f" of card {card}"
                    raise OfficeError(
                        f"grant {one.grant_id}{of_card} had ended ({reason.name.lower()}), but the file"
                        f' lets it open: write ended = "{reason.name.lower()}" into it, or sign with --revive'
                    )


def _unused(taken: Iterable[int]) -> Iterator[int]:
    """Ids above every given one, so that adding a given one rarely meets them."""
    number = max(taken, default=0)
    while True:
        number += 1
        yield number


def _forms(cards: Iterable[NumberedCard], gate: GateEntry) -> dict[Credential, list[Credential]]:
    """Under which credentials the gate's readers may see each chip."""
    rules = [MappingRule(), *(rule for _, rule in gate.settings.mappings)]
    seen: dict[Credential, NumberedCard] = {}
    forms: dict[Credential, list[Credential]] = {}
    for card in cards:
        chip = card.entry.credential
        for form in sorted({project(chip, rule) for rule in rules}):
            other = seen.setdefault(form, card)
            if other.entry.credential != chip:
                raise OfficeError(
                    f"{card.entry.place}, number: a reader of this gate cannot tell {chip} from"
                    f" {other.entry.credential} ({other.entry.place}), both are {form} to it;"
                    " exchange one of the chips or let the reader deliver the whole number"
                )
            if form not in (known := forms.setdefault(chip, [])):
                known.append(form)
    return forms


def _check_one_gate(card: NumberedCard, gate: GateEntry) -> None:
    entry = card.entry
    if entry.uses is not None and any(door not in gate.doors for door, _ in entry.doors):
        raise OfficeError(
            f"{entry.place}, doors: a grant with uses is spent at one gate, these doors belong to several;"
            " name doors of one gate"
        )


def _record(card: NumberedCard, form: Credential, gate: GateEntry) -> Record:
    entry = card.entry
    try:
        if entry.ended is not None:
            return Tombstone(card.grant_id, card.issue_id, form, *entry.ended)
        doors = [(gate.doors[name], direction) for name, direction in entry.doors if name in gate.doors]
        return Grant(
            card.grant_id,
            card.issue_id,
            form,
            entry.kind,
            tuple(Access(door, Direction(direction)) for door, direction in sorted(doors)),
            schedule=entry.schedule,
            valid_from=entry.valid_from,
            valid_until=entry.valid_until,
            uses=entry.uses,
            companion=entry.companion,
            pin=card.pin,
            long_opening="long_opening" in entry.flags,
            passback_exempt="passback_exempt" in entry.flags,
            first_card="first_card" in entry.flags,
            overrides_lockdown="overrides_lockdown" in entry.flags,
        )
    except RecordError as error:
        raise OfficeError(f"{entry.place}: {error}") from None


def check_ids_kept(after: MemoryContent, before: MemoryContent) -> None:
    """Refuse a grant id that moves to another chip: uses already spent would count against it.

    Raises:
        OfficeError: which id, and the cure.
    """
    owners: dict[int, set[bytes]] = {}
    for one in before.records():
        owners.setdefault(one.grant_id, set()).add(one.key)
    for one in after.records():
        if one.grant_id in owners and one.key not in owners[one.grant_id]:
            raise OfficeError(
                f"grant id {one.grant_id} was another card's in the previous list: ids given in order move"
                " when a card is inserted; write grant_id and issue_id into the file"
            )
