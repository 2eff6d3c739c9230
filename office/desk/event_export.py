"""Usage events as CSV or XLSX: row by row, never all of them in memory."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl import Workbook

from office.casework.event_search import EventFilter, every_event
from office.desk.event_lines import EventLine, line, names
from office.desk.refusals import DeskError

XLSX_ROWS: Final = 1_048_575
"""What a sheet holds below its head, as spreadsheet programs read it. CSV has no end."""
_TELL_EVERY: Final = 1_000
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Row = list[str | int | None]


class _Echo:
    """A file that gives what is written to it back."""

    def write(self, text: str) -> str:
        return text


def csv_rows(wanted: EventFilter) -> Iterator[str]:
    """Lines of a CSV file, with the mark by which spreadsheets know UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow(_head())
    for row in _rows(wanted):
        yield writer.writerow(row)


def write_xlsx(wanted: EventFilter, path: Path, tell: Callable[[int], None], *, most: int = XLSX_ROWS) -> int:
    """A workbook, row by row; ``tell`` hears how many. Raises ``OfficeError`` if it cannot hold them."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("events"))
    sheet.append(_head())
    number = 0
    for number, row in enumerate(_rows(wanted), start=1):
        if number > most:
            sheet.close()
            words = _("A sheet holds %(most)s rows. Choose a shorter time, or CSV.")
            raise DeskError(words % {"most": most})
        sheet.append(row)
        if number % _TELL_EVERY == 0:
            tell(number)
    book.save(path)
    return number


def _head() -> Row:
    return [
        _("time"),
        _("± s"),
        _("gate"),
        _("door"),
        _("event"),
        _("result"),
        _("reason"),
        _("direction"),
        _("card"),
        _("chip"),
        _("number"),
        _("details"),
    ]


def _rows(wanted: EventFilter) -> Iterator[Row]:
    zone, known = ZoneInfo(settings.TIME_ZONE), names()
    for event in every_event(wanted):
        yield _row(line(event, known), zone)


def _row(one: EventLine, zone: ZoneInfo) -> Row:
    event = one.event
    cells: Iterable[str | int | None] = (
        one.at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
        one.rough_s if one.known else _("unknown"),
        one.gate,
        one.door,
        str(one.kind),
        event.get_outcome_display(),
        str(one.reason),
        str(one.direction),
        event.issue_id,
        event.credential,
        event.number,
        one.detail,
    )
    return [_harmless(cell) if isinstance(cell, str) else cell for cell in cells]


def _harmless(cell: str) -> str:
    """What a gate sent must not become a formula in somebody's spreadsheet."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
