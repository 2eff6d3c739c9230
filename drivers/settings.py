"""Typed settings from a config table: a frozen structure filled key by key, nothing guessed.

A field is ``bool``, ``int``, ``float``, ``str``, an ``Enum`` (written by value), another
structure (a table), ``tuple[X, ...]`` (a list), ``Mapping[str, X]`` (named tables or values),
or ``X | None`` with a default. ``Annotated[int, Range(1, 16)]`` and ``Annotated[str, Length(1, 64)]``
bound a value. Every device section is read this way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields

from drivers.ports import DriverSettingsError

Settings = TypeVar("Settings", bound=Struct)


class Range(Struct, frozen=True):
    """Inclusive bounds of a number."""

    low: float
    high: float


class Length(Struct, frozen=True):
    """Inclusive bounds of a text's length in characters."""

    low: int
    high: int


def load_settings(settings: type[Settings], table: Mapping[str, object], *, where: str) -> Settings:
    """Fill ``settings`` from ``table``; ``where`` (file and section) opens each line of an error.

    Raises:
        DriverSettingsError: one line for every unknown, missing, mistyped or out-of-range key, and
            for a structure whose own ``__post_init__`` refuses the values (``ValueError``).
    """
    problems: list[str] = []
    made = _make(settings, table, where, problems)
    if made is None:
        raise DriverSettingsError("\n".join(problems))
    return made


def _make(
    settings: type[Settings], table: Mapping[str, object], where: str, problems: list[str]
) -> Settings | None:
    before = len(problems)
    values = _fill(settings, table, where, problems)
    if len(problems) > before:
        return None
    try:
        return settings(**values)
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return None


def _fill(
    settings: type[Struct], table: Mapping[str, object], where: str, problems: list[str]
) -> dict[str, object]:
    declared = _declared(settings)
    known = ", ".join(sorted(declared)) or "none"
    problems.extend(
        f"{where}: unknown key {key!r}; known keys: {known}" for key in table if key not in declared
    )
    values: dict[str, object] = {}
    for name, field in declared.items():
        if name in table:
            values[name] = _convert(field.hint, table[name], f"{where}: {name}", problems)
        elif field.required:
            problems.append(f"{where}: key {name!r} is missing")
    return values


class _Field(Struct, frozen=True):
    hint: Any
    required: bool


@cache
def _declared(settings: type[Struct]) -> dict[str, _Field]:
    """The fields of a settings type; kept, for reading them anew for every device took 3 ms of a start."""
    return {one.name: _Field(one.type, one.required) for one in fields(settings)}


def _convert(hint: Any, value: object, where: str, problems: list[str]) -> object:  # noqa: ANN401 - a type form
    """``value`` as ``hint`` asks; a problem is noted and None returned (the whole load fails then)."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        checked = _convert(arguments[0], value, where, problems)
        if checked is not None:
            problems.extend(
                f"{where} {wrong}" for bound in arguments[1:] if (wrong := _outside(bound, checked))
            )
        return checked
    if origin in (Union, UnionType):
        (inner,) = (one for one in arguments if one is not NoneType)
        return _convert(inner, value, where, problems)
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(arguments[0], one, f"{where}[{i}]", problems) for i, one in enumerate(value))
    if isinstance(value, Mapping):
        if origin is Mapping:
            return {
                k: _convert(arguments[1], one, f"{where}.{_shown(k)}", problems) for k, one in value.items()
            }
        if isinstance(hint, type) and issubclass(hint, Struct):
            return _make(hint, value, where, problems)
    return _plain(origin or hint, value, lambda wrong: problems.append(f"{where} {wrong}"))


def _shown(key: str) -> str:
    """A section's name as it stands in the file; quoted where it would garble the message."""
    return key if key.isidentifier() else repr(key)


def _plain(hint: Any, value: object, refuse: Callable[[str], None]) -> object:  # noqa: ANN401 - a type form
    if hint is Any:
        return value
    if isinstance(hint, type) and issubclass(hint, Enum):
        for member in hint:
            if type(value) is type(member.value) and value == member.value:
                return member
        refuse(f"must be one of {', '.join(repr(member.value) for member in hint)}, not {value!r}")
        return None
    if hint is float and type(value) is int and abs(value) <= _EXACT_IN_FLOAT:
        return float(value)
    # `type() is`: True must not pass for 1. Tables and lists that fit were taken before.
    if hint in (bool, int, float, str) and type(value) is hint:
        return value
    if hint not in _WORDS and not (isinstance(hint, type) and issubclass(hint, Struct)):
        raise TypeError(f"a settings field cannot be {hint!r}")
    refuse(f"must be {_WORDS.get(hint, 'a table')}, not {value!r}")
    return None


_EXACT_IN_FLOAT = 2**53
"""A larger whole number would be taken for another (or for none at all)."""

_WORDS: Mapping[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    tuple: "a list",
    Mapping: "a table",
}


def _outside(bound: object, value: object) -> str | None:
    """How ``value`` breaks ``bound``, or None."""
    match bound, value:
        case Range(low, high), int() | float():
            # Written so that NaN fails too.
            return None if low <= value <= high else f"must be {low:g} to {high:g}, not {value!r}"
        case Length(low, high), str():
            fits = low <= len(value) <= high
            return None if fits else f"must have {low} to {high} characters, not {len(value)}"
        case _:
            raise TypeError(f"{bound!r} does not bound {value!r}")
