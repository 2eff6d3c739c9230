"""How the commands of the set-up answer: a line for each step, or one JSON object; and how they fail."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from provisioning.engine import Result, StepFailedError
from provisioning.errors import DiskError, JournalError, ProvisioningError, RefusedError
from provisioning.step import Condition
from sync.bundle_errors import BundleError
from sync.gate_key import GateKeyError
from terminal.config import ConfigError
from terminal.findings import Finding

# Numbers from 64 on are those of sysexits.h, with the meanings of docs/commands.md.
EXIT_NO: Final = 1
EXIT_UNAVAILABLE: Final = 69
EXIT_IO: Final = 74
EXIT_INTERRUPTED: Final = 130
"""As a shell tells of SIGINT."""
EXIT_CONFIG: Final = 78

Fields = dict[str, Any]
Outcome = tuple[int, str, Fields]
"""Exit code, text for people, fields for programs."""


ONLY_LOOKS: Final = "for scripts that always say it: this command touches nothing in any case"


def add_common(parser: argparse.ArgumentParser, *, dry_run: str = ONLY_LOOKS) -> None:
    """The options of each of them; ``dry_run``: what it tells instead of doing it."""
    parser.add_argument(
        "--root",
        type=Path,
        default=Path("/"),
        metavar="DIR",
        help="a mounted image or a tree, not this machine",
    )
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")
    parser.add_argument("--dry-run", action="store_true", help=dry_run)


def failed(arguments: argparse.Namespace, text: str, code: int) -> int:
    """Say why there is nothing to show; returns the exit code."""
    if arguments.json:
        print(json.dumps({"ok": False, "error": text}, ensure_ascii=False))
    else:
        print(text, file=sys.stderr)
    return code


def say(arguments: argparse.Namespace, work: Callable[[], Outcome]) -> int:
    """Do ``work`` and say its answer, or why there is none; returns the exit code."""
    try:
        code, text, fields = work()
    except ConfigError as error:
        code, text, fields = EXIT_CONFIG, str(error), {"errors": error.errors}
    except RefusedError as error:
        code, text, fields = EXIT_NO, f"nothing was changed:\n{error}", {"errors": error.reasons}
    except StepFailedError as error:
        code, text, fields = EXIT_UNAVAILABLE, str(error), {"step": error.step, "error": str(error)}
    except (DiskError, JournalError) as error:
        code, text, fields = EXIT_IO, str(error), {"error": str(error)}
    except BundleError as error:
        code, text, fields = EXIT_NO, str(error), {"cause": error.cause, "error": str(error)}
    except (ProvisioningError, GateKeyError) as error:
        code, text, fields = EXIT_NO, str(error), {"error": str(error)}
    except KeyboardInterrupt:
        text = "interrupted; what was begun is in the journal, and the same command goes on there"
        code, fields = EXIT_INTERRUPTED, {"error": text}
    with may_be_cut_short():
        _print(arguments, code, text, fields)
    return code


@contextlib.contextmanager
def may_be_cut_short() -> Iterator[None]:
    """Print whose reader may have seen enough (``… | head``): what is left goes nowhere, silently.

    Where it cannot be written for another reason (a full disk), that is told on the error output.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"the output cannot be written ({error.strerror})", file=sys.stderr)


def _print(arguments: argparse.Namespace, code: int, text: str, fields: Fields) -> None:
    if arguments.json:
        show(json.dumps({"ok": code == 0, **fields}))
    elif text:
        # An examination that found something has done its work: its findings are its output.
        failed = code != 0 and not isinstance(fields.get("findings"), list)
        show(text, file=sys.stderr if failed else sys.stdout)


def show(text: str, *, file: Any = None) -> None:  # noqa: ANN401 - a text stream, whatever pytest made of it
    """Print at once; nothing in it can steer the terminal."""
    safe = "".join(one if one.isprintable() or one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in text)
    print(safe, file=file, flush=True)


def line_of(result: Result) -> str:
    """One step for people, with what it changes below it."""
    told = f"{result.state.condition.value:<11} {result.step:<15} {result.title}"
    if result.state.condition is Condition.CANNOT or result.state.reason not in (
        "as it should be",
        "done now",
    ):
        told += f": {result.state.reason}"
    changes = result.state.changes if result.state.condition is Condition.TO_DO else ()
    return "\n".join([told, *(f"            - {one}" for one in changes)])


def result_fields(results: Sequence[Result]) -> list[Fields]:
    """Steps for programs."""
    return [
        {
            "step": one.step,
            "condition": one.state.condition.value,
            "reason": one.state.reason,
            "changes": list(one.state.changes),
        }
        for one in results
    ]


def finding_line(finding: Finding) -> str:
    """One finding for people."""
    return f"{finding.verdict.value:<11} {finding.what}: {finding.text}"


def finding_fields(findings: Sequence[Finding]) -> list[Fields]:
    """Findings for programs."""
    return [{"what": one.what, "verdict": one.verdict.value, "text": one.text} for one in findings]
