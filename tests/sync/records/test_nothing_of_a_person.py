"""No record of a permission list has a field that could hold a person's name, address or phone number."""

from __future__ import annotations

from datetime import date
from enum import Enum
from importlib import import_module
from inspect import getmembers, isclass
from pkgutil import iter_modules
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from sync import records

TEXTS = {"ListSettings.time_zone"}
"""A time zone's name, which a gate knows or refuses."""
BYTES = {"Credential.number", "Pin.salt", "Pin.digest", "Pin.duress_digest", "PinOnly.salt"}
"""A chip's number, and what a PIN is compared by."""
OPAQUE = (int, float, type(None), Enum, date)


def structures() -> dict[str, type[Struct]]:
    modules = [import_module(f"sync.records.{one.name}") for one in iter_modules(records.__path__)]
    return {
        name: one
        for module in modules
        for name, one in getmembers(module, isclass)
        if issubclass(one, Struct) and one.__module__.startswith("sync.records.")
    }


def leaves(hint: Any) -> set[type]:
    """The types that a field is made of, containers and unions opened."""
    inner = [one for one in get_args(hint) if one is not Ellipsis]
    return {leaf for one in inner for leaf in leaves(one)} if inner else {hint}


def test_texts_and_bytes_of_the_permission_list_are_these() -> None:
    found = structures()
    assert {"Grant", "Tombstone", "Credential", "ListSettings", "Schedule", "Holiday"} <= found.keys()
    kinds: dict[type, set[str]] = {str: set(), bytes: set()}
    for name, one in found.items():
        for field, hint in get_type_hints(one).items():
            for leaf in leaves(hint):
                if leaf in kinds:
                    kinds[leaf].add(f"{name}.{field}")
                else:
                    assert leaf in found.values() or issubclass(leaf, OPAQUE), f"{name}.{field}: {leaf}"
    assert kinds == {str: TEXTS, bytes: BYTES}
