"""Open the status page for a technician's phone for some time, close it, or show it here as text."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import Final

from terminal.agent.local_socket import socket_path
from terminal.agent.page_server import LONGEST_S
from terminal.cli._answer import EXIT_USAGE, Answer, CommandFailedError, add_config, answer
from terminal.cli._connection import Connection, NoGateError
from terminal.config import Config

_TIME: Final = re.compile(r"([1-9][0-9]{0,5})([smh])", re.ASCII)
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--for", dest="for_", metavar="TIME", help="open it for so long: 90s, 30m, 2h (4 h at most)"
    )
    what.add_argument("--close", action="store_true", help="close it now")
    what.add_argument(
        "--text", action="store_true", help="show the same here (what it does without an option)"
    )
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask the sync process."""
    return answer(arguments, lambda config: _carry_out(config, arguments))


def _carry_out(config: Config, arguments: argparse.Namespace) -> Answer:
    if arguments.for_ is None and not arguments.close:
        command = "facts" if arguments.json else "text"
        fields = _ask(config, {"command": command})
        return Answer(fields, str(fields.get("text", "")))
    if arguments.close:
        fields = _ask(config, {"command": "page_close"})
        return Answer(fields, "closed" if fields["was_open"] else "it was not open")
    seconds = _seconds(arguments.for_)
    fields = _ask(config, {"command": "page", "seconds": seconds})
    opened = f"open for {seconds / 60:g} min, for the first phone that opens this address and no other"
    return Answer(fields, f"{fields['address']}\n{opened}")


def _ask(config: Config, request: Mapping[str, object]) -> dict[str, object]:
    try:
        with Connection(socket_path(config)) as sync:
            return sync.ask(request)
    except NoGateError as error:
        raise CommandFailedError(
            f"{error}; the sync process serves the page: start it", error.code
        ) from error


def _seconds(text: str) -> int:
    found = _TIME.fullmatch(text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 1 <= seconds <= LONGEST_S:
        raise CommandFailedError(f"--for {text}: a time such as 90s, 30m or 2h, 4 h at most", EXIT_USAGE)
    return seconds
