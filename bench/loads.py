"""Estates to measure with: named by their size, the same at every run.

Two in three cards are residents', the rest tenants with an end, vehicles, merchants with
shop hours, staff, guards, visitors with counted uses, and tombstones. Three card numbers in
five have 4 bytes, the others 7, as a mixed stock of MIFARE Classic and DESFire chips has.
Ids follow the order of issue, which says nothing about the card's number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from msgspec import Struct

from sync.encoding import encode_settings, stored
from sync.records import (
    Access,
    Credential,
    Direction,
    DoorPolicy,
    Grant,
    GrantKind,
    ListSettings,
    Record,
    RevocationReason,
    Schedule,
    Technology,
    Tombstone,
    Window,
)
from sync.update import StoredRecord

PEDESTRIAN_DOORS: Final = (1, 2)
VEHICLE_DOORS: Final = (3, 4)
DOORS: Final = PEDESTRIAN_DOORS + VEHICLE_DOORS
SHOP_HOURS: Final = 1
VISITOR_USES: Final = 60_000
"""So many that no bench runs out of them: what is measured is one spend."""

MONTH_S: Final = 30 * 86_400
ISSUED_AT: Final = 1_800_000_000
"""Issue time of every list, 2027-01-15: later than the floor of this release."""

_FIRST_GRANT, _FIRST_ISSUE = 10_000, 50_000
_SHARES: Final = (
    # Cumulative, in thousandths.
    (640, GrantKind.RESIDENT),
    (790, GrantKind.TENANT),
    (850, GrantKind.VEHICLE),
    (890, GrantKind.MERCHANT),
    (910, GrantKind.STAFF),
    (915, GrantKind.GUARD),
    (960, GrantKind.VISITOR),
)
"""What is left are tombstones."""
_REASONS: Final = tuple(RevocationReason)
_SAMPLE: Final = 5_000


class Cards(Struct, frozen=True):
    """Cards to tap with, drawn from an estate."""

    residents: tuple[Credential, ...]
    """Cards that open the pedestrian doors."""
    vehicles: tuple[Credential, ...]
    visitors: tuple[Credential, ...]
    """They open the pedestrian doors, and each opening is a spend."""
    strangers: tuple[Credential, ...]
    """On no list."""

    @classmethod
    def load(cls, path: Path) -> Cards:
        """Inverse of ``save``."""
        kinds = json.loads(path.read_text(encoding="ascii"))
        return cls(*(tuple(Credential.from_key(bytes.fromhex(key)) for key in kind) for kind in kinds))

    def save(self, path: Path) -> None:
        """Keep them for another process."""
        kinds = (self.residents, self.vehicles, self.visitors, self.strangers)
        path.write_text(json.dumps([[one.key.hex() for one in kind] for kind in kinds]), encoding="ascii")

    def opening(self, door: int) -> tuple[Credential, ...]:
        """Cards that open this door without a spend."""
        return self.vehicles if door in VEHICLE_DOORS else self.residents


def settings() -> bytes:
    """The settings of every estate here."""
    shops = Schedule(SHOP_HOURS, (Window(0b0011111, 480, 1320), Window(0b1100000, 540, 1320)))
    doors = tuple(DoorPolicy(door) for door in DOORS)
    return encode_settings(ListSettings("Asia/Shanghai", doors, schedules=(shops,)))


def estate(count: int) -> Iterator[Record]:
    """``count`` records in the order of their issue."""
    draw = Random(f"gatehouse estate {count}")
    for place, credential in enumerate(_credentials(count, draw)):
        yield _record(_FIRST_GRANT + place, _FIRST_ISSUE + place, credential, draw)


def stored_estate(count: int) -> list[StoredRecord]:
    """An `estate` as stores see it, in canonical order."""
    return sorted(stored(one) for one in estate(count))


def cards(count: int) -> Cards:
    """Cards of ``estate(count)`` and strangers to it, at most 5,000 of a kind."""
    found: dict[GrantKind, list[Credential]] = {kind: [] for kind in GrantKind}
    for one in estate(count):
        if isinstance(one, Grant) and len(found[one.kind]) < _SAMPLE:
            found[one.kind].append(one.credential)
    draw = Random("gatehouse strangers")
    strangers = [_card(b"\x02", 6, draw) for _ in range(_SAMPLE)]
    return Cards(
        tuple(found[GrantKind.RESIDENT]),
        tuple(found[GrantKind.VEHICLE]),
        tuple(found[GrantKind.VISITOR]),
        tuple(strangers),
    )


def _credentials(count: int, draw: Random) -> Iterator[Credential]:
    seen: set[bytes] = set()
    while len(seen) < count:
        # A maker's code leads a 7-byte number (04: NXP); a 4-byte one is all serial number.
        card = _card(b"", 4, draw) if draw.random() < 0.6 else _card(b"\x04", 6, draw)
        if card.number not in seen:
            seen.add(card.number)
            yield card


def _card(maker: bytes, length: int, draw: Random) -> Credential:
    return Credential(Technology.ISO14443A, maker + draw.randbytes(length))


def _record(grant_id: int, issue_id: int, credential: Credential, draw: Random) -> Record:
    point = draw.randrange(1000)
    kind = next((kind for limit, kind in _SHARES if point < limit), None)
    month = MONTH_S * draw.randrange(1, 37)
    if kind is None:
        reason = draw.choice(_REASONS)
        return Tombstone(grant_id, issue_id, credential, reason, ISSUED_AT - month)
    return Grant(
        grant_id,
        issue_id,
        credential,
        kind,
        _access(kind),
        schedule=SHOP_HOURS if kind is GrantKind.MERCHANT else None,
        valid_until=ISSUED_AT + month if kind is GrantKind.TENANT else None,
        uses=VISITOR_USES if kind is GrantKind.VISITOR else None,
        overrides_lockdown=kind is GrantKind.GUARD,
    )


def _access(kind: GrantKind) -> tuple[Access, ...]:
    if kind is GrantKind.VEHICLE:
        return tuple(Access(door) for door in VEHICLE_DOORS)
    if kind in (GrantKind.STAFF, GrantKind.GUARD):
        return tuple(Access(door) for door in DOORS)
    if kind is GrantKind.MERCHANT:
        return (*(Access(door) for door in PEDESTRIAN_DOORS), Access(VEHICLE_DOORS[0], Direction.IN))
    return tuple(Access(door) for door in PEDESTRIAN_DOORS)
