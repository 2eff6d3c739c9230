"""Cards as people write them: ``[[card]]`` tables, or the same keys as CSV columns.

    technology      iso14443a unless told otherwise; for `code` the number is its text
    number          hexadecimal, or the text of a code
    digits          instead of both: what is typed where a PIN opens without a card
    pin, duress_pin what is typed after the card (or after `digits`); the second one alarms silently
    kind            resident, guard, merchant …
    doors           ["pedestrian", "barrier:in"]
    schedule        a schedule's name
    valid_from, valid_until, uses, companion = ["guard"]
    long_opening, passback_exempt, first_card, overrides_lockdown
    ended           lost, damaged, suspended, withdrawn, moved_out, superseded
    ended_at        when; needed with `ended`
    grant_id, issue_id   given in order where absent
    note            for the reader of the file; never leaves it

Digits are hashed on their way into a list; both kinds need a pin_salt in [estate].
In CSV a list is separated by spaces and an empty cell is an absent key.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from office.errors import OfficeError
from office.estate_file import MAX_FILE_BYTES, EstateFile
from office.notation import read_time
from office.pin_digits import SHORTEST, SHORTEST_ALONE, TypedPin, digits
from office.table import Table, choice, text, whole, words
from sync.pin import pin_credential
from sync.records import Credential, Direction, GrantKind, RevocationReason, Technology

_WHOLE: Final = frozenset(("uses", "grant_id", "issue_id"))
_LISTS: Final = frozenset(("doors", "companion"))
_FLAGS: Final = frozenset(("long_opening", "passback_exempt", "first_card", "overrides_lockdown"))
SHORTEST_CODE: Final = 22
"""Characters of a code that opens by itself: so many letters and digits hold 128 random bits."""
_SHORT_CODE: Final = (
    f"a code that opens alone has {SHORTEST_CODE} characters or more, drawn at random (openssl rand -hex 16);"
    " a short one may only stand beside a companion's card"
)
_NO_SALT: Final = "needs a pin_salt in [estate]: 32 random hexadecimal digits, kept for ever"


class CardEntry(Struct, frozen=True):
    """One card's grant as written; doors by name, of any gate of the estate."""

    place: str
    credential: Credential
    kind: GrantKind
    doors: tuple[tuple[str, Direction], ...]
    schedule: int | None
    valid_from: int | None
    valid_until: int | None
    uses: int | None
    companion: frozenset[GrantKind]
    flags: frozenset[str]
    """Those of the grant's flags that are set."""
    ended: tuple[RevocationReason, int] | None
    grant_id: int | None
    issue_id: int | None
    pin: TypedPin | None = None


def load_cards(estate: EstateFile) -> list[CardEntry]:
    """All cards of an estate: the CSV's after the TOML file's.

    Raises:
        OfficeError: file, table or row, key, and the cure.
    """
    rows = [*estate.cards, *(() if estate.card_file is None else _csv_rows(estate.card_file))]
    cards = [_card(row, estate) for row in rows]
    _check_nobody_shares_digits(cards)
    return cards


def read_credential(technology: Technology, number: str) -> Credential:
    """A credential from text: hexadecimal, or a code's own text; raises ``ValueError``."""
    if technology is Technology.CODE:
        return Credential(technology, number.encode())
    try:
        return Credential(technology, bytes.fromhex(number))
    except ValueError as error:
        raise ValueError(f"{number!r} is no card number in hexadecimal ({error})") from None


def _card(row: Table, estate: EstateFile) -> CardEntry:
    row.has("note")
    credential = _credential(row, estate)
    ended = row.maybe("ended", choice(RevocationReason))
    ended_at = row.maybe("ended_at", lambda value: read_time(value, estate.zone))
    if (ended is None) != (ended_at is None):
        raise row.error("ended", "goes with ended_at; give both or neither")
    entry = CardEntry(
        row.place,
        credential,
        row.read("kind", choice(GrantKind)),
        row.read("doors", lambda value: _doors(value, estate)),
        row.maybe("schedule", lambda value: _schedule(value, estate)),
        row.maybe("valid_from", lambda value: read_time(value, estate.zone)),
        row.maybe("valid_until", lambda value: read_time(value, estate.zone)),
        row.maybe("uses", whole),
        frozenset(row.maybe("companion", _companions) or ()),
        frozenset(name for name in sorted(_FLAGS) if row.flag(name)),
        None if ended is None or ended_at is None else (ended, ended_at),
        row.maybe("grant_id", whole),
        row.maybe("issue_id", whole),
        _pin(row, estate),
    )
    row.finish()
    alone = credential.technology is Technology.CODE and not entry.companion and entry.ended is None
    if alone and len(credential.number) < SHORTEST_CODE:
        raise row.error("number", _SHORT_CODE)
    return entry


