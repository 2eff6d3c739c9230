"""Hold a card to a simulated reader, and tell what the gate decided."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from drivers.ports import Technology
from sync.records import Reason
from terminal import clock
from terminal.cli._answer import (
    EXIT_NO,
    EXIT_UNAVAILABLE,
    Answer,
    CommandFailedError,
    Fields,
    add_config,
    answer,
)
from terminal.cli._connection import Connection
from terminal.config import Config
from terminal.event_view import event_line

EVENT_WITHIN_S: Final = 5.0
"""An event is stored within 50 ms of its tap; a disk that fails must not hold this command."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--reader", required=True, help="name of a reader of kind sim")
    parser.add_argument("--card", required=True, metavar="HEX", help="the number the reader delivers")
    parser.add_argument(
        "--technology", default=Technology.ISO14443A.value, choices=[one.value for one in Technology]
    )
    parser.add_argument("--pin", metavar="DIGITS", help="digits typed after the card")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tap; 0 when it opened, 1 when it was refused."""
    return answer(arguments, lambda config: _tap(config, arguments))


def _tap(config: Config, arguments: argparse.Namespace) -> Answer:
    name = arguments.reader
    if name not in config.readers:
        raise CommandFailedError(
            f"no reader named {name!r} (there are: {', '.join(sorted(config.readers))})", EXIT_NO
        )
    reader_id = config.readers[name].settings.id
    tap = {"command": "tap", "reader": name, "card": arguments.card, "technology": arguments.technology}
    with Connection(config.control_socket) as gate:
        gate.ask({"command": "follow"})
        gate.ask(tap)
        event = _decided(gate, reader_id)
        if arguments.pin is not None and event["reason"] == Reason.NEEDS_PIN.word:
            gate.ask({"command": "type", "reader": name, "digits": arguments.pin})
            event = _decided(gate, reader_id)
    granted = event["reason"] in (Reason.GRANTED.word, Reason.GRANTED_FREE.word)
    return Answer({"event": event}, event_line(event), 0 if granted else EXIT_NO)


def _decided(gate: Connection, reader: int) -> Fields:
    """The event of the tap at ``reader``, once it is stored."""
    for event in _events(gate):
        if event.get("kind") == "tap" and event.get("reader") == reader:
            return event
    raise CommandFailedError(
        f"the gate has stored no decision within {EVENT_WITHIN_S:.0f} s; see the log in: status",
        EXIT_UNAVAILABLE,
    )


def _events(gate: Connection) -> Iterator[Fields]:
    deadline = clock.monotonic() + EVENT_WITHIN_S
    while (event := gate.next_event(deadline)) is not None:
        yield event
