"""Tables out of CSV and XLSX files, row by row: bounded in memory, whatever the file says of itself."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import Final, TypeGuard
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from msgspec import Struct

from office.errors import OfficeError

MAX_FILE_BYTES: Final = 64 << 20
MAX_ROWS: Final = 200_000
"""Of a table; three times the largest estate's cards."""
MAX_COLUMNS: Final = 40
MAX_ENTRIES: Final = 500
MAX_UNPACKED_BYTES: Final = 512 << 20
"""Of all parts of a workbook: a zip file of a few kB may claim to hold petabytes."""
MAX_STRINGS_BYTES: Final = 64 << 20
"""Of a workbook's shared texts: they are the one part that is held in memory."""
_BLOCK: Final = 1 << 16
_DELIMITERS: Final = (",", ";", "\t")
_WORKBOOK_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    EOFError,
    NotImplementedError,
)
"""What openpyxl lets through from a damaged or malicious workbook."""

Cell = str | int | float | bool | date | datetime | time | None


class Formula(Struct, frozen=True):
    """A cell that computes: what it would say depends on who opens the file."""


class Sheet(Struct, frozen=True):
    """One table, to be read once."""

    place: str
    """File, and the sheet's name where there are several."""
    rows: Iterator[tuple[int, tuple[Cell | Formula, ...]]]
    """Row numbers as a spreadsheet program shows them; empty rows are left out."""


def open_sheets(path: Path) -> Iterator[Sheet]:
    """The tables of a file; each must be read before the next is asked for.

    Raises:
        OfficeError: it is no CSV or XLSX file, is damaged, or is too large; also while rows are read.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise OfficeError(
            _("%(file)s: cannot be opened (%(text)s); give the path of a CSV or XLSX file")
            % {"file": path, "text": error.strerror}
        ) from None
    if size > MAX_FILE_BYTES:
        raise OfficeError(
            _("%(file)s: larger than %(most)s MiB; split it")
            % {"file": path.name, "most": MAX_FILE_BYTES >> 20}
        )
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        yield from _workbook(path)
    elif path.suffix.lower() == ".csv":
        yield Sheet(path.name, _capped(path.name, _csv_rows(path)))
    else:
        raise OfficeError(
            _("%(file)s: give a .csv or .xlsx file; save an old .xls as .xlsx") % {"file": path.name}
        )


def _capped(
    place: str, rows: Iterator[tuple[int, tuple[Cell | Formula, ...]]]
) -> Iterator[tuple[int, tuple[Cell | Formula, ...]]]:
    count = 0
    for number, cells in rows:
        if all(one is None or one == "" for one in cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise OfficeError(
                _("%(file)s: more than %(most)s rows; split the table")
                % {"file": place, "most": f"{MAX_ROWS:,}"}
            )
        yield number, cells


def encoding_of(path: Path) -> str:
    """UTF-8, UTF-16 with its mark, or GB18030, in which spreadsheet programs here save CSV.

    Raises:
        OfficeError: it is none of them.
    """
    with path.open("rb") as file:
        mark = file.read(2)
    encodings = (
        ("utf-16",) if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ("utf-8-sig", "gb18030")
    )
    first_error = ""
    for encoding in encodings:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    if "\0" in decoder.decode(block):
                        raise OfficeError(
                            _("%(file)s: holds zero bytes; it is no CSV file") % {"file": path.name}
                        )
                decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            first_error = first_error or str(error)
            continue
        return encoding
    raise OfficeError(
        _("%(file)s: neither UTF-8 nor GB18030 (%(text)s); save it anew as “CSV UTF-8” or as .xlsx")
        % {"file": path.name, "text": first_error}
    )


def _csv_rows(path: Path) -> Iterator[tuple[int, tuple[Cell | Formula, ...]]]:
    with path.open(encoding=encoding_of(path), newline="") as file:
        head = file.readline(_BLOCK)
        file.seek(0)
        delimiter = max(_DELIMITERS, key=head.count)
        reader = csv.reader(file, strict=True, delimiter=delimiter)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, UnicodeError) as error:
                raise OfficeError(
                    _("%(file)s, line %(line)s: %(text)s; look for a quotation mark too many there")
                    % {"file": path.name, "line": reader.line_num, "text": error}
                ) from None
            yield reader.line_num, tuple(_csv_cell(one) for one in cells[:MAX_COLUMNS])


def _csv_cell(text: str) -> Cell | Formula:
    """``="00123"`` is how spreadsheet programs keep zeros in CSV; an apostrophe shields a text."""
    if text.startswith('="') and text.endswith('"') and '"' not in text[2:-1] and len(text) > 2:
        return text[2:-1]
    if text.startswith("="):
        return Formula()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@", "'", "\t", "\r") else text


def _workbook(path: Path) -> Iterator[Sheet]:
    import openpyxl  # noqa: PLC0415 - half a second, which only a workbook costs

    _check_zip(path)
    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(
                io.BytesIO(file.read()), read_only=True, data_only=False, keep_links=False
            )
    except _WORKBOOK_ERRORS as error:
        raise _damaged(path, error) from None
    with closing(book):
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            place = f"{path.name} [{sheet.title}]"
            # What it says of its size is not to be believed: a million columns of nothing cost a minute.
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
            yield Sheet(place, _capped(place, _book_rows(path, rows)))


def _book_rows(
    path: Path, rows: Iterator[tuple[object, ...]]
) -> Iterator[tuple[int, tuple[Cell | Formula, ...]]]:
    number = 0
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except _WORKBOOK_ERRORS as error:
            raise _damaged(path, error) from None
        number += 1
        yield number, tuple(_book_cell(one) for one in cells)


def _book_cell(value: object) -> Cell | Formula:
    return value if _plain(value) else Formula()


def _plain(value: object) -> TypeGuard[Cell]:
    if isinstance(value, str):
        return not value.startswith("=")
    return value is None or isinstance(value, int | float | date | time)


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except _WORKBOOK_ERRORS as error:
        raise _damaged(path, error) from None
    if len(parts) > MAX_ENTRIES or sum(one.file_size for one in parts) > MAX_UNPACKED_BYTES:
        raise OfficeError(
            _(
                "%(file)s: unpacks to more than %(most)s MiB or %(parts)s parts; it was refused unread. Save"
                " the table alone, as CSV"
            )
            % {"file": path.name, "most": MAX_UNPACKED_BYTES >> 20, "parts": MAX_ENTRIES}
        )
    strings = sum(one.file_size for one in parts if one.filename.lower().endswith("sharedstrings.xml"))
    if strings > MAX_STRINGS_BYTES:
        raise OfficeError(
            _("%(file)s: holds more than %(most)s MiB of text; save it as CSV")
            % {"file": path.name, "most": MAX_STRINGS_BYTES >> 20}
        )


def _damaged(path: Path, error: Exception) -> OfficeError:
    said = str(error)[:100] or type(error).__name__
    words = _("%(file)s: is no workbook that can be read (%(text)s); save it anew as .xlsx or CSV")
    return OfficeError(words % {"file": path.name, "text": said})
