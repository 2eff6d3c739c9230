"""`python -m office import|export|backup|restore`: data in and out.

import DIR FILE… [--dry-run]     tables of places, doors, persons, cards; an estate file
export DIR OUT [--person ID]     everything, or what refers to one person, as CSV in a zip file
backup DIR OUT [--with-keys]     the office as it is now, checked
restore BACKUP DIR [--replace]   an office as it was, checked
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from office.errors import OfficeError
from office.files import PRIVATE, write_atomic
from office.report import Report
from office.site.cli import with_django

if TYPE_CHECKING:
    from office.exchange.problems import Problem


def add_exchange(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands; each sets ``run``, which takes options and the time."""
    take_in = groups.add_parser("import", help="take over places, doors, persons and cards")
    take_in.add_argument("office", type=Path, help="the office's directory")
    take_in.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".csv, .xlsx or an estate .toml")
    take_in.add_argument("--dry-run", action="store_true", help="judge every row, write nothing")
    take_in.add_argument(
        "--leave-out", action="store_true", help="import although rows are refused, without those rows"
    )
    take_in.add_argument("--batch", help="the import's name on its cards (default: import- and the time)")
    take_in.add_argument("--as", dest="user", metavar="NAME", help="the member of staff who answers for it")
    take_in.add_argument("--problems", type=Path, help="write every problem here, as CSV, instead of showing")
    take_in.add_argument("--progress", type=Path, help="keep how far it is in this file, as JSON")
    take_in.set_defaults(run=_import)
    for one in (take_in,):
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _import(options: argparse.Namespace, now: int) -> Report:
    office = with_django(options.office)
    from django.contrib.auth.models import User  # noqa: PLC0415 - after setup
    from django.utils import translation  # noqa: PLC0415

    from office.exchange.taking_in import Job, check, take_in  # noqa: PLC0415 - after setup

    at = datetime.fromtimestamp(now, UTC)
    user = None
    if options.user is not None:
        user = User.objects.filter(username=options.user).first()
        if user is None:
            raise OfficeError(f"--as {options.user}: there is no such member of staff")
    batch = options.batch or f"import-{at:%Y%m%d-%H%M%S}"
    job = Job(tuple(options.files), batch, at, user, office.estate_id)
    progress = _progress(options.progress)
    with translation.override(None if options.problems else "en"), _listing(options) as note:
        tally = check(job, note, progress)
    report: Report = {"batch": batch} | tally.fields()
    refused = {code: count for code, count in sorted(tally.by_code.items()) if code in _flaws()}
    if not options.dry_run:
        if refused and not options.leave_out:
            raise OfficeError(
                f"{sum(refused.values())} problems hold {tally.refused} rows back; nothing was written."
                " Correct them, or import without those rows: --leave-out"
            )
        report |= take_in(job, progress).fields()
    report["dry_run"] = options.dry_run
    return report | {"problems": dict(sorted(tally.by_code.items()))}


def _flaws() -> frozenset[str]:
    from office.exchange.problems import Flaw  # noqa: PLC0415 - after setup

    return frozenset(Flaw)


def _progress(path: Path | None) -> Callable[[str, int], None]:
    def tell(what: str, rows: int) -> None:
        if path is None:
            sys.stderr.write(f"office: {what}: {rows:,} rows\n")
        else:
            write_atomic(path, json.dumps({"what": what, "rows": rows}).encode(), mode=PRIVATE)

    return tell


@contextmanager
def _listing(options: argparse.Namespace) -> Iterator[Callable[[Problem], None]]:
    """Problems as they are found: none is kept in memory."""
    with ExitStack() as stack:
        writer: Any = None
        if options.problems is not None:
            file = stack.enter_context(options.problems.open("w", encoding="utf-8-sig", newline=""))
            writer = csv.writer(file)
            writer.writerow(("file", "row", "field", "refused", "problem", "cure"))

        def note(problem: Problem) -> None:
            told = (problem.place, problem.row, problem.heading(), problem.rule(), problem.cure())
            if writer is not None:
                writer.writerow((*told[:3], "x" if problem.refused else "", *told[3:]))
            else:
                mark = "refused" if problem.refused else "listed "
                place, row, field, rule, cure = told
                sys.stderr.write(f"{mark} {place}, row {row}, {field}: {rule} {cure}\n")

        yield note
