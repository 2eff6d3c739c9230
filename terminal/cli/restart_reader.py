"""Close a reader and open it anew; the other readers and the doors notice nothing."""

from __future__ import annotations

import argparse

from terminal.cli._answer import add_config
from terminal.cli._gate_command import ask_gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--reader", required=True, help="name of the reader in the configuration")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Give the reader a fresh start."""
    request = {"command": "restart_reader", "reader": arguments.reader}
    return ask_gate(arguments, request, lambda _: f"{arguments.reader}: opened anew; status tells how it is")
