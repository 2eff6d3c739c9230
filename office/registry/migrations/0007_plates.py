"""A plate may belong to another unit or keeper once its vehicle is gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Every vehicle on record is there still: nobody has said that it is gone."""

    dependencies = (("registry", "0006_loss_cases"),)

    operations = (
        migrations.AddField(model_name="vehicle", name="gone_on", field=models.DateField(null=True)),
        migrations.AlterField(
            model_name="vehicle",
            name="plate",
            field=models.CharField(max_length=20, verbose_name="plate"),
        ),
        migrations.AddConstraint(
            model_name="vehicle",
            constraint=models.UniqueConstraint(
                condition=models.Q(("gone_on__isnull", True)),
                fields=("plate",),
                name="a_plate_is_of_one_vehicle_at_a_time",
            ),
        ),
    )
