"""One more kind of alarm; the database needs no change for it."""

from __future__ import annotations

from django.db import migrations, models

from office.registry.models.alarms import AlarmKind


class Migration(migrations.Migration):
    """A change that waits for the manager's signature."""

    dependencies = (("registry", "0002_hub_and_relations"),)
    operations = (
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(choices=AlarmKind, max_length=16),
        ),
    )
