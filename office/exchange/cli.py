"""`python -m office import|export|backup|restore|check|upgrade`: data in and out.

import DIR FILE… [--dry-run]     tables of places, doors, persons, cards; an estate file
export DIR OUT [--person ID]     everything, or what refers to one person, as CSV in a zip file
export DIR OUT --events QUERY    usage events as a workbook
backup DIR OUT [--with-keys]     the office as it is now, checked
restore BACKUP DIR [--replace]   an office as it was, checked
check DIR                        whether an office is whole, and nobody has changed its audit trail
upgrade DIR                      after an installation of new software
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from office.errors import OfficeError
from office.exchange.backup import Manifest, back_up, check, restore
from office.exchange.upgrading import upgrade
from office.files import PRIVATE, write_atomic
from office.report import Report
from office.site.cli import migrate, with_django
from office.site.database_options import add_database, database_server
from office.site.directory import hold, make_secret, open_directory

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from office.exchange.problems import Problem

    Groups: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no other name

RESUME: Final = (
    "what happened since is not known here: gates that have gone on meanwhile keep their lists, raise the"
    " alarm unknown_list and wait for: hub resume. Report every card that was lost since again, then resume"
)
"""docs/adr/0011: a restored database would open for cards that were revoked since."""


def add_exchange(groups: Groups) -> None:
    """Add the commands; each sets ``run``, which takes options and the time."""
    for command in (_add_import(groups), _add_export(groups), *_add_upkeep(groups)):
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _add_import(groups: Groups) -> argparse.ArgumentParser:
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
    return take_in


def _add_export(groups: Groups) -> argparse.ArgumentParser:
    export = groups.add_parser("export", help="write everything, or what refers to one person, as CSV")
    export.add_argument("office", type=Path, help="the office's directory")
    export.add_argument("out", type=Path, help="the zip file to write")
    export.add_argument("--person", type=int, metavar="ID", help="only what refers to this person")
    export.add_argument(
        "--events", metavar="QUERY", help="only usage events, as XLSX; asked as the page's address says it"
    )
    export.add_argument(
        "--as",
        dest="user",
        metavar="NAME",
        help="with --person: the manager who gives it out; with --events: who looks",
    )
    export.add_argument("--language", choices=("zh-hans", "en"), default="en", help="of the events' words")
    export.add_argument(
        "--progress", type=Path, help="with --events: keep how far it is in this file, as JSON"
    )
    export.set_defaults(run=_export)
    return export


def _add_upkeep(groups: Groups) -> list[argparse.ArgumentParser]:
    backup = groups.add_parser("backup", help="copy the office as it is now, and check the copy")
    backup.add_argument("office", type=Path, help="the office's directory")
    backup.add_argument("out", type=Path, help="the file to write")
    backup.add_argument("--with-keys", action="store_true", help="the keys and the secret, too: lock it away")
    backup.set_defaults(run=_backup)
    restore = groups.add_parser("restore", help="put an office back as it was")
    restore.add_argument("backup", type=Path, help="what backup wrote")
    restore.add_argument("office", type=Path, help="the directory to make")
    restore.add_argument(
        "--replace", action="store_true", help="put the state back into an office that is there"
    )
    add_database(restore)
    restore.set_defaults(run=_restore)
    check = groups.add_parser("check", help="whether the office is whole and its audit trail unbroken")
    check.add_argument("office", type=Path, help="the office's directory")
    check.set_defaults(run=_check)
    upgrading = groups.add_parser("upgrade", help="bring an office of earlier software to this version")
    upgrading.add_argument("office", type=Path, help="the office's directory")
    upgrading.set_defaults(run=_upgrade)
    return [backup, restore, check, upgrading]


def _import(options: argparse.Namespace, now: int) -> Report:
    office = with_django(options.office)
    from django.utils import translation  # noqa: PLC0415 - after setup

    from office.exchange.taking_in import Job, check, take_in  # noqa: PLC0415 - after setup

    at = datetime.fromtimestamp(now, UTC)
    user = None if options.user is None else _member(options.user)
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


def _export(options: argparse.Namespace, now: int) -> Report:
    with_django(options.office)
    if options.events is not None:
        return _export_events(options, now)
    from office.exchange.giving_out import everything, of_person  # noqa: PLC0415 - after setup
    from office.procedures.errors import RuleError  # noqa: PLC0415
    from office.registry.models import Person  # noqa: PLC0415

    try:
        with _new_file(options.out) as file:
            if options.person is None:
                return {"file": str(options.out), "rows": everything(file)}
            from office.casework.actor import actor as as_actor  # noqa: PLC0415

            actor = as_actor(_member(options.user), datetime.fromtimestamp(now, UTC))
            return {"file": str(options.out), "rows": of_person(actor, options.person, file)}
    except RuleError:
        raise OfficeError(f"--as {options.user}: only the manager gives out what is on record") from None
    except Person.DoesNotExist:
        raise OfficeError(f"--person {options.person}: there is nobody with this id") from None


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file of its own for what is given out: private, and gone again if it fails."""
    if path.exists():
        raise OfficeError(f"{path}: exists; choose a new name")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
    except BaseException:
        path.unlink()
        raise


