"""Show whether maintenance mode is open, or end it. Only a technician's card or the office opens it."""

from __future__ import annotations

import argparse
import sys

from terminal.cli._answer import EXIT_USAGE, add_config
from terminal.cli._gate_command import ask_gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--end", action="store_true", help="end it now")
    parser.add_argument("--operator", help="id of the person who ends it; no name")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask the gate, or have it end the mode."""
    if not arguments.end:
        return ask_gate(
            arguments, {"command": "status"}, lambda fields: _told(fields["maintenance"]["left_s"])
        )
    if not arguments.operator:
        print("--end needs --operator: the log says who ended it", file=sys.stderr)
        return EXIT_USAGE
    request = {"command": "maintenance", "seconds": 0, "operator": arguments.operator}
    return ask_gate(arguments, request, lambda fields: _told(fields["left_s"]))


def _told(left_s: int) -> str:
    if not left_s:
        return "maintenance mode is not open; a technician's card at a reader opens it, or the office"
    return f"maintenance mode is open for another {left_s / 60:.0f} min"
