"""One row of a table: typed answers, and every problem of it noted instead of the first one raised."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from office.exchange.problems import Flaw, Problem, Remark
from office.exchange.sheets import Cell, Formula
from office.notation import FIRST_DAY, LAST_DAY
from sync.records import Credential, RecordError, Technology

_INVISIBLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Control characters and marks that turn the writing direction: what hides in a copied text."""
_DAY: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?")
_LARGEST_AREA: Final = Decimal(999_999)
_YES: Final = frozenset(("1", "true", "yes", "y", "是", "√"))
_NO: Final = frozenset(("", "0", "false", "no", "n", "否"))


class Row:
    """A row by column keys; what is wrong with it goes to ``note``."""

    def __init__(
        self, place: str, number: int, cells: Mapping[str, Cell | Formula], note: Callable[[Problem], None]
    ) -> None:
        self.place = place
        self.number = number
        self.refused = False
        self._cells = cells
        self._note = note

    def refuse(self, field: str, flaw: Flaw, **facts: object) -> None:
        """Leave the row out."""
        self.refused = True
        self._note(Problem(self.place, self.number, field, flaw, facts))

    def remark(self, field: str, remark: Remark, **facts: object) -> None:
        """List something that does not hold the row back."""
        self._note(Problem(self.place, self.number, field, remark, facts))

    def text(self, field: str, most: int, *, needed: bool = False) -> str:
        """A text with single spaces; empty if absent or refused."""
        cell = self._cells.get(field)
        if isinstance(cell, Formula):
            self.refuse(field, Flaw.FORMULA)
            return ""
        found = " ".join(_as_text(cell).split())
        if not found and needed:
            self.refuse(field, Flaw.MISSING)
        if len(found) > most:
            self.refuse(field, Flaw.TOO_LONG, most=most)
            return ""
        if _INVISIBLE.search(found):
            self.refuse(field, Flaw.CONTROL_CHARACTERS)
            return ""
        return found

    def choice(self, field: str, choices: Mapping[str, str], otherwise: str) -> str:
        """One of the words; several may stand for one answer."""
        found = self.text(field, 40)
        if not found:
            return otherwise
        if found.lower() not in choices:
            self.refuse(field, Flaw.NOT_A_CHOICE, value=found, choices=", ".join(choices))
            return otherwise
        return choices[found.lower()]

    def flag(self, field: str) -> bool:
        """Yes or no; no if absent."""
        found = self.text(field, 40).lower()
        if found not in _YES and found not in _NO:
            self.refuse(field, Flaw.NOT_A_CHOICE, value=found, choices="yes, no, 是, 否")
        return found in _YES

    def day(self, field: str) -> date | None:
        """A calendar day, not so far off that no time can be counted with it."""
        day = self._any_day(field)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            bounds = {"first": FIRST_DAY.isoformat(), "last": LAST_DAY.isoformat()}
            self.refuse(field, Flaw.DAY_TOO_FAR, value=day.isoformat(), **bounds)
            return None
        return day

    def _any_day(self, field: str) -> date | None:
        cell = self._cells.get(field)
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        found = self.text(field, 40)
        if not found:
            return None
        matched = _DAY.fullmatch(found)
        try:
            day = None if matched is None else date(*(int(one) for one in matched.groups()))
        except ValueError:  # the 31st of June
            day = None
        if day is None:
            self.refuse(field, Flaw.NOT_A_DAY, value=found)
        return day

    def area(self, field: str) -> Decimal | None:
        """A floor area in m²."""
        found = self.text(field, 40).removesuffix("㎡").removesuffix("m²").removesuffix("平方米").strip()
        if not found:
            return None
        try:
            area = Decimal(found)
            exact = area.quantize(Decimal("0.01"))
        except InvalidOperation:
            area = exact = Decimal("NaN")
        if not area.is_finite() or area != exact or not 0 < area <= _LARGEST_AREA:
            self.refuse(field, Flaw.NOT_AN_AREA, value=found)
            return None
        return exact

    def chip(self, field: str, technology: Technology) -> Credential | None:
        """A chip's whole number."""
        cell = self._cells.get(field)
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            self.refuse(field, Flaw.NUMBER_CELL)
            return None
        found = self.text(field, 128, needed=True)
        if not found:
            return None
        try:
            return Credential(technology, bytes.fromhex(re.sub("[ :-]", "", found)))
        except (ValueError, RecordError):
            self.refuse(field, Flaw.NOT_HEXADECIMAL, value=found)
            return None


def _as_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() | date():
            return cell.isoformat()[:10]
        case _:
            return str(cell)


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day of the estate."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def day_is_over(day: date, zone: ZoneInfo) -> datetime:
    """24:00 of a day of the estate."""
    return day_begins(day + timedelta(days=1), zone)
