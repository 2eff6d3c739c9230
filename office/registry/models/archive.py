"""Numbers of archived forms: given once, never changed (rule 14.10)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Form(models.TextChoices):
    """The estate's forms by their official numbers."""

    CARD_APPLICATION = "KH-03-R04", _("card application")
    CARD_STATISTICS = "KH-13-R01", _("card statistics")
    LOSS_REPORT = "KH-14-R01", _("loss report")
    LOSS_RECORD = "KH-14-R02", _("record of a loss case")
    RELEASE_SLIP = "KH-09-R02", _("release slip")
    MOVE_OUT = "KH-15-R01", _("moving away")
    MOVE_IN = "KH-15-IN", _("move-in register")

    @property
    def official(self) -> str:
        """What people call it: the official number; the register of move-ins has a name alone (15.1)."""
        return "入伙客户情况登记表" if self is Form.MOVE_IN else self.value


class ArchivedForm(models.Model):
    """A form in the archive; it refers to its subject by id, never by name."""

    form = models.CharField(max_length=12, choices=Form)
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=40)
    """Model and id, such as ``losscase:17``."""
    archived_at = models.DateTimeField()

    class Meta:
        """Numbers run by form and year; a form of a subject is archived once."""

        constraints = (
            models.UniqueConstraint(fields=["form", "year", "number"], name="an_archive_number_once"),
            models.UniqueConstraint(fields=["form", "subject"], name="a_form_of_a_subject_once"),
        )

    def __str__(self) -> str:
        return f"{Form(self.form).official}-{self.year}-{self.number:05d}"
