"""Forgive anti-passback: forget who is inside, so that nobody is refused for it."""

from __future__ import annotations

import argparse

from terminal.cli._answer import add_config
from terminal.cli._gate_command import ask_gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--operator", required=True, help="id of the person who orders it; no name")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Forget every position of this gate's areas."""
    request = {"command": "forgive", "operator": arguments.operator}
    return ask_gate(arguments, request, lambda fields: f"{fields['forgiven']} positions forgiven")
