"""Settings have a lowest value; the database needs no change for it, and what is set stays as it is."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import migrations, models

NOT_BELOW_ZERO = [MinValueValidator(0)]
AT_LEAST_ONE = [MinValueValidator(1)]

COUNTED = {
    "temporary_days": (14, "days of a temporary card"),
    "quota_below": (4, "cards below that area (13.4.2.1)"),
    "quota_from": (5, "cards from that area (13.4.2.2)"),
    "departed_days": (365, "days after which a departed person is erased"),
    "alarm_days": (365, "days that cleared alarms are kept"),
    "case_days": (1095, "days that words and signatures of closed cases are kept (KH-14)"),
    "slip_days": (365, "days that words of closed slips and moves are kept (KH-15)"),
    "complaint_days": (365, "days that complaints are kept"),
    "login_days": (180, "days that sign-ins are kept"),
}


class Migration(migrations.Migration):
    """No deposit and no area below zero; days and cards that are counted begin at one."""

    dependencies = (("registry", "0007_plates"),)

    operations = (
        migrations.AlterField(
            "policy",
            "temporary_deposit",
            models.DecimalField(
                "deposit of a temporary card",
                max_digits=8,
                decimal_places=2,
                default=Decimal(50),
                validators=NOT_BELOW_ZERO,
            ),
        ),
        migrations.AlterField(
            "policy",
            "quota_area_m2",
            models.DecimalField(
                "floor area from which five cards may be applied for (13.4.2)",
                max_digits=6,
                decimal_places=2,
                default=Decimal(130),
                validators=NOT_BELOW_ZERO,
            ),
        ),
        *(
            migrations.AlterField(
                "policy",
                name,
                models.PositiveSmallIntegerField(words, default=shipped, validators=AT_LEAST_ONE),
            )
            for name, (shipped, words) in COUNTED.items()
        ),
    )
