"""The command line of ``python -m office keys``: which command takes which options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from office import key_commands
from office.options import add_json, positive
from office.report import Report
from sync.delegation import Role

HELP: Final = "make, delegate, rotate and withdraw keys"
_ROLES: Final = [one.name.lower() for one in Role]

Run = Callable[[argparse.Namespace, int], Report]


def add_commands(group: argparse.ArgumentParser) -> None:
    """Every command of the family."""
    commands = group.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Run, *, named: bool = True) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(
            name, help=run.__doc__, description=run.__doc__
        )
        command.set_defaults(run=run)
        command.add_argument("directory", type=Path, help="the key directory")
        if named:
            command.add_argument("name", help="the key's name")
        add_json(command)
        return command

    _add_making(add)
    _add_delegating(add)
    _add_roots(add)
    for command in (add("list", key_commands.list_keys, named=False), add("show", key_commands.show)):
        _add_sticks(command)
    lower = add("lower-floor", key_commands.lower, named=False)
    lower.add_argument("--gate", type=int, required=True, help="the gate's id")
    lower.add_argument("--floor", required=True, help="ISO 8601 time (UTC) that has surely passed")
    lower.add_argument("--serial", type=positive, help="the statement's number, where the count was lost")
    lower.add_argument("--out", type=Path, required=True, help="the file to write")
    _add_sticks(lower)


Add = Callable[..., argparse.ArgumentParser]


def _add_making(add: Add) -> None:
    init = add("init", key_commands.init, named=False)
    init.add_argument("--private", action="append", metavar="NAME=DIR", help="put this private key elsewhere")
    init.add_argument("--without", action="append", choices=_ROLES, help="make no key in this role")
    _add_until(init)
    make = add("make", key_commands.make)
    for command in (init, make):
        command.add_argument("--estate", required=True, help="the estate's id, 16 hexadecimal digits")


def _add_delegating(add: Add) -> None:
    adopt = add("adopt", key_commands.adopt)
    adopt.add_argument("--public", required=True, help="64 hexadecimal digits, or a file with them")
    adopt.set_defaults(private=None)
    delegate = add("delegate", key_commands.delegate)
    _add_private(delegate)
    for command in (adopt, delegate):
        command.add_argument("--role", required=True, choices=_ROLES)
        command.add_argument("--gate", type=int, action="append", help="only at this gate; may be repeated")
    rotate = add("rotate", key_commands.rotate_key)
    rotate.add_argument("new", help="the new key's name")
    rotate.add_argument("--keep-old", action="store_true", help="leave the old key in force until its end")
    _add_private(rotate)
    for command in (adopt, delegate, rotate):
        _add_until(command)
        _add_sticks(command)
    _add_sticks(add("withdraw", key_commands.withdraw))


def _add_roots(add: Add) -> None:
    root = add("new-root", key_commands.make_root)
    _add_private(root)
    for command in (
        root,
        add("switch-root", key_commands.use_root),
        add("drop-root", key_commands.forget_root),
    ):
        _add_sticks(command)


def _add_until(command: argparse.ArgumentParser) -> None:
    command.add_argument("--until", help="ISO 8601 end of the delegation (default: five years)")


def _add_private(command: argparse.ArgumentParser) -> None:
    command.add_argument("--private", type=Path, help="where a new private key goes (default: DIRECTORY)")


def _add_sticks(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--keys", type=Path, action="append", help="a stick with private keys; may be repeated"
    )
