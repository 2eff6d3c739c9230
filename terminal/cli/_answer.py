"""How every command says its answer, and how it fails: one object as JSON, or text for people."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from terminal.check import load_config
from terminal.config import Config, ConfigError
from terminal.stores.errors import StoreError

DEFAULT_CONFIG: Final = Path("/etc/gatehouse/gate.toml")

# Numbers from 64 on are those of sysexits.h; docs/commands.md lists them for people.
EXIT_NO: Final = 1
"""The answer is no, or the gate refused."""
EXIT_USAGE: Final = 2
EXIT_DAMAGED: Final = 3
EXIT_NO_INPUT: Final = 66
EXIT_UNAVAILABLE: Final = 69
EXIT_IO: Final = 74
EXIT_BUSY: Final = 75
EXIT_NOT_ALLOWED: Final = 77
EXIT_CONFIG: Final = 78

Fields = dict[str, Any]


class Answer(Struct, frozen=True):
    """What a command found out, for programs and for people."""

    fields: Fields | None
    """``None``: everything was said already."""
    text: str
    code: int = 0
    """The exit code; 0 is yes."""


class CommandFailedError(Exception):
    """A command cannot be carried out; the text says what, where and the cure."""

    def __init__(self, text: str, code: int, **fields: object) -> None:
        super().__init__(text)
        self.code = code
        self.fields = fields


def add_config(parser: argparse.ArgumentParser) -> None:
    """The options of every command that needs the gate's configuration."""
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the gate's TOML file")
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option of every command."""
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")


def answer(arguments: argparse.Namespace, work: Callable[[Config], Answer]) -> int:
    """Do ``work`` with the configuration and say its answer; returns the exit code."""
    return say(arguments, lambda: work(load_config(arguments.config)))


def say(arguments: argparse.Namespace, work: Callable[[], Answer]) -> int:
    """Do ``work`` and say its answer, or why there is none; returns the exit code."""
    code = 0
    try:
        given = work()
        code = given.code
        if given.fields is not None:
            write(as_json({"ok": code == 0, **given.fields}) if arguments.json else given.text)
    except ConfigError as error:
        return _fail(arguments, str(error), EXIT_CONFIG, {"errors": error.errors})
    except CommandFailedError as error:
        return _fail(arguments, str(error), error.code, error.fields)
    except StoreError as error:
        return _fail(arguments, str(error), EXIT_IO, {})
    except BrokenPipeError:
        # The reader has seen enough (``… | head``); what is left goes nowhere, silently.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def as_json(fields: Fields) -> str:
    """One line; other than printable characters are escaped, so that it can go to a terminal."""
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return text if text.isprintable() else json.dumps(fields, separators=(",", ":"))


def write(text: str) -> None:
    """Print at once; nothing in it can steer the terminal, whatever a list or a device put there."""
    if text:
        print(printable(text), flush=True)


def printable(text: str) -> str:
    """``text`` with everything but printable characters and line ends replaced."""
    return "".join(one if one.isprintable() or one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in text)


def _fail(arguments: argparse.Namespace, text: str, code: int, fields: Fields) -> int:
    if arguments.json:
        write(as_json({"ok": False, "error": text, **fields}))
    else:
        print(printable(text), file=sys.stderr)
    return code
