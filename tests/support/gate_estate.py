"""The small estate around the gate under test: one gate, two doors, three readers, a few cards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from sync.pin import pin_digest
from sync.records import (
    Access,
    DoorPolicy,
    Grant,
    GrantKind,
    ListSettings,
    Pin,
    Record,
    RevocationReason,
    Schedule,
    Tombstone,
    Window,
)
from tests.support.estate import ALWAYS, ESTATE_ID, GATE_ID, NOW, ROOT, card

MAIN, SIDE = 1, 2
"""Ids of the two doors."""
MAIN_LOCK, SIDE_LOCK = "relay1", "relay2"
CONTACT, SIDE_CONTACT, EXIT, FIRE = "contact1", "contact2", "exit1", "fire"
"""Inputs; each is active when low."""
BOTH_DOORS: Final = (Access(MAIN), Access(SIDE))


def gate_document(directory: Path) -> dict[str, Any]:
    """The gate's configuration: reader ``in`` and ``out`` at the main door, ``side`` at the other."""

    def contact(line: str) -> dict[str, Any]:
        return {"line": line, "active_low": True}

    def reader(number: int, door: str, way: str) -> dict[str, Any]:
        lamps = {lamp: {"line": f"{lamp}{number}"} for lamp in ("green", "red", "buzzer")}
        # Each tap of a test counts, also where the clock stands still.
        place = {"id": number, "kind": "sim", "door": door, "way": way, "repeat_s": 0}
        return {**place, "indicator": lamps}

    return {
        "gate": {
            "name": "East gate",
            "id": GATE_ID,
            "estate": ESTATE_ID.hex(),
            "roots": [ROOT.public.hex()],
            "state_dir": str(directory),
            "control_socket": str(directory / "gate.sock"),
        },
        "gpio": {"backend": "sim"},
        "doors": {
            "main": {
                "id": MAIN,
                "kind": "strike",
                "outputs": {"lock": {"line": MAIN_LOCK}},
                "inputs": {"contact": contact(CONTACT), "exit": contact(EXIT)},
            },
            "side": {
                "id": SIDE,
                "kind": "strike",
                "outputs": {"lock": {"line": SIDE_LOCK}},
                "inputs": {"contact": contact(SIDE_CONTACT)},
            },
        },
        "inputs": {"fire": {"kind": "fire", **contact(FIRE)}},
        "readers": {
            "in": reader(1, "main", "in"),
            "out": reader(2, "main", "out"),
            "side": reader(3, "side", "in"),
        },
    }


def grant(number: int, **extras: Any) -> Grant:
    """A resident's grant on card ``number`` for both doors, unless ``extras`` say otherwise."""
    values: dict[str, Any] = {"kind": GrantKind.RESIDENT, "access": BOTH_DOORS, **extras}
    return Grant(1000 + number, 2000 + number, card(number), **values)


def lost(number: int) -> Tombstone:
    """The tombstone of ``grant(number)``, reported lost."""
    return Tombstone(1000 + number, 2000 + number, card(number), RevocationReason.LOST, NOW)


def pin(digits: str, duress: str | None = None) -> Pin:
    """A PIN with a fixed salt."""
    salt = bytes(16)
    return Pin(salt, pin_digest(salt, digits), None if duress is None else pin_digest(salt, duress))


class Estate(Struct, frozen=True):
    """A list's content."""

    records: tuple[Record, ...]
    settings: ListSettings


RESIDENT, OTHER, LONG, LOST, ONE_USE, GUARD, SLIP, WITH_PIN = 1, 2, 3, 4, 5, 6, 7, 8
"""Cards of the basic list."""
UNKNOWN = 99

WORKDAYS_AT_NOON: Final = Schedule(1, (Window(0x1F, 720, 780),))
EVERY_DAY: Final = Schedule(2, (ALWAYS,))
DOORS: Final = (DoorPolicy(MAIN), DoorPolicy(SIDE))

BASIC: Final = Estate(
    (
        grant(RESIDENT),
        grant(OTHER),
        grant(LONG, long_opening=True),
        lost(LOST),
        grant(ONE_USE, kind=GrantKind.VISITOR, uses=1),
        grant(GUARD, kind=GrantKind.GUARD),
        grant(SLIP, kind=GrantKind.RELEASE_SLIP, uses=1, companion=frozenset({GrantKind.GUARD})),
        grant(WITH_PIN, pin=pin("2580", "2581")),
    ),
    ListSettings("Asia/Shanghai", DOORS, schedules=(WORKDAYS_AT_NOON, EVERY_DAY)),
)


def toml(document: dict[str, Any], prefix: str = "") -> str:
    """The document as TOML; our configurations hold texts, numbers, lists and sections."""
    plain = {key: value for key, value in document.items() if not isinstance(value, dict)}
    text = f"[{prefix}]\n" if prefix else ""
    text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in plain.items())
    for key, value in document.items():
        if isinstance(value, dict):
            text += toml(value, f"{prefix}.{key}" if prefix else key)
    return text
