"""Files from outside: damaged, hostile, or merely saved by another program."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from office.errors import OfficeError
from office.exchange import sheets
from office.exchange.sheets import Formula, open_sheets
from tests.support.import_files import PLACES, workbook


def sound() -> bytes:
    """A workbook with nothing wrong."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in PLACES:
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


SOUND = sound()


def read(path: Path) -> list[tuple[int, tuple[object, ...]]]:
    return [row for sheet in open_sheets(path) for row in sheet.rows]


def rewritten(path: Path, part: str, data: bytes) -> Path:
    """The workbook with one part replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {one.filename: archive.read(one) for one in archive.infolist()}
    parts[part] = data
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_a_zip_bomb_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_UNPACKED_BYTES", 16 << 20)
    path = workbook(tmp_path / "x.xlsx", places=PLACES)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/media/image1.png", "w") as part,
    ):
        for _ in range(17):
            part.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(OfficeError, match="refused unread"):
        read(path)


def test_a_size_that_a_part_lies_about_is_not_believed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", places=PLACES)
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02")
    while (name := bytes(data[start + 46 : start + 46 + 24])) != b"xl/worksheets/sheet1.xml":
        assert name
        start = data.index(b"PK\x01\x02", start + 4)
    data[start + 24 : start + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(OfficeError, match="no workbook that can be read"):
        read(path)


def test_a_workbook_that_claims_a_million_columns_is_read_in_a_moment(tmp_path: Path) -> None:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<dimension ref="A1:XFD1048576"/><sheetData><row r="1">'
        '<c r="A1" t="inlineStr"><is><t>楼栋</t></is></c>'
        '<c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>'
    )
    path = rewritten(workbook(tmp_path / "x.xlsx", a=PLACES), "xl/worksheets/sheet1.xml", sheet.encode())
    ((number, cells),) = read(path)
    assert number == 1
    assert cells[0] == "楼栋"
    assert len(cells) <= sheets.MAX_COLUMNS


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    for letter, before in zip("bcdefghij", "abcdefghi", strict=True):
        bomb += f'<!ENTITY {letter} "{f"&{before};" * 10}">'
    sheet = (
        f'<?xml version="1.0"?>{bomb}]><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&j;</t></is></c></row></sheetData></worksheet>'
    )
    path = rewritten(workbook(tmp_path / "x.xlsx", a=PLACES), "xl/worksheets/sheet1.xml", sheet.encode())
    with pytest.raises(OfficeError, match="no workbook that can be read"):
        read(path)


def test_formulas_are_told_from_texts(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["=1+1", "1", 2, 129.5, None])
    book.save(tmp_path / "x.xlsx")
    ((_, cells),) = read(tmp_path / "x.xlsx")
    assert cells[:4] == (Formula(), "1", 2, 129.5)
    (tmp_path / "x.csv").write_text("=\"00123\",=1+1,'=kept,'plain\n", encoding="utf-8")
    assert read(tmp_path / "x.csv") == [(1, ("00123", Formula(), "=kept", "'plain"))]


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 3)
    (tmp_path / "x.csv").write_text("a\n" * 4, encoding="utf-8")
    with pytest.raises(OfficeError, match="more than 3 rows"):
        read(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a,b\n\xff\xff\xff\n", "neither UTF-8 nor GB18030"),
        (b"a,\0b\n", "zero bytes"),
        (b'a,"b\n' + b"x" * 200_000, "line"),
        (b'a,"b"c\n', "quotation mark"),
    ],
)
def test_what_is_no_csv_is_told_with_a_cure(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    with pytest.raises(OfficeError, match=said):
        read(tmp_path / "x.csv")


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(OfficeError, match="save an old .xls as .xlsx"):
        read(tmp_path / "x.xls")
    with pytest.raises(OfficeError, match="No such file"):
        read(tmp_path / "none.csv")


@given(st.binary(max_size=300), st.sampled_from([".csv", ".xlsx"]))
def test_noise_raises_one_error_type(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, kind: str
) -> None:
    path = tmp_path_factory.mktemp("noise") / f"x{kind}"
    path.write_bytes(data)
    said = path.name
    try:
        read(path)
    except OfficeError as error:
        said = str(error)
    assert path.name in said


@settings(max_examples=30)
@given(st.integers(0, 6_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_raises_one_error_type(
    tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes
) -> None:
    directory = tmp_path_factory.mktemp("damaged")
    path = directory / "x.xlsx"
    data = bytearray(SOUND)
    at %= len(data)
    data[at : at + len(noise)] = noise
    path.write_bytes(data)
    said = path.name
    try:
        read(path)
    except OfficeError as error:
        said = str(error)
    assert path.name in said
