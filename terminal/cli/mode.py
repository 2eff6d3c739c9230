"""Put a door into normal, free or lockdown mode. Lockdown survives a restart, free does not."""

from __future__ import annotations

import argparse

from sync.records import DoorMode
from terminal.cli._answer import add_config
from terminal.cli._gate_command import ask_gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument(
        "mode", choices=[one.name.lower() for one in DoorMode], help="normal lifts free and lockdown"
    )
    parser.add_argument("--door", required=True, help="name of the door in the configuration")
    parser.add_argument("--operator", required=True, help="id of the person who orders it; no name")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Order the mode; a schedule or an outage may still put the door into another one."""
    request = {
        "command": "mode",
        "door": arguments.door,
        "mode": arguments.mode,
        "operator": arguments.operator,
    }
    return ask_gate(arguments, request, lambda fields: f"{arguments.door}: stands in {fields['mode']}")
