"""What options of several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from office.errors import OfficeError
from office.keys import KeyDirectory
from sync.fields import MAX_WHOLE

HUB_LISTEN: Final = "0.0.0.0:7400"
"""Where gates reach the hub unless it is told otherwise."""


def add_json(command: argparse.ArgumentParser) -> None:
    """Let the command take ``--json``, too, wherever it stands on the line."""
    command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def positive(text: str) -> int:
    """A number from 1 to what a list's version or a serial may hold, for argparse."""
    if not text.isdecimal() or not 1 <= int(text) <= MAX_WHOLE:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MAX_WHOLE}")
    return int(text)


def hexadecimal(text: str, option: str) -> bytes:
    """The bytes that ``option`` was given; raises ``OfficeError`` where it is not hexadecimal."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise OfficeError(f"{option}: {text!r} is not hexadecimal") from None


def add_keys(command: argparse.ArgumentParser) -> None:
    """The key directory and its sticks; `key_directory` reads them."""
    command.add_argument(
        "--keys",
        type=Path,
        action="append",
        required=True,
        help="the key directory; again for each stick with private keys",
    )


def key_directory(options: argparse.Namespace) -> KeyDirectory:
    """What ``--keys`` names."""
    directory, *sticks = options.keys
    return KeyDirectory(directory, tuple(sticks))
