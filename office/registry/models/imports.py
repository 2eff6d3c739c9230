"""What was taken over from a former system: one row an import."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ImportBatch(models.Model):
    """One import. Its cards carry its name."""

    name = models.CharField(max_length=60, unique=True)
    began_at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """``None``: on the command line, without --as."""
    files = models.JSONField(default=dict)
    """SHA-256 by name."""
    counts = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)
    """``None``: interrupted; the same files again take in what is left."""

    def __str__(self) -> str:
        return self.name
