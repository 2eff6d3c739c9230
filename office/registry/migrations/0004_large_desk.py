"""For the largest estates: the index of "find anything", filled from the records."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from office.registry.find_keys import beginnings, ends, inside, inside_words
from office.registry.many_rows import insert_rows

PERSON, PHONE, PLACE, PLATE, CARD, CARD_END = range(1, 7)
AT_ONCE = 5_000
"""Rows in memory."""

Keys = Iterable[tuple[int, bytes]]


def _of_person(name: str, phone: str) -> Keys:
    yield from ((PERSON, one) for one in inside(name))
    yield from ((PHONE, one) for one in beginnings([phone]))


def _of_place(full_name: str) -> Keys:
    return ((PLACE, one) for one in inside_words(full_name))


def _of_vehicle(plate: str) -> Keys:
    return ((PLATE, one) for one in inside(plate))


def _of_chip(number: str, printed: str) -> Keys:
    yield from ((CARD, one) for one in beginnings([number, printed]))
    yield from ((CARD_END, one) for one in ends([number, printed]))


FOUND: tuple[tuple[str, tuple[str, ...], Callable[..., Keys]], ...] = (
    ("Person", ("name", "phone"), _of_person),
    ("Place", ("full_name",), _of_place),
    ("Vehicle", ("plate",), _of_vehicle),
    ("Chip", ("number", "printed"), _of_chip),
)


def fill(apps: StateApps, _editor: BaseDatabaseSchemaEditor | None) -> None:
    """Write the keys of every record, a few thousand at a time."""
    table = apps.get_model("registry", "FindKey")

    def rows() -> Iterator[tuple[int, bytes, int]]:
        for name, fields, keys in FOUND:
            model = apps.get_model("registry", name)
            for record, *texts in model.objects.values_list("pk", *fields).iterator():
                yield from ((kind, key, record) for kind, key in keys(*texts))

    stream = rows()
    while some := list(islice(stream, AT_ONCE)):
        insert_rows(table, ("kind", "key", "record"), some)


class Migration(migrations.Migration):
    """After the first release's tables."""

    dependencies = (("registry", "0003_mass_change_alarm"),)
    operations = (
        migrations.CreateModel(
            name="FindKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Person"),
                            (2, "Phone"),
                            (3, "Place"),
                            (4, "Plate"),
                            (5, "Card"),
                            (6, "Card End"),
                        ]
                    ),
                ),
                ("key", models.BinaryField(max_length=255)),
                ("record", models.PositiveBigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["record", "kind"], name="find_key_by_record")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "key", "record"), name="a_record_once_under_a_key"
                    )
                ],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    )