def _credential(row: Table, estate: EstateFile) -> Credential:
    if row.has("digits"):
        for other in ("technology", "number"):
            if row.has(other):
                raise row.error("digits", f"stand instead of technology and number; leave out {other}")
        typed = row.read("digits", digits(SHORTEST_ALONE))
        return pin_credential(_salt(row, "digits", estate), typed)
    technology = row.maybe("technology", choice(Technology)) or Technology.ISO14443A
    return row.read("number", lambda value: read_credential(technology, text(value)))


def _pin(row: Table, estate: EstateFile) -> TypedPin | None:
    pin, duress = (row.maybe(key, digits(SHORTEST)) for key in ("pin", "duress_pin"))
    if pin is None:
        if duress is not None:
            raise row.error("duress_pin", "goes with pin; give both or neither")
        return None
    if pin == duress:
        raise row.error("duress_pin", "is the same as pin; choose another")
    return TypedPin(_salt(row, "pin", estate), pin, duress)


def _salt(row: Table, key: str, estate: EstateFile) -> bytes:
    if estate.pin_salt is None:
        raise row.error(key, _NO_SALT)
    return estate.pin_salt


def _check_nobody_shares_digits(cards: Iterable[CardEntry]) -> None:
    first: dict[Credential, CardEntry] = {}
    for one in cards:
        other = first.setdefault(one.credential, one)
        if one.credential.technology is not Technology.KEYPAD or other is one:
            continue
        if one.issue_id is None or one.issue_id != other.issue_id:
            raise OfficeError(
                f"{one.place}, digits: are those of {other.place}, and nobody can share a PIN; choose others,"
                " or give both rows one issue_id if they are of one person"
            )


def _doors(value: object, estate: EstateFile) -> tuple[tuple[str, Direction], ...]:
    known = {door for gate in estate.gates.values() for door in gate.doors}
    found: dict[str, Direction] = {}
    for word in words(value):
        name, _, direction = word.partition(":")
        if name not in known:
            raise ValueError(f"there is no door {name!r}; known are: {', '.join(sorted(known))}")
        if name in found:
            raise ValueError(f"door {name!r} is named twice; name it once")
        found[name] = choice(Direction)(direction) if direction else Direction.BOTH
    if not found:
        raise ValueError("names no door; name at least one")
    return tuple(found.items())


def _schedule(value: object, estate: EstateFile) -> int:
    name = text(value)
    if name not in estate.schedules:
        known = ", ".join(estate.schedules) or "none"
        raise ValueError(f"there is no schedule {name!r}; known are: {known}")
    return estate.schedules[name]


def _companions(value: object) -> list[GrantKind]:
    return [choice(GrantKind)(word) for word in words(value)]


def _csv_rows(path: Path) -> Iterator[Table]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise OfficeError(f"{path}: larger than {MAX_FILE_BYTES} bytes; is this a file of cards?")
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file, strict=True), start=2):
                yield Table(_cells(row, f"{path.name}, line {number}"), f"{path.name}, line {number}")
    except OSError as error:
        raise OfficeError(f"{path}: {error.strerror}; correct [estate] cards") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise OfficeError(f"{path}: not CSV in UTF-8: {error}") from None


def _cells(row: Mapping[str | None, object], place: str) -> dict[str, object]:
    """The cells by column, with numbers, lists and flags in the types TOML has."""
    values: dict[str, object] = {}
    for column, cell in row.items():
        if column is None or not isinstance(cell, str | None):
            raise OfficeError(f"{place}: has more cells than the first line; remove them")
        if cell is None or not cell.strip():
            continue
        values[column] = _cell(column, cell.strip())
    return values


def _cell(column: str, cell: str) -> object:
    if column in _LISTS:
        return cell.split()
    if column in _WHOLE and cell.isascii() and cell.isdigit():
        return int(cell)
    if column in _FLAGS and cell in ("true", "false"):
        return cell == "true"
    return cell
