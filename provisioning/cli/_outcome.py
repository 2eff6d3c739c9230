"""How a command that deals with a bundle ends: a text or one line of JSON, and an exit code."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from provisioning.errors import ProvisioningError
from sync.bundle_errors import BundleError
from sync.gate_key import GateKeyError

EXIT_REFUSED: Final = 1

Fields = dict[str, Any]


class Outcome(Struct, frozen=True):
    """What a command found or did."""

    fields: Fields
    text: str


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of each of these commands."""
    parser.add_argument(
        "--root", type=Path, default=Path("/"), help="a mounted image or a tree, instead of /"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def conclude(arguments: argparse.Namespace, work: Callable[[], Outcome]) -> int:
    """Do ``work`` and print what came of it; 0, or 1 where it was refused."""
    try:
        outcome = work()
    except BundleError as error:
        return _refused(arguments, error.cause, str(error))
    except (ProvisioningError, GateKeyError) as error:
        return _refused(arguments, "cannot", str(error))
    print(json.dumps({"ok": True, **outcome.fields}) if arguments.json else outcome.text)
    return 0


def _refused(arguments: argparse.Namespace, cause: str, text: str) -> int:
    if arguments.json:
        print(json.dumps({"ok": False, "cause": cause, "error": text}))
    else:
        print(text, file=sys.stderr)
    return EXIT_REFUSED
