"""What every command that takes a site bundle asks for: file, code, and today's date."""

from __future__ import annotations

import argparse
import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provisioning.errors import DayError, ProvisioningError
from provisioning.host import Host
from provisioning.site_bundle import (
    Known,
    OpenedBundle,
    certain_time,
    check_day,
    claim_of,
    known_here,
    open_bundle,
    read_file,
)
from sync.bundle_content import check_end
from sync.bundle_errors import MistypedCodeError, WrongCodeError
from terminal.clock import read

TRIES: Final = 5
MAX_CODE_FILE: Final = 200


def add_bundle_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this family of commands."""
    parser.add_argument("bundle", type=Path, help="the site bundle from the office")
    parser.add_argument("--code-file", type=Path, help="read the code there instead of asking for it")
    parser.add_argument(
        "--today", metavar="YYYY-MM-DD", help="today's date, which the clock of a new gate cannot know"
    )


def read_site_bundle(
    arguments: argparse.Namespace, host: Host, known: Known | None = None
) -> tuple[OpenedBundle, int | None]:
    """The opened bundle, and the day that the technician confirmed (``None``: the clock is certain).

    Raises:
        BundleError: by what is wrong with it.
        ProvisioningError: a file cannot be read, or nobody answers.
    """
    if (request := getattr(arguments, "request", None)) is not None and not request.parent.is_dir():
        raise ProvisioningError(f"{request}: there is no folder {request.parent}; is the stick mounted?")
    known = known or known_here(host)
    data = read_file(arguments.bundle)
    claim = claim_of(data, known)
    tell(f"{arguments.bundle}: for gate {claim.gate_id} of estate {claim.estate_id.hex()}")
    opened = _opened(arguments, data, known)
    now = certain_time(host)
    if now is not None:
        check_end(opened.content, now)
        return opened, None
    return opened, _day(opened, arguments.today)


def tell(text: str) -> None:
    """Tell the person; standard output is for results. A terminal that was lost ends no work."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _opened(arguments: argparse.Namespace, data: bytes, known: Known) -> OpenedBundle:
    if arguments.code_file is not None:
        return open_bundle(data, _code_in(arguments.code_file), known)
    for _ in range(TRIES - 1):
        try:
            return open_bundle(data, _ask("the bundle's code: "), known)
        except (MistypedCodeError, WrongCodeError) as error:
            tell(str(error))
    return open_bundle(data, _ask("the bundle's code (last try): "), known)


def _code_in(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CODE_FILE).decode("utf-8", "replace")
    except OSError as error:
        raise ProvisioningError(f"{path}: cannot be read ({error.strerror})") from error


def _day(opened: OpenedBundle, given: str | None) -> int:
    if given is not None:
        return check_day(opened.content, given)
    for _ in range(TRIES - 1):
        try:
            return check_day(opened.content, _ask_day())
        except DayError as error:
            tell(str(error))
    return check_day(opened.content, _ask_day())


def _ask_day() -> str:
    shown = datetime.fromtimestamp(read().system_ms / 1000, UTC).date()
    typed = _ask(f"today's date (this computer takes it to be {shown}; enter if that is right): ")
    return typed.strip() or str(shown)


def _ask(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline(MAX_CODE_FILE)
    if not line:
        raise ProvisioningError(
            "nobody answers: run it at a terminal, or give --code-file FILE and --today YYYY-MM-DD"
        )
    return line
