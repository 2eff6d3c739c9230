"""One retention setting a kind of record, and why a person is held."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Every column has the shipped value for rows that are there."""

    dependencies = (("registry", "0004_large_desk"),)

    operations = (
        migrations.AddField(
            model_name="person",
            name="hold_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="reason of the legal hold"),
        ),
        migrations.AddField(
            model_name="policy",
            name="alarm_days",
            field=models.PositiveSmallIntegerField(
                default=365, verbose_name="days that cleared alarms are kept"
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="case_days",
            field=models.PositiveSmallIntegerField(
                default=1095, verbose_name="days that words and signatures of closed cases are kept (KH-14)"
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="complaint_days",
            field=models.PositiveSmallIntegerField(default=365, verbose_name="days that complaints are kept"),
        ),
        migrations.AddField(
            model_name="policy",
            name="login_days",
            field=models.PositiveSmallIntegerField(default=180, verbose_name="days that sign-ins are kept"),
        ),
        migrations.AddField(
            model_name="policy",
            name="slip_days",
            field=models.PositiveSmallIntegerField(
                default=365, verbose_name="days that words of closed slips and moves are kept (KH-15)"
            ),
        ),
    )
