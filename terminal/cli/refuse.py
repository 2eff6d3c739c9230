"""Refuse, as the guard, the tap that waits at a door for a second card; nothing is spent."""

from __future__ import annotations

import argparse

from terminal.cli._answer import add_config
from terminal.cli._gate_command import ask_gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--door", required=True, help="name of the door in the configuration")
    parser.add_argument("--reason", required=True, help="why, for the desk")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Send the waiting person back to the desk."""
    request = {"command": "refuse", "door": arguments.door, "reason": arguments.reason}
    return ask_gate(arguments, request, lambda _: f"{arguments.door}: refused, nothing spent")
