"""Who works here in which role, and who stands in for whom."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffRole(models.TextChoices):
    """The estate's roles; a person may have several, but never two within one case."""

    CLERK = "clerk", _("desk clerk")
    REVIEWER = "reviewer", _("desk reviewer")
    MANAGER = "manager", _("office manager")
    MAINTENANCE = "maintenance", _("maintenance")
    GUARD = "guard", _("guard")
    TECHNICIAN = "technician", _("technician")
    ADMINISTRATOR = "administrator", _("administrator")


class Assignment(models.Model):
    """A member of staff has a role."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="assignments")
    role = models.CharField(max_length=14, choices=StaffRole)

    class Meta:
        """Once."""

        constraints = (models.UniqueConstraint(fields=["user", "role"], name="a_role_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class Deputy(models.Model):
    """A member of staff stands in for a role, from one day until before another."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="deputyships")
    role = models.CharField(max_length=14, choices=StaffRole)
    since = models.DateField()
    until = models.DateField()

    class Meta:
        """A deputyship ends after it began."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("since")), name="a_deputyship_ends_after_it_began"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} for {self.role}"

    @property
    def last_day(self) -> date:
        """The day before ``until``, as people say it."""
        return self.until - timedelta(days=1)
