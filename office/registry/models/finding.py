"""The index by which "find anything" finds: ordinary rows, so that every database finds the same.

Whoever writes a record writes its keys: it is done by the models, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Final, TypeVar

from django.db import models, transaction

from office.registry.many_rows import insert_rows

AT_ONCE: Final = 1_000
"""Records whose keys are written together: what is held in memory of a long import."""


class FindKind(models.IntegerChoices):
    """What a key is of."""

    PERSON = 1
    PHONE = 2
    PLACE = 3
    PLATE = 4
    CARD = 5
    CARD_END = 6


class FindKey(models.Model):
    """One key of one record (`office.registry.find_keys`)."""

    kind = models.PositiveSmallIntegerField(choices=FindKind)
    key = models.BinaryField(max_length=255)
    record = models.PositiveBigIntegerField()
    """Id of the person, place, vehicle or chip."""

    class Meta:
        """Found by kind and beginning; written anew by record."""

        constraints = (
            models.UniqueConstraint(fields=["kind", "key", "record"], name="a_record_once_under_a_key"),
        )
        indexes = (models.Index(fields=["record", "kind"], name="find_key_by_record"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.record}"


class Findable(models.Model):
    """A record that is found by some of its fields."""

    FOUND_BY: ClassVar[frozenset[str]]
    """Fields that its keys are made of."""
    FIND_KINDS: ClassVar[tuple[FindKind, ...]]

    class Meta:
        """Adds no table."""

        abstract = True

    def save(self, **options: Any) -> None:  # noqa: ANN401 - Django's own
        """Write it, and its keys if they may have changed."""
        new, fields = self._state.adding, options.get("update_fields")
        with transaction.atomic(savepoint=False):
            super().save(**options)
            if fields is None or not self.FOUND_BY.isdisjoint(fields):
                write_keys([self], new=new)

    def find_keys(self) -> Iterator[tuple[FindKind, bytes]]:
        """Its keys as its fields are now."""
        raise NotImplementedError


Record = TypeVar("Record", bound=Findable)


class FindableQuerySet(models.QuerySet[Record]):
    """Writes the keys of what is written in bulk."""

    def bulk_create(
        self,
        objs: Iterable[Record],
        *args: Any,  # noqa: ANN401 - Django's own
        **options: Any,  # noqa: ANN401
    ) -> list[Record]:
        """Write them with their keys."""
        with transaction.atomic(savepoint=False):
            made = super().bulk_create(objs, *args, **options)
            write_keys(made, new=True)
        return made

    def update(self, **kwargs: object) -> int:
        """Change them, and their keys if these are made of what changes."""
        if self.model.FOUND_BY.isdisjoint(kwargs):
            return super().update(**kwargs)
        with transaction.atomic(savepoint=False):
            changed = list(self.values_list("pk", flat=True))
            rows = super().update(**kwargs)
            write_keys(list(type(self)(self.model).filter(pk__in=changed)), new=False)
        return rows


def write_keys(records: Sequence[Findable], *, new: bool) -> None:
    """Write the keys of records of one model; ``new``: they have none yet."""
    for at in range(0, len(records), AT_ONCE):
        some = records[at : at + AT_ONCE]
        if not new:
            FindKey.objects.filter(kind__in=some[0].FIND_KINDS, record__in=[one.pk for one in some]).delete()
        rows = ((kind.value, key, one.pk) for one in some for kind, key in one.find_keys())
        insert_rows(FindKey, ("kind", "key", "record"), rows)
