"""Book a release slip to the opening a guard just made by their own card (its reader had failed)."""

from __future__ import annotations

import argparse

from terminal.cli._answer import add_config
from terminal.cli._gate_command import ask_gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--door", required=True, help="name of the door in the configuration")
    parser.add_argument("--slip", required=True, help="number of the release slip")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Leave an event that ties the slip to the guard's card."""
    request = {"command": "book", "door": arguments.door, "slip": arguments.slip}
    return ask_gate(arguments, request, lambda _: f"{arguments.door}: slip {arguments.slip} booked")
