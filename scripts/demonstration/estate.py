"""Prepares a fresh estate in a directory: keys, a signed permission list, a gate's state and configuration.

The demonstration plays the office here, also as the source of signed time: it vouches for
this machine's clock, so that the gate's is trusted. On a machine whose clock stands before
this release it takes the release's own time, so that the story is the same everywhere.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import asdict

from office.authoring import compile_list, number_cards
from office.cards_file import load_cards
from office.estate_file import EstateFile, load_estate
from office.keys import ROOT, KeyDirectory
from office.signing import sign_snapshot
from scripts.demonstration.attachments import Attachment
from scripts.demonstration.cards import OFF_HOURS, PIN, WITH_PIN
from sync.content import MemoryContent
from sync.delegation import Role
from sync.encoding import stored
from sync.pin import pin_digest
from sync.records import Access, Credential, Grant, GrantKind, MappingRule, Pin, project
from sync.update import ListVersion
from terminal import clock
from terminal.check import load_config
from terminal.config import Config
from terminal.list_updates import anchor_of, take_update
from terminal.stores.list_store import ListStore
from terminal.stores.time_anchor import SavedTime, save_time

GATE: Final = "east"
EXAMPLE: Final = Path(__file__).resolve().parents[2] / "docs" / "examples" / "estate.toml"
_TEMPLATE: Final = Path(__file__).with_name("gate.toml")
_DELEGATION_S: Final = 30 * 86_400
_UNCERTAINTY_MS: Final = 1_000
_PEDESTRIAN_IN_ID: Final = 1
_FIRST_ID: Final = 11
"""Of the readers that are attached besides those of the template."""

_MORE_CARDS: Final = """
[[schedule]]
name = "another time of day"
id = 100
windows = ["daily {start}-{end}"]
observes_holidays = false

[[card]]
note = "a cleaner who comes at another time of day than now"
number = "{number}"
kind = "staff"
doors = ["pedestrian"]
schedule = "another time of day"
grant_id = 900
issue_id = 900
"""


_READER: Final = """
[readers.{name}]
id = {number}
door = "pedestrian"
way = "in"
{settings}
repeat_s = 0
"""
_RULE: Final = """
[[reader]]
id = {number}
gate = "{gate}"
low_bits = {low_bits}
"""


class Pace(Struct, frozen=True):
    """How long things take at this gate, in seconds; see `terminal.core.timing`."""

    open_s: float
    held_s: float
    pre_alarm_s: float
    barrier_open_s: float
    travel_s: float
    clear_s: float


FOR_A_PERSON: Final = Pace(5.0, 12.0, 5.0, barrier_open_s=15.0, travel_s=3.0, clear_s=2.0)
FOR_THE_STORY: Final = Pace(2.0, 1.6, 0.8, barrier_open_s=1.0, travel_s=0.8, clear_s=0.4)


class Estate(Struct, frozen=True):
    """Where everything of the demonstration lies."""

    directory: Path
    zone: ZoneInfo
    config: Config
    _values: Mapping[str, object]
    """What the configuration's template asks for, the lines that are low at the start aside."""

    def write_config(self, low: Iterable[str]) -> None:
        """Write the configuration for the next start, the world around the gate included."""
        _write_config(self.config.path, self._values, low)


def _more_readers(more: Mapping[str, Attachment]) -> str:
    return "".join(
        _READER.format(name=name, number=number, settings=one.settings)
        for number, (name, one) in enumerate(more.items(), _FIRST_ID)
    )


