"""An import from its files to the gates' lists: judged as a whole first, then written chunk by chunk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings as django_settings
from django.utils.translation import gettext as _
from msgspec import Struct, field

from office.errors import OfficeError
from office.exchange.cells import Row
from office.exchange.columns import Header, TableKind, read_header
from office.exchange.estate_in import doors_of, read_estate, serving, take_in_estate
from office.exchange.judging import JUDGES, DoorWord, Judge, Record, Relations
from office.exchange.known import Known
from office.exchange.problems import Flaw, Problem, Remark
from office.exchange.sheets import Sheet, open_sheets
from office.exchange.writing import CHUNK, Writer, republish
from office.registry.models import ImportBatch, RelationKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Note = Callable[[Problem], None]
Progress = Callable[[str, int], None]
"""Called with what is done and how many rows of it, once a chunk."""
MAX_FILES: Final = 20


class Tally(Struct):
    """How many rows came to what."""

    read: int = 0
    taken: int = 0
    already: int = 0
    refused: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    """Rows to be taken in, or taken in."""
    by_code: Counter[str] = field(default_factory=Counter)

    def fields(self) -> dict[str, Any]:
        """As reports and batches hold it."""
        return {
            "rows": self.read,
            "taken": self.taken,
            "already_there": self.already,
            "refused": self.refused,
            **dict(sorted(self.by_kind.items())),
        }


class Job(Struct, frozen=True):
    """What to import, when, and who answers for it."""

    files: tuple[Path, ...]
    batch: str
    at: datetime
    user: User | None
    estate_id: bytes


class _Table(Struct, frozen=True):
    path: Path
    index: int
    """Among the file's sheets."""
    header: Header
    place: str


def check(job: Job, note: Note, progress: Progress) -> Tally:
    """The dry run: every row of every file is judged, and nothing is written."""
    tally = Tally()
    for kind, _record in _judged(job, note, tally):
        tally.by_kind[kind] += 1
        if tally.read % CHUNK == 0:
            progress(f"checking {kind}", tally.read)
    return tally


def take_in(job: Job, progress: Progress) -> Tally:
    """Write what the dry run let pass; the rows that it refused are left out.

    Raises:
        OfficeError: a chunk could not be written. Those before it are, and running it again goes on.
    """
    batch, _ = ImportBatch.objects.get_or_create(
        name=job.batch, defaults={"began_at": job.at, "user": job.user, "files": _digests(job.files)}
    )
    tally = Tally()
    chunks = _Chunks(job, Writer(batch, job.user, job.at, _zone()), tally, progress)
    for kind, one in _judged(job, _ignore, tally):
        chunks.add(kind, one)
    chunks.flush(None)
    batch.counts, batch.finished_at = tally.fields(), job.at
    batch.save(update_fields=["counts", "finished_at"])
    return tally


class _Chunks:
    """Rows on their way into the database, some thousand of one kind at a time."""

    def __init__(self, job: Job, writer: Writer, tally: Tally, progress: Progress) -> None:
        self._job, self._writer, self._tally, self._progress = job, writer, tally, progress
        self._write: dict[TableKind, Callable[[Any], None]] = {
            TableKind.PLACES: writer.places,
            TableKind.DOORS: writer.doors,
            TableKind.PERSONS: writer.persons,
            TableKind.CARDS: writer.cards,
        }
        self._kind: TableKind | None = None
        self._rows: list[Record] = []
        self._estates = [one for one in job.files if one.suffix.lower() == ".toml"]

    def add(self, kind: TableKind, row: Record) -> None:
        """One more; those before it are written if it is of another kind, or they are many."""
        if kind is not self._kind or len(self._rows) >= CHUNK:
            self.flush(kind)
            self._kind = kind
        self._rows.append(row)

    def flush(self, following: TableKind | None) -> None:
        """Write what waits. Estate files come between places, where gates stand, and what hangs on gates."""
        counts = self._tally.by_kind
        if self._rows and self._kind is not None:
            self._write[self._kind](list(self._rows))
            if self._kind is TableKind.DOORS:
                republish(self._job.at, self._progress)
            counts[self._kind] += len(self._rows)
            self._progress(f"importing {self._kind}", counts[self._kind])
            self._rows.clear()
        if following is not TableKind.PLACES and self._estates:
            if not counts[TableKind.PLACES]:
                self._writer.places([])  # the estate itself
            for path in self._estates:
                take_in_estate(path, self._job.at)
            self._estates.clear()


