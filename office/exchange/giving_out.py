"""Everything as CSV in a zip file, a table at a time; and all that refers to one person."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Final

from django.db import transaction
from django.db.models import ManyToOneRel, Model, Q

from office.casework.actor import Actor
from office.casework.trail import record
from office.exchange.one_state import one_state
from office.lists.store import store_address
from office.registry.models import (
    Account,
    Alarm,
    ArchivedForm,
    AuditEntry,
    Issue,
    LossCase,
    Person,
    StaffRole,
    UsageEvent,
    Vehicle,
)

RULE: Final = "access"
"""PIPL art. 45: whoever is on record may see and have it."""
LEFT_OUT: Final = (
    *("sqlite_", "axes_", "django_", "auth_permission", "auth_group", "auth_user_"),
    "registry_findkey",
)
"""SQLite's and Django's own tables: sessions, logins, rights that nobody uses; and an index of others."""
SECRET: Final = frozenset((("auth_user", "password"), ("registry_estaterules", "pin_salt")))
FOLLOWED: Final[frozenset[type[Model]]] = frozenset((Person, Issue, Vehicle, Account, LossCase))
"""What is the person's own: whatever refers to it refers to the person."""
_SHIELDED: Final = ("=", "+", "-", "@", "'", "\t", "\r")


def everything(out: IO[bytes]) -> dict[str, int]:
    """Every table as of one moment, without stopping the office; rows by table."""
    counts = {}
    with (
        one_state(store_address()) as state,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive,
    ):
        for table, every in state.tables().items():
            if table.startswith(LEFT_OUT):
                continue
            columns = [one for one in every if (table, one) not in SECRET]
            counts[table] = _write(archive, table, columns, state.rows(table, columns))
    return counts


@transaction.atomic
def of_person(actor: Actor, person_id: int, out: IO[bytes]) -> dict[str, int]:
    """Everything that refers to a person; that it was given out is in the trail. Rows by table.

    Raises:
        RuleError: only the manager gives it out.
    """
    actor.must_be(StaffRole.MANAGER, RULE)
    counts = write_person(Person.objects.get(pk=person_id), out)
    record(actor.at, actor.user, RULE, "personal data given out", f"person:{person_id}", **counts)
    return counts


def write_person(person: Person, out: IO[bytes]) -> dict[str, int]:
    """Everything that refers to a person, a table each."""
    found = referring(person)
    issues, subjects = found.get(Issue, set()), _subjects(found)
    counts = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for model, keys in sorted(found.items(), key=lambda one: one[0].__name__):
            counts[model.__name__] = _write_model(archive, model, Q(pk__in=keys))
        for model, which in (
            (UsageEvent, Q(issue_id__in=issues)),
            (Alarm, Q(issue_id__in=issues)),
            (AuditEntry, Q(subject__in=subjects)),
            (ArchivedForm, Q(subject__in=subjects)),
        ):
            counts[model.__name__] = _write_model(archive, model, which)
    return counts


def referring(person: Person) -> dict[type[Model], set[int]]:
    """Keys by model, walked from the person along whatever refers to what is the person's own."""
    found: dict[type[Model], set[int]] = {Person: {person.pk}}
    waiting: list[tuple[type[Model], set[int]]] = [(Person, {person.pk})]
    while waiting:
        model, keys = waiting.pop()
        for field in model._meta.get_fields(include_hidden=True):  # noqa: SLF001 - Django's documented API
            if not isinstance(field, ManyToOneRel) or not isinstance(field.related_model, type):
                continue
            other = field.related_model
            rows = other._default_manager.filter(**{f"{field.field.name}__in": keys})  # noqa: SLF001
            new = set(rows.values_list("pk", flat=True)) - found.get(other, set())
            if new:
                found.setdefault(other, set()).update(new)
                if other in FOLLOWED:
                    waiting.append((other, new))
    return found


def _subjects(found: dict[type[Model], set[int]]) -> list[str]:
    return [f"{model.__name__.lower()}:{key}" for model, keys in found.items() for key in keys]


def _write_model(archive: zipfile.ZipFile, model: type[Model], which: Q) -> int:
    columns = [one.attname for one in model._meta.concrete_fields]  # noqa: SLF001
    rows = model._default_manager.filter(which).order_by("pk").values_list(*columns)  # noqa: SLF001
    return _write(archive, model.__name__.lower(), columns, rows.iterator())


def _write(
    archive: zipfile.ZipFile, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    count = 0
    with archive.open(f"{name}.csv", "w", force_zip64=True) as part:
        text = io.TextIOWrapper(part, encoding="utf-8-sig", newline="", write_through=False)
        writer = csv.writer(text)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(one) for one in row])
            count += 1
        text.flush()
        text.detach()
    return count


def _cell(value: object) -> object:
    """A cell that no spreadsheet program takes for a formula; an import reads it back as it was."""
    match value:
        case bytes() | memoryview():
            return bytes(value).hex()
        case datetime():
            return value.isoformat()
        case str() if value.startswith(_SHIELDED):
            return f"'{value}"
        case _:
            return value
