"""Open a door once, from here: the running gate does it and logs operator and reason."""

from __future__ import annotations

import argparse

from terminal.cli._answer import add_config
from terminal.cli._gate_command import ask_gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--door", required=True, help="name of the door in the configuration")
    parser.add_argument("--operator", required=True, help="id of the person who orders it; no name")
    parser.add_argument("--reason", required=True, help="why, for the usage log")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Let one person pass."""
    request = {
        "command": "open",
        "door": arguments.door,
        "operator": arguments.operator,
        "reason": arguments.reason,
    }
    return ask_gate(arguments, request, lambda _: f"{arguments.door}: opened")
