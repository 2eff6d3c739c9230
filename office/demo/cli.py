"""`python -m office demo DIR [--households N]`: an office with a demonstration estate in it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from office.errors import OfficeError
from office.files import PRIVATE, write_atomic
from office.report import Report
from office.site.cli import migrate, with_django
from office.site.database_options import add_database, database_server
from office.site.directory import OfficeSettings, make_directory

ESTATE_ID: Final = "6465616d6f303031"
HOUSEHOLDS: Final = 300
MOST_HOUSEHOLDS: Final = 40_000
ACCOUNTS_FILE: Final = "demo-accounts.txt"


def add_demo(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command; it sets ``run``, which takes options and the time."""
    demo = groups.add_parser("demo", help="a new office with a demonstration estate")
    demo.add_argument("office", type=Path, help="the directory to make")
    demo.add_argument("--households", type=int, default=HOUSEHOLDS, help=f"default: {HOUSEHOLDS}")
    demo.add_argument("--gates", type=int, help="the estate's two, then one a building (default: all)")
    demo.add_argument("--seed", type=int, default=1, help="another seed is another estate")
    demo.add_argument("--host", action="append", help="a name under which browsers reach the desk")
    add_database(demo)
    demo.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    demo.set_defaults(run=_demo)


def _demo(options: argparse.Namespace, now: int) -> Report:
    if not 20 <= options.households <= MOST_HOUSEHOLDS:
        raise OfficeError(f"--households: give 20 to {MOST_HOUSEHOLDS}")
    hosts = tuple(options.host or ("localhost", "127.0.0.1"))
    server = database_server(options)
    settings = OfficeSettings(ESTATE_ID, hosts=hosts, secure=False)
    office = make_directory(options.office, settings, server)
    migrate(office)
    with_django(office.path)
    at = datetime.fromtimestamp(now, UTC)
    counts = _fill(options, at)
    from office.demo.other_registers import Registers  # noqa: PLC0415 - after setup
    from office.demo.people_at_work import Desk, hire  # noqa: PLC0415

    passwords = hire()
    Desk(at).work()
    Registers(at).fill()
    text = "".join(f"{name}\t{password}\n" for name, password in passwords.items())
    write_atomic(office.path / ACCOUNTS_FILE, text.encode(), mode=PRIVATE)
    return {
        "office": str(office.path),
        **counts,
        "accounts": [{"user": name, "password": password} for name, password in passwords.items()],
    }


def _fill(options: argparse.Namespace, at: datetime) -> Report:
    from django.conf import settings  # noqa: PLC0415 - after setup

    from office.demo.estate import ESTATE_GATES, Plan, write_tables  # noqa: PLC0415
    from office.exchange.problems import Problem  # noqa: PLC0415 - after setup
    from office.exchange.taking_in import Job, check, take_in  # noqa: PLC0415

    gates = options.households if options.gates is None else options.gates
    if gates < len(ESTATE_GATES):
        raise OfficeError(f"--gates: the estate has {len(ESTATE_GATES)} at least")
    plan = Plan(ESTATE_ID, options.households, gates, options.seed, at.date(), settings.TIME_ZONE)
    refused: list[Problem] = []

    def note(problem: Problem) -> None:
        if problem.refused:
            refused.append(problem)

    with tempfile.TemporaryDirectory(prefix="gatehouse-demo-") as directory:
        files = write_tables(plan, Path(directory))
        job = Job(files, "原系统", at, None, bytes.fromhex(ESTATE_ID))
        check(job, note, _quiet)
        if refused:
            raise OfficeError(f"the demonstration's own tables are refused: {refused[0]}")
        return dict(take_in(job, _progress).fields())


def _progress(what: str, rows: int) -> None:
    sys.stderr.write(f"office: {what}: {rows:,} rows\n")


def _quiet(_what: str, _rows: int) -> None:
    """The dry run is quick."""
