"""End a fire release that waits for its reset; only once the fire input is quiet."""

from __future__ import annotations

import argparse

from terminal.cli._answer import add_config
from terminal.cli._gate_command import ask_gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--operator", required=True, help="id of the person who orders it; no name")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Let the doors lock again."""
    request = {"command": "fire_reset", "operator": arguments.operator}
    return ask_gate(arguments, request, lambda _: "fire release reset")
