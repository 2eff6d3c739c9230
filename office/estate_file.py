"""An estate as people write it: one TOML file, with its cards in it or in a CSV beside.

    [estate]      id, time_zone, cards = "cards.csv" (optional), pin_salt (where there are PINs)
    [[gate]]      name, id, interlocks = [["door", "door"]]
    [[door]]      name, id, gate, area_in, companion_within_s, pin_only,
                  modes = [{schedule, mode, needs_first_card}]
    [[schedule]]  name, id, windows, observes_holidays, holiday_windows = {"1" = ["10:00-12:00"]}
    [[holiday]]   day, type
    [[area]]      name, id, gate, mode, timeout_s, forgive_at
    [[policy]]    kind, max_list_age_s, opens_without_clock
    [[outage]]    start, end, utility, door_mode
    [[reader]]    id, gate, byte_order, low_bits, decimal, width_bytes
    [[card]]      see `office.cards_file`

A list for a gate takes the doors, areas and readers of that gate and everything else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from office.errors import OfficeError
from office.estate_rows import (
    area_row,
    door_row,
    finished,
    holiday_row,
    interlock_groups,
    one_of,
    outage_row,
    policy_row,
    reader_row,
    schedule_row,
)
from office.table import Table, text
from sync.digest import ESTATE_ID_BYTES
from sync.records import (
    DoorPolicy,
    Holiday,
    KindPolicy,
    ListSettings,
    MappingRule,
    OutageWindow,
    PassbackArea,
    PinOnly,
    Schedule,
)
from sync.records.grant import PIN_SALT_BYTES
from sync.records.settings import DEFAULT_POLICIES

MAX_FILE_BYTES: Final = 64 << 20

Item = TypeVar("Item")


class GateEntry(Struct, frozen=True):
    """One gate: its id, its doors by name, and the settings of its list."""

    gate_id: int
    doors: Mapping[str, int]
    settings: ListSettings


class EstateFile(Struct, frozen=True):
    """What an estate file says, cards aside."""

    estate_id: bytes
    zone: ZoneInfo
    gates: Mapping[str, GateEntry]
    schedules: Mapping[str, int]
    cards: tuple[Table, ...]
    """Rows of the file's own ``[[card]]`` tables."""
    card_file: Path | None
    pin_salt: bytes | None = None
    """The one random salt of the estate, from which those of its PINs follow."""


def load_estate(path: Path) -> EstateFile:
    """Read an estate file.

    Raises:
        OfficeError: file, table, row, key, and the cure.
    """
    root = Table(_read(path), path.name)
    head = root.table("estate")
    estate_id = head.read("id", _estate_id)
    zone = head.read("time_zone", _zone)
    cards = head.maybe("cards", text)
    pin_salt = head.maybe("pin_salt", _pin_salt)
    head.finish()
    sections = _sections(root, zone, pin_salt)
    gates = {name: _gate(name, row, sections) for name, row in sections.gates.items()}
    rows = tuple(root.tables("card"))
    root.finish()
    schedules = {name: one.schedule_id for name, one in sections.schedules.items()}
    card_file = None if cards is None else path.parent / cards
    return EstateFile(estate_id, zone, gates, schedules, rows, card_file, pin_salt)


class _Sections(Struct, frozen=True):
    """The file's tables as records; what belongs to a gate stands beside the gate's name."""

    zone: ZoneInfo
    gates: Mapping[str, Table]
    schedules: Mapping[str, Schedule]
    doors: Mapping[str, tuple[str, DoorPolicy]]
    areas: Mapping[str, tuple[str, PassbackArea]]
    pin_salt: bytes | None
    by_pin: frozenset[str]
    """Doors that open by a PIN without a card."""
    readers: tuple[tuple[str, tuple[int, MappingRule]], ...]
    holidays: tuple[Holiday, ...]
    policies: tuple[KindPolicy, ...]
    outages: tuple[OutageWindow, ...]


