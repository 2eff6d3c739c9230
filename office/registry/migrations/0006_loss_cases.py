"""Who worked on a loss case in which part, who let a found card open again, and deposits that were kept."""

from collections.abc import Iterator

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

CLERKS_WROTE = ("reported suspended", "suspension confirmed", "balance spoken of", "card found")
"""What the trail says of a clerk's step before a review."""


def fill(apps: StateApps, _editor: BaseDatabaseSchemaEditor | None) -> None:
    """What each case says itself; of one that waits for a reviewer also what the trail says."""
    case_model, part_model = apps.get_model("registry", "LossCase"), apps.get_model("registry", "CasePart")
    trail = apps.get_model("registry", "AuditEntry")
    to_review = case_model.objects.filter(state="reported", reviewer=None)
    to_restore = case_model.objects.filter(state="withdrawn", issue__state="found")
    waiting = set((to_review | to_restore).values_list("pk", flat=True))

    def parts() -> Iterator[tuple[int, int, str]]:
        for case, clerk, reviewer in case_model.objects.values_list("pk", "clerk_id", "reviewer_id"):
            yield case, clerk, "clerk"
            if reviewer is not None:
                yield case, reviewer, "reviewer"
        for case in sorted(waiting):
            said = trail.objects.filter(subject=f"losscase:{case}", action__in=CLERKS_WROTE)
            yield from ((case, user, "clerk") for user in said.values_list("user_id", flat=True) if user)

    part_model.objects.bulk_create(
        (part_model(case_id=case, user_id=user, part=part) for case, user, part in parts()),
        batch_size=500,
        ignore_conflicts=True,  # a part that somebody has already is kept as it is
    )


class Migration(migrations.Migration):
    """The rows are written last: PostgreSQL alters no table that has something to check still."""

    dependencies = (
        ("registry", "0005_retention_per_kind"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    operations = (
        migrations.AddField(
            model_name="issue",
            name="deposit_kept",
            field=models.DecimalField(decimal_places=2, max_digits=8, null=True),
        ),
        migrations.AddField(
            model_name="losscase",
            name="restorer",
            field=models.ForeignKey(
                null=True,
                on_delete=models.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(model_name="losscase", name="restored_at", field=models.DateTimeField(null=True)),
        migrations.AddConstraint(
            model_name="losscase",
            constraint=models.CheckConstraint(
                condition=models.Q(restorer__isnull=True) | ~models.Q(restorer=models.F("clerk")),
                name="the_restorer_is_not_the_clerk",
            ),
        ),
        migrations.CreateModel(
            name="CasePart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[("clerk", "clerk"), ("reviewer", "desk reviewer")], max_length=8
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(on_delete=models.CASCADE, related_name="parts", to="registry.losscase"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("case", "user"), name="one_part_in_a_case")],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    )
