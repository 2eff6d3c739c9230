"""The audit trail: who did what by which rule, each entry chained to the one before."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class AuditEntry(models.Model):
    """One entry. It holds ids and facts, never a name: erasing a person breaks no link of the chain."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """``None``: the system itself."""
    rule = models.CharField(max_length=20)
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)
    hashed = models.BinaryField(max_length=32)
    """SHA-256 over the previous entry's hash and this entry's content (`office.casework.trail`)."""

    class Meta:
        """Found by subject."""

        indexes = (models.Index(fields=["subject"], name="audit_by_subject"),)

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.subject}"