def _sections(root: Table, zone: ZoneInfo, pin_salt: bytes | None) -> _Sections:
    gates = _named(root, "gate")
    schedules = {name: finished(row, schedule_row) for name, row in _named(root, "schedule").items()}

    def with_gate(row: Table, build: Callable[[Table], Item]) -> tuple[str, Item]:
        gate = row.read("gate", one_of(gates, "gate"))
        return gate, finished(row, build)

    areas = {name: with_gate(row, area_row) for name, row in _named(root, "area").items()}
    door_tables = _named(root, "door")
    by_pin = frozenset(name for name, row in door_tables.items() if row.flag("pin_only"))
    if pin_salt is None and by_pin:
        first = door_tables[min(by_pin)]
        raise first.error(
            "pin_only", "needs a pin_salt in [estate]: 32 random hexadecimal digits, kept for ever"
        )
    doors = {
        name: with_gate(row, lambda table: door_row(table, schedules, areas))
        for name, row in door_tables.items()
    }
    policies = {one.kind: one for one in DEFAULT_POLICIES}
    policies |= {one.kind: one for one in (finished(row, policy_row) for row in root.tables("policy"))}
    return _Sections(
        zone,
        gates,
        schedules,
        doors,
        areas,
        pin_salt,
        by_pin,
        tuple(with_gate(row, reader_row) for row in root.tables("reader")),
        tuple(sorted(finished(row, holiday_row) for row in root.tables("holiday"))),
        tuple(policies[kind] for kind in sorted(policies)),
        tuple(finished(row, lambda table: outage_row(table, zone)) for row in root.tables("outage")),
    )


def _gate(name: str, row: Table, sections: _Sections) -> GateEntry:
    doors = {door: policy.door_id for door, (gate, policy) in sections.doors.items() if gate == name}

    def build(table: Table) -> GateEntry:
        by_pin = tuple(sorted(number for door, number in doors.items() if door in sections.by_pin))
        salt = sections.pin_salt
        interlocks = table.maybe("interlocks", lambda value: interlock_groups(value, doors)) or ()
        settings = ListSettings(
            sections.zone.key,
            tuple(sorted(_at(name, sections.doors.values()), key=attrgetter("door_id"))),
            tuple(sorted(sections.schedules.values(), key=attrgetter("schedule_id"))),
            sections.holidays,
            tuple(sorted(_at(name, sections.areas.values()), key=attrgetter("area_id"))),
            interlocks,
            sections.policies,
            sections.outages,
            tuple(sorted(_at(name, sections.readers), key=itemgetter(0))),
            PinOnly(salt, by_pin) if salt is not None and by_pin else None,
        )
        return GateEntry(table.whole("id"), doors, settings)

    return finished(row, build)


def _named(root: Table, kind: str) -> dict[str, Table]:
    """The tables of one kind by their names, each of which is given once."""
    found: dict[str, Table] = {}
    for row in root.tables(kind):
        name = row.text("name")
        if name in found:
            raise row.error("name", f"{name!r} is taken by {found[name].place}; choose another")
        found[name] = row
    return found


def _at(gate: str, items: Iterable[tuple[str, Item]]) -> list[Item]:
    return [item for name, item in items if name == gate]


def _read(path: Path) -> Mapping[str, object]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise OfficeError(f"{path}: larger than {MAX_FILE_BYTES} bytes; is this an estate file?")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OfficeError(f"{path}: {error.strerror}; give the path of an estate file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OfficeError(f"{path}: not TOML: {error}") from None


def _estate_id(value: object) -> bytes:
    try:
        estate_id = bytes.fromhex(text(value))
    except ValueError:
        estate_id = b""
    if len(estate_id) != ESTATE_ID_BYTES:
        raise ValueError(f"must be {2 * ESTATE_ID_BYTES} hexadecimal digits")
    return estate_id


def _pin_salt(value: object) -> bytes:
    try:
        salt = bytes.fromhex(text(value))
    except ValueError:
        salt = b""
    if len(salt) != PIN_SALT_BYTES:
        raise ValueError(f"must be {2 * PIN_SALT_BYTES} hexadecimal digits, e.g. of: openssl rand -hex 16")
    return salt


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(text(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone; write an IANA name such as Asia/Shanghai") from None