def _judged(job: Job, note: Note, tally: Tally) -> Iterator[tuple[TableKind, Record]]:
    def counted(problem: Problem) -> None:
        tally.by_code[problem.code] += 1
        note(problem)

    known = Known()
    tables = _tables(job.files, counted)
    at_estate = _estates(job, known, counted)
    judge = Judge(
        known, _zone(), job.at.astimezone(_zone()).date(), _relations(), has_clerk=job.user is not None
    )
    for kind in TableKind:
        for table in (one for one in tables if one.header.kind is kind):
            for row in _rows(table, counted):
                tally.read += 1
                already = judge.already
                record = JUDGES[kind](judge, row)
                tally.already += judge.already - already
                tally.refused += row.refused
                if isinstance(record, DoorWord):
                    at_estate.pop(record.door, None)
                if record is not None:
                    tally.taken += 1
                    yield kind, record
    for door, place in at_estate.items():
        if serving(door, known.places) is None:
            counted(Problem(place, 0, "door", Remark.WHOLE_ESTATE, {"door": door}))
    for place, number, stands in known.exceeded():
        facts: dict[str, object] = {"cards": stands.counted, "limit": stands.limit, "rule": stands.rule}
        counted(Problem(place, number, "place", Remark.QUOTA_EXCEEDED, facts))


def _estates(job: Job, known: Known, note: Note) -> dict[str, str]:
    """File by door of the estate files; the doors become known."""
    found: dict[str, str] = {}
    for path in job.files:
        if path.suffix.lower() != ".toml":
            continue
        try:
            estate = read_estate(path, job.estate_id)
        except OfficeError as error:
            note(Problem(path.name, 0, "", Flaw.UNREADABLE, {"text": str(error)}))
            continue
        if estate.cards or estate.card_file:
            note(Problem(path.name, 0, "card", Remark.CARDS_LEFT_OUT, {}))
        if any(one.settings.outages for one in estate.gates.values()):
            note(Problem(path.name, 0, "outage", Remark.OUTAGES_LEFT_OUT, {}))
        found |= dict.fromkeys(doors_of(estate), path.name)
    known.doors |= found.keys()
    return found


def _tables(files: Sequence[Path], note: Note) -> list[_Table]:
    if len(files) > MAX_FILES:
        raise OfficeError(
            _("%(count)s files are too many; give at most %(most)s")
            % {"count": len(files), "most": MAX_FILES}
        )
    found = []
    for path in files:
        if path.suffix.lower() == ".toml":
            continue
        try:
            for index, sheet in enumerate(open_sheets(path)):
                header = _header(sheet, note)
                if header is not None:
                    found.append(_Table(path, index, header, sheet.place))
        except OfficeError as error:
            note(Problem(path.name, 0, "", Flaw.UNREADABLE, {"text": str(error)}))
    return found


def _header(sheet: Sheet, note: Note) -> Header | None:
    number, cells = next(sheet.rows, (1, ()))
    header = read_header(cells)
    if header is None:
        note(Problem(sheet.place, number, "", Flaw.NO_TABLE, {}))
        return None
    for column in header.unknown:
        note(Problem(sheet.place, number, column[:40], Remark.COLUMN_IGNORED, {}))
    for column in header.twice:
        note(Problem(sheet.place, number, column, Flaw.COLUMN_TWICE, {}))
    for column in header.missing:
        note(Problem(sheet.place, number, column, Flaw.COLUMN_MISSING, {"column": column}))
    return None if header.twice or header.missing else header


def _rows(table: _Table, note: Note) -> Iterator[Row]:
    columns = table.header.columns
    try:
        for index, sheet in enumerate(open_sheets(table.path)):
            if index != table.index:
                continue
            next(sheet.rows)
            for number, cells in sheet.rows:
                values = {key: cell for key, cell in zip(columns, cells, strict=False) if key is not None}
                yield Row(table.place, number, values, note)
    except OfficeError as error:
        note(Problem(table.place, 0, "", Flaw.UNREADABLE, {"text": str(error)}))


def _relations() -> Relations:
    kinds = list(RelationKind.objects.all())
    words = {word.lower(): one.code for one in kinds for word in (one.code, one.name_en, one.name_zh)}
    return Relations(words, frozenset(one.code for one in kinds if one.direct))


def _digests(files: Sequence[Path]) -> dict[str, str]:
    digests = {}
    for path in files:
        with path.open("rb") as file:
            digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def _ignore(_problem: Problem) -> None:
    """The dry run has told it."""


def _zone() -> ZoneInfo:
    return ZoneInfo(django_settings.TIME_ZONE)