def _export_events(options: argparse.Namespace, now: int) -> Report:
    from django.db import transaction  # noqa: PLC0415 - after setup
    from django.http import QueryDict  # noqa: PLC0415
    from django.utils import translation  # noqa: PLC0415

    from office.casework.actor import actor as as_actor  # noqa: PLC0415
    from office.casework.event_search import note_viewing  # noqa: PLC0415
    from office.desk.event_export import write_xlsx  # noqa: PLC0415
    from office.desk.event_form import EventForm  # noqa: PLC0415
    from office.procedures.errors import RuleError  # noqa: PLC0415

    form = EventForm(QueryDict(options.events))
    if not form.is_valid():
        raise OfficeError(f"--events {options.events} is not a valid query: see {', '.join(form.errors)}")
    wanted, subject = form.wanted()
    actor = as_actor(_member(options.user), datetime.fromtimestamp(now, UTC))
    try:
        with transaction.atomic():
            note_viewing(actor, subject or "events", wanted, exported=True)
    except RuleError:
        raise OfficeError(f"--as {options.user}: may not look at this") from None
    tell = _progress(options.progress)
    with _new_file(options.out), translation.override(options.language):
        rows = write_xlsx(wanted, options.out, lambda count: tell("events", count))
    return {"file": str(options.out), "rows": rows}


def _backup(options: argparse.Namespace, now: int) -> Report:
    office = open_directory(options.office)
    made = back_up(office, options.out, now, with_keys=options.with_keys)
    return {
        "file": str(options.out),
        "bytes": options.out.stat().st_size,
        "parts": ", ".join(made.parts),
        **_state(made),
    }


def _restore(options: argparse.Namespace, now: int) -> Report:
    server = database_server(options)
    made = restore(options.backup, options.office, now, replace=options.replace, server=server)
    office = open_directory(options.office)
    if not (office.path / "secret.key").exists():
        make_secret(office.path)
    hold(office.path)
    migrate(office)
    taken = datetime.fromtimestamp(made.made_at, UTC).isoformat()
    return {
        "office": str(options.office),
        "as_of": taken,
        **_state(made),
        "next": RESUME,
        "gates": [{"gate": one.name, "list": f"{one.epoch}.{one.revision}"} for one in made.state.gates],
    }


def _check(options: argparse.Namespace, _now: int) -> Report:
    state = check(open_directory(options.office))
    counts = {"cards": state.cards, "persons": state.persons, "audit_entries": state.entries}
    return counts | {"audit_head": state.head, "sound": True}


def _upgrade(options: argparse.Namespace, now: int) -> Report:
    kept = upgrade(open_directory(options.office), now).kept
    return {
        "office": str(options.office),
        "upgraded": kept is not None,
        "kept": None if kept is None else str(kept),
    }


def _state(made: Manifest) -> Report:
    state = made.state
    return {"cards": state.cards, "persons": state.persons, "audit_entries": state.entries, "sound": True}


def _member(name: str | None) -> User:
    from django.contrib.auth.models import User  # noqa: PLC0415 - after setup

    user = None if name is None else User.objects.filter(username=name).first()
    if user is None:
        raise OfficeError(f"--as {name or 'NAME'}: there is no such member of staff")
    return user


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
