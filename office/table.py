"""One table of an estate file: typed answers, and errors that say where and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar

from office.errors import OfficeError
from sync.records import RecordError

Item = TypeVar("Item")
Member = TypeVar("Member", bound=Enum)


class Table:
    """Key-value pairs from a file; every key must be asked for before ``finish``."""

    def __init__(self, values: Mapping[str, object], place: str) -> None:
        """``place`` is how errors name this table: file, table, row."""
        self.place = place
        self._values = values
        self._asked: set[str] = set()

    def error(self, key: str, message: str) -> OfficeError:
        """An error about one key of this table."""
        return OfficeError(f"{self.place}, {key}: {message}")

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        self._asked.add(key)
        return key in self._values

    def read(self, key: str, convert: Callable[[object], Item]) -> Item:
        """The key's value as ``convert`` reads it (it raises ``ValueError``); it must be there."""
        if not self.has(key):
            raise self.error(key, "is missing; add it")
        try:
            return convert(self._values[key])
        except (ValueError, RecordError) as error:
            raise self.error(key, str(error)) from None

    def maybe(self, key: str, convert: Callable[[object], Item]) -> Item | None:
        """Like ``read``; ``None`` if the key is absent."""
        return self.read(key, convert) if self.has(key) else None

    def text(self, key: str) -> str:
        """A text that must be there."""
        return self.read(key, text)

    def whole(self, key: str) -> int:
        """A whole number that must be there."""
        return self.read(key, whole)

    def flag(self, key: str, *, otherwise: bool = False) -> bool:
        """True or false; ``otherwise`` if absent."""
        return self.read(key, flag) if self.has(key) else otherwise

    def words(self, key: str) -> list[str]:
        """A list of texts; empty if absent."""
        return self.read(key, words) if self.has(key) else []

    def tables(self, key: str) -> list[Table]:
        """The tables of an array ``[[key]]``, numbered from 1 in errors."""
        if not self.has(key):
            return []
        rows = self._values[key]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.error(key, f"must be tables; write [[{key}]] above each")
        return [Table(row, f"{self.place}, {key} {number}") for number, row in enumerate(rows, start=1)]

    def table(self, key: str) -> Table:
        """A single table ``[key]`` or inline table; it must be there."""
        return self.read(key, lambda value: Table(_mapping(value), f"{self.place}, {key}"))

    def finish(self) -> None:
        """Refuse keys nobody asked for: a misspelt one must not be overlooked."""
        unknown = sorted(self._values.keys() - self._asked)
        if unknown:
            known = ", ".join(sorted(self._asked))
            raise self.error(unknown[0], f"is not a key of this table; known are: {known}")


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError("must be a text in quotes")
    return value


def whole(value: object) -> int:
    """A whole number from 0."""
    if type(value) is not int or value < 0:
        raise ValueError("must be a whole number")
    return value


def flag(value: object) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise ValueError("must be true or false")
    return value


def words(value: object) -> list[str]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError('must be a list of texts, such as ["mon-fri 08:00-18:00"]')
    return value


def choice(members: type[Member]) -> Callable[[object], Member]:
    """A reader of an enum's member by its name in lower case."""

    def read(value: object) -> Member:
        for one in members:
            if value == one.name.lower():
                return one
        allowed = ", ".join(one.name.lower() for one in members)
        raise ValueError(f"{value!r} is not one of: {allowed}")

    return read


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")  # noqa: TRY004  # a person's typo, told like the others
    return value