def prepare(
    directory: Path,
    reading: clock.Reading,
    *,
    reader: Attachment,
    pace: Pace,
    more: Mapping[str, Attachment] = MappingProxyType({}),
) -> Estate:
    """Everything a gate needs for its first start, made in the new or empty ``directory``.

    ``reader`` is the pedestrian reader, ``more`` are further ones at the same door, by name.

    Raises:
        OfficeError: the directory is not empty.
        ConfigError: its path is too long for the gate's command socket.
    """
    now = max(reading.system_ms // 1000, clock.RELEASE_FLOOR)
    keys = _keys(directory / "keys", load_estate(EXAMPLE).estate_id, now)
    numbered = {_PEDESTRIAN_IN_ID: reader, **dict(enumerate(more.values(), _FIRST_ID))}
    rules = {number: one.low_bits for number, one in numbered.items() if one.low_bits is not None}
    estate = _estate_file(directory / "estate.toml", now, rules)
    values = asdict(pace) | {
        "gate_name": json.dumps("East gate"),
        "pedestrian_id": 1,
        "barrier_id": 2,
        "link": "",
        "gate_id": estate.gates[GATE].gate_id,
        "estate": estate.estate_id.hex(),
        "root": keys.public(ROOT).hex(),
        "state_dir": json.dumps(str(directory / "state")),
        "control_socket": json.dumps(str(directory / "terminal.sock")),
        "pedestrian_reader": reader.settings,
        "more_readers": _more_readers(more),
    }
    made = lay_out(directory, estate.zone, values)
    config = made.config
    _apply_list(config, keys, estate, now)
    anchor = clock.Anchor(clock.boot_id(), reading.boottime_ms, now * 1000, _UNCERTAINTY_MS)
    save_time(config.sync_dir, SavedTime(now, anchor))
    return made


def lay_out(directory: Path, zone: ZoneInfo, values: Mapping[str, object]) -> Estate:
    """A gate's configuration from the template, and the folders of its state; raises ``ConfigError``."""
    path = directory / "gate.toml"
    _write_config(path, values, ())
    config = load_config(path)
    for owned in (config.terminal_dir, config.sync_dir):
        owned.mkdir(parents=True)
        owned.chmod(0o2770)
    return Estate(directory, zone, config, values)


def _write_config(path: Path, values: Mapping[str, object], low: Iterable[str]) -> None:
    template = Template(_TEMPLATE.read_text("utf-8"))
    path.write_text(template.substitute(values, low=json.dumps(sorted(low))), encoding="utf-8")


def _keys(directory: Path, estate_id: bytes, now: int) -> KeyDirectory:
    keys = KeyDirectory.create(directory, estate_id, random_bytes=secrets.token_bytes)
    keys.create_key("list", random_bytes=secrets.token_bytes)
    keys.delegate("list", Role.LIST, gates=None, issued_at=now, not_after=now + _DELEGATION_S)
    return keys


def _estate_file(path: Path, now: int, rules: Mapping[int, int]) -> EstateFile:
    """The documented example, a card whose hours lie on the other side of the clock, and short readers."""
    example = EXAMPLE.read_text("utf-8")
    noon = datetime.fromtimestamp(now, load_estate(EXAMPLE).zone) + timedelta(hours=11)
    more = _MORE_CARDS.format(
        start=f"{noon:%H:%M}", end=f"{noon + timedelta(hours=2):%H:%M}", number=OFF_HOURS.number.hex()
    )
    more += "".join(_RULE.format(number=one, gate=GATE, low_bits=bits) for one, bits in rules.items())
    path.write_text(example + more, encoding="utf-8")
    return load_estate(path)


def _with_pin(config: Config, rules: Iterable[MappingRule]) -> list[Grant]:
    """A member of the staff who types a PIN after their card, at every door, as each reader sees the card."""
    salt = secrets.token_bytes(16)
    doors = tuple(Access(door) for door in sorted(one.settings.id for one in config.doors.values()))
    chip, pin = Credential(WITH_PIN.technology, WITH_PIN.number), Pin(salt, pin_digest(salt, PIN))
    forms = {project(chip, rule) for rule in (MappingRule(), *rules)}
    return [Grant(901, 901, one, GrantKind.STAFF, doors, pin=pin) for one in sorted(forms)]


def _apply_list(config: Config, keys: KeyDirectory, estate: EstateFile, now: int) -> None:
    made = compile_list(estate, number_cards(load_cards(estate)), GATE)
    rules = [rule for _, rule in estate.gates[GATE].settings.mappings]
    staff = map(stored, _with_pin(config, rules))
    content = MemoryContent(made.content.settings(), [*made.content.records(), *staff])
    signed = sign_snapshot(keys, made.destination, content, ListVersion(1, 1), issued_at=now)
    with closing(ListStore(config.sync_dir, estate_id=config.estate_id, gate_id=config.gate.id)) as store:
        take_update(store, anchor_of(config), signed.envelope, floor=now)
