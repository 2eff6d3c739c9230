"""Tables as people hand them in, and an import of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from office.exchange.problems import Problem
from office.exchange.taking_in import Job, Tally, check, take_in
from tests.support.office_estate import NOW, OfficeEstate

ESTATE_ID = bytes.fromhex("6761746568303031")
PLACES = (
    ("楼栋", "单元", "房号", "建筑面积"),
    ("2栋", "1单元", "201", "129.99"),
    ("2栋", "1单元", "202", "130"),
)
PERSONS = (
    ("编号", "姓名", "电话", "房产", "身份", "入住日期"),
    ("P1", "王一", "10000000001", "2栋 1单元 201", "业主", "2020-01-01"),
    ("P2", "李二", "", "2栋/1单元/202", "住户", "2020年3月1日"),
)
CARDS = (
    ("卡号", "卡种", "编号", "房产", "关系", "签收日期"),
    ("04B00001", "住户卡", "P1", "2栋 1单元 201", "本人", "2021-05-01"),
    ("04:B0:00:02", "", "P2", "2栋 1单元 202", "", ""),
)

Rows = Sequence[Sequence[object]]


def csv_file(path: Path, rows: Rows, encoding: str = "utf-8-sig", delimiter: str = ",") -> Path:
    """A CSV file of these rows."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def workbook(path: Path, **sheets: Rows) -> Path:
    """A workbook of these sheets."""
    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


class Import:
    """An import into a small estate, step by step."""

    def __init__(self, estate: OfficeEstate, directory: Path) -> None:
        self.estate = estate
        self.directory = directory
        self.problems: list[Problem] = []

    def files(self, *, places: Rows = PLACES, persons: Rows = PERSONS, cards: Rows = CARDS) -> list[Path]:
        """The three tables as CSV."""
        tables = {"places": places, "persons": persons, "cards": cards}
        return [csv_file(self.directory / f"{name}.csv", rows) for name, rows in tables.items()]

    def job(self, *files: Path, batch: str = "autumn", user: object = None) -> Job:
        """An import of these files."""
        return Job(files, batch, NOW, user, ESTATE_ID)  # type: ignore[arg-type]

    def check(self, *files: Path, **given: object) -> Tally:
        """The dry run; problems are kept."""
        self.problems.clear()
        return check(self.job(*files, **given), self.problems.append, quiet)  # type: ignore[arg-type]

    def run(self, *files: Path, **given: object) -> Tally:
        """Write it."""
        return take_in(self.job(*files, **given), quiet)  # type: ignore[arg-type]

    def codes(self) -> set[tuple[str, int, str]]:
        """What the dry run found: code, row, field."""
        return {(one.code.value, one.row, one.field) for one in self.problems}


def quiet(_what: str, _rows: int) -> None:
    """Nobody watches."""
