"""Apply, inspect or verify a permission list."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from terminal.cli._answer import add_config, add_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="apply|inspect|verify")
    apply = actions.add_parser("apply", help="judge a signed update and put it into force")
    apply.add_argument("file", type=Path)
    add_config(apply)
    inspect = actions.add_parser("inspect", help="show what is in an update file; changes nothing")
    inspect.add_argument("file", type=Path)
    inspect.add_argument("--config", type=Path, help="also tell whether this gate's roots stand behind it")
    add_json(inspect)
    verify = actions.add_parser("verify", help="read everything in the list directory")
    verify.add_argument(
        "--repair", action="store_true", help="switch to the sound list, set a damaged one aside"
    )
    add_config(verify)


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen action; only its module is imported."""
    module = import_module(f"terminal.cli._list_{arguments.action}")
    code: int = module.run(arguments)
    return code
