"""What can be asked of a running gate over its command socket.

Each command is one method; its docstring is what a person reads. Commands that move a
door need an operator and a reason, and leave an event that names both.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from drivers.gpio.sim import SimGpio
from drivers.ports import Technology
from drivers.readers.sim import SimReader
from sync.events import MAX_TEXT, Event, EventKind
from sync.records import DoorMode
from sync.records.credential import MAX_NUMBER_BYTES
from terminal.blink import LONGEST_S
from terminal.control import Answer, Client, CommandError, Request
from terminal.core.passage import FireReset, RemoteOpened
from terminal.doors import DoorControl
from terminal.event_view import event_fields
from terminal.gate import Gate
from terminal.maintenance import LONGEST_S as MAINTENANCE_S
from terminal.status import gate_status

MAX_NUMBER_TEXT = 3 * MAX_NUMBER_BYTES
"""Hex digits, and a space after each byte."""


class Handler(Protocol):
    """One command."""

    def __call__(self, request: Request, client: Client) -> Answer | None:
        """Carry it out; raises ``CommandError``."""


class Commands:
    """Carries out requests at one gate, on its loop."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._followers: list[Client] = []
        gate.followers.append(self._tell)
        self._handlers: dict[str, Handler] = {
            "status": self._status,
            "follow": self._follow,
            "tap": self._tap,
            "type": self._type,
            "open": self._open,
            "mode": self._mode,
            "refuse": self._refuse,
            "book": self._book,
            "forgive": self._forgive,
            "fire_reset": self._fire_reset,
            "restart_reader": self._restart_reader,
            "blink": self._blink,
            "maintenance": self._maintenance,
            "list_changed": self._list_changed,
            "log_acknowledged": self._log_acknowledged,
            "sim_line": self._sim_line,
        }

    def handle(self, request: Request, client: Client) -> Answer | None:
        """Carry out one request."""
        name = request.get("command")
        handler = self._handlers.get(name) if isinstance(name, str) else None
        if handler is None:
            raise CommandError(
                f"no such command: {str(name)[:40]!r} (there are: {', '.join(self._handlers)})"
            )
        return handler(request, client)

    def _status(self, request: Request, client: Client) -> Answer:
        del request, client
        return gate_status(self._gate)

    def _follow(self, request: Request, client: Client) -> Answer:
        del request
        if client not in self._followers:
            self._followers.append(client)
        return {}

    def _tell(self, number: int, event: Event) -> None:
        self._followers = [one for one in self._followers if one.open]
        for client in self._followers:
            client.send({"event": event_fields(number, event)})

    def _tap(self, request: Request, client: Client) -> Answer:
        del client
        reader = self._sim_reader(request)
        reader.present(_technology(request), _number(request))
        reader.remove()
        return {}

    def _type(self, request: Request, client: Client) -> Answer:
        del client
        digits = _text(request, "digits")
        if not digits.isascii() or not digits.isdigit():
            raise CommandError("'digits' are the digits typed at the keypad")
        self._sim_reader(request).enter(digits)
        return {}

    def _open(self, request: Request, client: Client) -> Answer:
        del client
        door = self._door(request)
        operator, reason = _text(request, "operator"), _text(request, "reason")
        if self._gate.taps.busy_partners(door.door_id, self._gate.permissions.rules):
            raise CommandError(f"another door of {door.name}'s airlock is open or unlocked: close it first")
        door.send(RemoteOpened())
        self._gate.journal.record(
            EventKind.REMOTE_OPENED, door=door.door_id, detail={"operator": operator, "reason": reason}
        )
        return {}

    def _mode(self, request: Request, client: Client) -> Answer:
        del client
        doors = [self._door(request)] if "door" in request else list(self._gate.hardware.doors.values())
        word = _text(request, "mode")
        try:
            mode = DoorMode[word.upper()]
        except KeyError:
            known = ", ".join(one.name.lower() for one in DoorMode)
            raise CommandError(f"'mode' is {word[:20]!r}, must be one of {known}") from None
        operator = _text(request, "operator")
        for door in doors:
            self._gate.modes.command(door.door_id, mode, by=operator)
        return {"mode": self._gate.modes.state(doors[0].door_id).mode.name.lower()}

    def _refuse(self, request: Request, client: Client) -> Answer:
        del client
        door = self._door(request)
        if not self._gate.taps.refuse_companion(door.door_id, _text(request, "reason")):
            raise CommandError(f"nobody waits at {door.name} for a second card")
        return {}

    def _book(self, request: Request, client: Client) -> Answer:
        del client
        door = self._door(request)
        guard = self._gate.outcomes.guard_at(door.door_id, self._gate.loop.monotonic())
        if guard is None:
            raise CommandError(f"no guard opened {door.name} by their own card in the last ten minutes")
        self._gate.journal.record(
            EventKind.SLIP_BOOKED, door=door.door_id, issue_id=guard, detail={"slip": _text(request, "slip")}
        )
        return {}

    def _forgive(self, request: Request, client: Client) -> Answer:
        del client
        operator = _text(request, "operator")
        change = self._gate.memory.forgive(None)
        self._gate.memory.take(change)
        self._gate.journal.record(
            EventKind.PASSBACK_FORGIVEN,
            change=change,
            detail={"operator": operator, "count": len(change.positions)},
        )
        return {"forgiven": len(change.positions)}

    def _fire_reset(self, request: Request, client: Client) -> Answer:
        del client
        if self._gate.hardware.fire_is_active:
            raise CommandError("the fire input is still active; a reset counts only once it is quiet")
        self._gate.journal.record(EventKind.FIRE_RESET, detail={"operator": _text(request, "operator")})
        for door in self._gate.hardware.doors.values():
            door.send(FireReset())
        return {}

    def _restart_reader(self, request: Request, client: Client) -> Answer:
        del client
        name = _text(request, "reader")
        if name not in self._gate.readers:
            raise CommandError(_unknown("reader", name, self._gate.readers))
        self._gate.readers[name].restart()
        return {}

    def _blink(self, request: Request, client: Client) -> Answer:
        """Show which reader, or which door's readers, are meant."""
        del client
        seconds = request.get("seconds")
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= LONGEST_S:
            raise CommandError(f"'seconds' must be a whole number from 1 to {LONGEST_S}")
        if "reader" in request:
            name = _text(request, "reader")
            if name not in self._gate.readers:
                raise CommandError(_unknown("reader", name, self._gate.readers))
            readers = [name]
        else:
            door = self._door(request).name
            readers = [name for name, one in self._gate.config.readers.items() if one.settings.door == door]
        self._gate.blink.start(readers, seconds)
        return {"readers": readers}

    def _maintenance(self, request: Request, client: Client) -> Answer:
        """The office opens maintenance mode for a while, or ends it (0 seconds)."""
        del client
        seconds = request.get("seconds")
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= MAINTENANCE_S:
            raise CommandError(f"'seconds' must be a whole number from 0 (end) to {MAINTENANCE_S}")
        self._gate.maintenance.order(seconds, _text(request, "operator"))
        return {"left_s": round(self._gate.maintenance.left_s)}

    def _list_changed(self, request: Request, client: Client) -> None:
        """Answered once every use that was being spent by the list before is in the log."""
        del request
        self._gate.permissions.refresh()
        state = self._gate.permissions.state
        answer = {"ok": True, "version": None if state is None else str(state.head.version)}
        self._gate.log.when_settled(lambda: self._gate.loop.post(lambda: client.send(answer)))

    def _log_acknowledged(self, request: Request, client: Client) -> Answer:
        """The office has these events for good; of another log epoch than this it says nothing."""
        del client
        number = request.get("number")
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise CommandError("'number' is the last event that the office has")
        self._gate.log.acknowledge(_hex(request, "epoch"), number)
        return {}

    def _sim_line(self, request: Request, client: Client) -> Answer:
        del client
        gpio = self._gate.hardware.gpio
        if not isinstance(gpio, SimGpio):
            raise CommandError("sim_line moves simulated inputs only; this gate has real ones")
        level = request.get("level")
        if level is not None and not isinstance(level, bool):
            raise CommandError("'level' is true (high), false (low) or null (let go)")
        gpio.set_level(_text(request, "line"), level)
        return {}

    def _door(self, request: Request) -> DoorControl:
        name = _text(request, "door")
        door = self._gate.hardware.door_named(name)
        if door is None:
            raise CommandError(_unknown("door", name, self._gate.config.doors))
        return door

    def _sim_reader(self, request: Request) -> SimReader:
        name = _text(request, "reader")
        if name not in self._gate.readers:
            raise CommandError(_unknown("reader", name, self._gate.readers))
        reader = self._gate.readers[name].reader
        if reader is None:
            raise CommandError(f"reader {name!r} is away: {self._gate.readers[name].health.cause}")
        if not isinstance(reader, SimReader):
            raise CommandError(f"reader {name!r} is a real one: hold a card to it")
        return reader


def _text(request: Request, key: str, at_most: int = MAX_TEXT) -> str:
    value = request.get(key)
    if not isinstance(value, str) or not 1 <= len(value) <= at_most or not value.isprintable():
        raise CommandError(f"{key!r} is missing: a text of 1 to {at_most} characters")
    return value


def _hex(request: Request, key: str) -> bytes:
    try:
        return bytes.fromhex(_text(request, key, MAX_NUMBER_TEXT))
    except ValueError:
        raise CommandError(f"{key!r} must be hex digits, e.g. 04A10001") from None


def _number(request: Request) -> bytes:
    number = _hex(request, "card")
    if not 1 <= len(number) <= MAX_NUMBER_BYTES:
        raise CommandError(f"'card' has 1 to {MAX_NUMBER_BYTES} bytes")
    return number


def _technology(request: Request) -> Technology:
    word = request.get("technology", Technology.ISO14443A.value)
    try:
        return Technology(word)
    except ValueError:
        known = ", ".join(one.value for one in Technology)
        raise CommandError(f"'technology' must be one of {known}") from None


def _unknown(what: str, name: str, known: object) -> str:
    names = ", ".join(sorted(cast("dict[str, Any]", known)))
    return f"no {what} named {name[:40]!r} (there are: {names})"
