"""What may be wrong with a row, and in words: the rule, and the cure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from office.exchange.columns import HEADINGS, TableKind


class Flaw(StrEnum):
    """Stable codes; rows with one of them are left out."""

    UNREADABLE = "unreadable"
    NO_TABLE = "no_table"
    COLUMN_MISSING = "column_missing"
    COLUMN_TWICE = "column_twice"
    MISSING = "missing"
    FORMULA = "formula"
    TOO_LONG = "too_long"
    CONTROL_CHARACTERS = "control_characters"
    NUMBER_CELL = "number_cell"
    NOT_HEXADECIMAL = "not_hexadecimal"
    NOT_A_DAY = "not_a_day"
    DAY_TOO_FAR = "day_too_far"
    NOT_AN_AREA = "not_an_area"
    NOT_A_CHOICE = "not_a_choice"
    ENDS_TOO_EARLY = "ends_too_early"
    PLACE_TWICE = "place_twice"
    NO_SUCH_PLACE = "no_such_place"
    NO_SUCH_PERSON = "no_such_person"
    NO_SUCH_DOOR = "no_such_door"
    NAME_DIFFERS = "name_differs"
    CHIP_TWICE = "chip_twice"
    CHIP_IN_USE = "chip_in_use"
    CHIPS_ALIKE = "chips_alike"
    PLATE_ELSEWHERE = "plate_elsewhere"
    NO_CLERK = "no_clerk"


class Remark(StrEnum):
    """What is listed and not refused."""

    COLUMN_IGNORED = "column_ignored"
    NO_SIGNATURE = "no_signature"
    NO_RELATION = "no_relation"
    QUOTA_EXCEEDED = "quota_exceeded"
    AREA_DIFFERS = "area_differs"
    WHOLE_ESTATE = "whole_estate"
    CARDS_LEFT_OUT = "cards_left_out"
    OUTAGES_LEFT_OUT = "outages_left_out"


class Problem(Struct, frozen=True):
    """One thing about one row."""

    place: str
    """File and sheet."""
    row: int
    field: str
    code: Flaw | Remark
    facts: dict[str, object]

    @property
    def refused(self) -> bool:
        """Whether the row is left out."""
        return isinstance(self.code, Flaw)

    def heading(self) -> str:
        """The field as Chinese spreadsheets name it, beside its key."""
        for kind in TableKind:
            words = HEADINGS[kind].get(self.field)
            if words:
                return f"{self.field} ({words[0]})"
        return self.field

    def rule(self) -> str:
        """What does not hold, in the language of the moment."""
        return str(WORDS[self.code][0]) % self.facts

    def cure(self) -> str:
        """What to do about it."""
        return str(WORDS[self.code][1]) % self.facts


WORDS: Final[Mapping[Flaw | Remark, tuple[Promise, Promise]]] = {
    Flaw.UNREADABLE: (_("The file cannot be read on: %(text)s"), _("Follow the text, then import again.")),
    Flaw.NO_TABLE: (
        _("The first row names no table of places, doors, persons or cards."),
        _("Write the headings of docs/office.md into the first row."),
    ),
    Flaw.COLUMN_MISSING: (_("The table has no column %(column)s."), _("Add the column.")),
    Flaw.COLUMN_TWICE: (_("The column is there twice."), _("Remove one of them.")),
    Flaw.MISSING: (_("The cell is empty, and must not be."), _("Fill it in.")),
    Flaw.FORMULA: (
        _("The cell holds a formula; what it says depends on who opens the file."),
        _("Copy the column and paste it as values."),
    ),
    Flaw.TOO_LONG: (_("Longer than %(most)s characters."), _("Shorten it.")),
    Flaw.CONTROL_CHARACTERS: (
        _("Holds characters that cannot be seen."),
        _("Type the text anew instead of copying it."),
    ),
    Flaw.NUMBER_CELL: (
        _("The card number is stored as a number, which loses zeros in front."),
        _("Format the column as text and fill it in anew."),
    ),
    Flaw.NOT_HEXADECIMAL: (
        _("“%(value)s” is no card number in hexadecimal."),
        _("Write the chip's whole number such as 04A1B2C3, two digits a byte."),
    ),
    Flaw.NOT_A_DAY: (_("“%(value)s” is no day."), _("Write a day such as 2026-10-01.")),
    Flaw.DAY_TOO_FAR: (
        _("“%(value)s” lies too far off."),
        _("Write a day from %(first)s to %(last)s, or none where nothing ends."),
    ),
    Flaw.NOT_AN_AREA: (
        _("“%(value)s” is no floor area."),
        _("Write square metres with at most two decimals, such as 129.99."),
    ),
    Flaw.NOT_A_CHOICE: (_("“%(value)s” is not known here."), _("Write one of: %(choices)s.")),
    Flaw.ENDS_TOO_EARLY: (_("It ends before it begins."), _("Correct one of the two days.")),
    Flaw.PLACE_TWICE: (
        _("The place is in row %(other)s, too."),
        _("Remove one of the rows, or correct the number."),
    ),
    Flaw.NO_SUCH_PLACE: (
        _("There is no place “%(value)s”."),
        _("Write it as in the table of places, parts separated by spaces, or add it there."),
    ),
    Flaw.NO_SUCH_PERSON: (
        _("There is no person with the number “%(value)s”."),
        _("Add the person to the table of persons, or correct the number."),
    ),
    Flaw.NO_SUCH_DOOR: (
        _("There is no door “%(value)s”."),
        _("Give the estate file with the doors along, or correct the name."),
    ),
    Flaw.NAME_DIFFERS: (
        _("The number belongs to somebody of another name (row %(other)s)."),
        _("Give each person a number of their own."),
    ),
    Flaw.CHIP_TWICE: (
        _("The same chip is in row %(other)s."),
        _("Find out who has it, and remove the other row."),
    ),
    Flaw.CHIP_IN_USE: (
        _("The chip belongs to a running card already."),
        _("Withdraw that card first, or remove this row."),
    ),
    Flaw.CHIPS_ALIKE: (
        _("A reader of this estate cannot tell it from chip %(other)s."),
        _("Exchange one of the two cards."),
    ),
    Flaw.PLATE_ELSEWHERE: (
        _("The plate is registered for another unit or keeper."),
        _("Correct the plate, or change the vehicle at the desk first."),
    ),
    Flaw.NO_CLERK: (
        _("A lost card is taken over as an open case, which needs somebody who answers for it."),
        _("Import at the desk, or with --as and the name of a member of staff."),
    ),
    Remark.COLUMN_IGNORED: (_("The column is not taken in."), _("Nothing need be done.")),
    Remark.NO_SIGNATURE: (
        _("No signature is on record (13.6)."),
        _("Have the holder sign at the next visit."),
    ),
    Remark.NO_RELATION: (
        _("The relation to the applicant is not on record (13.2); it counts as not direct."),
        _("Ask at the next visit."),
    ),
    Remark.QUOTA_EXCEEDED: (
        _("The unit then has %(cards)s resident cards, where %(limit)s are allowed (%(rule)s)."),
        _("Nothing is withdrawn; no further card can be applied for."),
    ),
    Remark.AREA_DIFFERS: (
        _("The place is there with another floor area (%(value)s)."),
        _("It is left as it is; correct it at the desk."),
    ),
    Remark.WHOLE_ESTATE: (
        _("Nobody says which place this door serves."),
        _("It serves the whole estate; give a table of doors, or correct it at the desk."),
    ),
    Remark.CARDS_LEFT_OUT: (
        _("The estate file's own cards have no holders and are not taken in."),
        _("Give them as a table of cards."),
    ),
    Remark.OUTAGES_LEFT_OUT: (
        _("The estate file's outages say no cause and are not taken in."),
        _("Register them at the desk."),
    ),
}
