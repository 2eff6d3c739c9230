"""What the commands about releases share: their options, and how they answer."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from provisioning.releases import ReleaseError, Releases
from provisioning.services import RunningGate, ServiceError, manager_runs
from provisioning.trial import Machine
from terminal import clock

EXIT_NO: Final = 1
EXIT_UNAVAILABLE: Final = 69
"""EX_UNAVAILABLE (sysexits.h): the service manager."""
EXIT_IO: Final = 74

Answer = tuple[int, str, dict[str, Any]]
"""Exit code, text for people, fields for programs."""


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options of each of them."""
    parser.add_argument(
        "--root", type=Path, default=Path("/"), help="a mounted image or a tree instead of this machine"
    )
    parser.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")


def machine_of(root: Path) -> Machine | None:
    """The gate that runs here; ``None`` for a tree, and where no service manager runs."""
    is_here = root.resolve() == Path("/") and manager_runs()
    return RunningGate(monotonic_s) if is_here else None


def monotonic_s() -> float:
    """Now, on the clock that nobody sets."""
    return clock.read().monotonic


def state_of(releases: Releases) -> dict[str, Any]:
    """What the links and notes say."""
    trial, refused = releases.trial(), releases.refused()
    return {
        "current": releases.current(),
        "previous": releases.previous(),
        "on_trial": None if trial is None else trial.version,
        "refused": None if refused is None else {"version": refused.version, "reason": refused.reason},
    }


def say(arguments: argparse.Namespace, work: Callable[[], Answer]) -> int:
    """Do ``work`` and say its answer, or why there is none; returns the exit code."""
    try:
        code, text, fields = work()
    except ReleaseError as error:
        code, text, fields = EXIT_IO, str(error), {"error": str(error)}
    except ServiceError as error:
        code, text, fields = EXIT_UNAVAILABLE, str(error), {"error": str(error)}
    if arguments.json:
        print(json.dumps({"ok": code == 0, **fields}, ensure_ascii=False), flush=True)
    else:
        print(text, file=sys.stdout if code == 0 else sys.stderr, flush=True)
    return code
