"""Tell whether a card would open a door at some time, and why; nothing is spent or logged."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Final

from msgspec import Struct, field

from sync.records import ClockState, Credential, Direction, DoorMode, RecordError, Technology, project
from sync.settings_encoding import decode_settings
from terminal import clock
from terminal.cli._answer import (
    EXIT_NO,
    EXIT_USAGE,
    Answer,
    CommandFailedError,
    add_config,
    answer,
)
from terminal.cli._connection import Connection, NoGateError
from terminal.cli._explanation_text import as_fields, as_lines
from terminal.cli._gate_time import last_lowering, time_keeper
from terminal.config import Config, Way
from terminal.core.modes import ModeCause
from terminal.core.situation import LAST_UTC, Now, Request
from terminal.explanation import Explanation, explain
from terminal.floor import Floor
from terminal.memory import Memory
from terminal.permissions import Permissions
from terminal.stores.access_state import AccessState
from terminal.stores.errors import StoreError
from terminal.stores.list_index import ListIndex
from terminal.stores.log_epochs import LogEpochs
from terminal.stores.usage_reader import UsageReader

NOTHING_YET: Final = AccessState({}, frozenset(), {}, {})
_DIRECTIONS: Final = {Way.IN: Direction.IN, Way.OUT: Direction.OUT}


class _Known(Struct):
    """All that the gate would judge by."""

    permissions: Permissions
    memory: Memory
    now: Now
    free_doors: frozenset[str]
    """Doors in free access by command."""
    notes: list[str] = field(default_factory=list)
    """What is not as it should be, for people."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--card", required=True, metavar="HEX", help="the chip's whole number")
    parser.add_argument(
        "--technology",
        default=Technology.ISO14443A.name.lower(),
        choices=[one.name.lower() for one in Technology],
    )
    parser.add_argument(
        "--at", metavar="ISO8601", help="in the estate's zone unless it says more; default: now"
    )
    parser.add_argument("--door", help="name of the door in the configuration; default: every door")
    parser.add_argument(
        "--direction", choices=[one.value for one in Way], help="default: as the door's readers stand"
    )
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Explain; 0 when the card opens at least one of the doors asked for, 1 when none."""
    return answer(arguments, lambda config: _explain(config, arguments))


def _explain(config: Config, arguments: argparse.Namespace) -> Answer:
    chip = _chip(arguments.technology, arguments.card)
    doors = _doors(config, arguments.door)
    known = _known(config)
    try:
        zone = UTC if known.permissions.rules is None else known.permissions.rules.zone
        if arguments.at is not None:
            known.now = moment(arguments.at, zone, known.now)
        explained = [
            (door, _decide(known, door, request))
            for door in doors
            for request in _requests(config, known, door, chip, arguments.direction)
        ]
        state = known.permissions.state
        settings = (
            None if state is None or known.permissions.rules is None else decode_settings(state.settings)
        )
        schedules = () if settings is None else settings.schedules
    finally:
        known.permissions.close()
    version = None if state is None else str(state.head.version)
    fields = {
        "card": str(chip),
        "at": known.now.wall,
        "clock": known.now.clock.name.lower(),
        "list": version,
        "notes": known.notes,
        "answers": [as_fields(door, one) for door, one in explained],
    }
    lines = as_lines(chip, version, zone, schedules, explained)
    text = "\n".join([*lines, *(f"note: {one}" for one in known.notes)])
    opens = any(one.decision.granted for _, one in explained)
    return Answer(fields, text, 0 if opens else EXIT_NO)


def moment(text: str, zone: tzinfo, now: Now) -> Now:
    """The moment ``text`` names, in ``zone`` unless it names an offset, as if its clock were known.

    Raises:
        CommandFailedError: it names none.
    """
    try:
        read = datetime.fromisoformat(text)
        utc = int((read if read.tzinfo else read.replace(tzinfo=zone)).timestamp())
    except (ValueError, OverflowError):
        utc = -1
    if not 0 <= utc <= LAST_UTC:
        raise CommandFailedError(f"--at: {text!r} is not a time like 2026-11-23T08:00", EXIT_USAGE)
    # Positions of this boot are dated on the monotonic clock: it moves along.
    ahead_s = 0 if now.wall is None else utc - now.wall
    return Now(now.monotonic + ahead_s, utc, utc, ClockState.TRUSTED)


def _chip(technology: str, text: str) -> Credential:
    try:
        return Credential(Technology[technology.upper()], bytes.fromhex(text))
    except RecordError as error:
        raise CommandFailedError(f"--card: {error}", EXIT_USAGE) from error
    except ValueError:
        raise CommandFailedError("--card: a number in hex digits, e.g. 04A10001", EXIT_USAGE) from None


def _doors(config: Config, name: str | None) -> list[str]:
    if name is None:
        return list(config.doors)
    if name not in config.doors:
        known = ", ".join(sorted(config.doors))
        raise CommandFailedError(f"--door: no door named {name!r} (there are: {known})", EXIT_USAGE)
    return [name]


def _requests(
    config: Config, known: _Known, door: str, chip: Credential, way: str | None
) -> Iterator[Request]:
    """One for each way in which a reader of this door may meet the chip."""
    at_door = [one.settings for one in config.readers.values() if one.settings.door == door]
    seen = {
        (_DIRECTIONS[one.way], project(chip, known.permissions.mapping(one.id)))
        for one in at_door
        if way is None or one.way.value == way
    }
    if not seen:  # no such reader: asked for all the same
        seen = {(_DIRECTIONS[Way.IN if way is None else Way(way)], chip)}
    for direction, credential in sorted(seen):
        yield Request(credential, config.doors[door].settings.id, direction)


def _decide(known: _Known, door: str, request: Request) -> Explanation:
    found = known.permissions.look_up(request.credential)
    return explain(request, found, known.memory, known.now, free_by_command=door in known.free_doors)


def _known(config: Config) -> _Known:
    keeper, fault = time_keeper(config)
    memory, lost = _memory(config)
    floor = Floor(keeper, memory, last_lowering(config))
    floor.recall()
    permissions = Permissions(
        ListIndex(config.sync_dir),
        lambda _report: None,
        estate_id=config.estate_id,
        gate_id=config.gate.id,
    )
    permissions.refresh()
    if permissions.state is not None:
        floor.learn(permissions.state.head.version, permissions.state.head.issued_at, clock.read())
    free, silent = _free_doors(config)
    notes = [one for one in (fault, lost, permissions.fault, silent) if one]
    return _Known(permissions, memory, keeper.judge(clock.read()).now, free, notes)


def _memory(config: Config) -> tuple[Memory, str]:
    """Spends and positions as committed, and why they are not known (empty if they are)."""
    memory = Memory(clock.boot_id())
    try:
        with UsageReader(config.terminal_dir) as log:
            memory.restore(log.access_state())
    except StoreError as error:
        try:
            first_start = not LogEpochs(config.terminal_dir).any_begun()
        except StoreError:
            first_start = False
        if not first_start:
            return memory, f"{error}; counted grants are taken to be spent"
        memory.restore(NOTHING_YET)
    return memory, ""


def _free_doors(config: Config) -> tuple[frozenset[str], str]:
    try:
        with Connection(config.control_socket) as gate:
            doors = gate.ask({"command": "status"})["doors"]
    except NoGateError:
        return frozenset(), ""  # free access by command ends with the gate
    except CommandFailedError as error:
        return frozenset(), f"{error}; free access by command is not known"
    ordered = (DoorMode.FREE.name.lower(), ModeCause.COMMAND.value)
    free = [name for name, one in doors.items() if (one["mode"], one["mode_cause"]) == ordered]
    return frozenset(free), ""
