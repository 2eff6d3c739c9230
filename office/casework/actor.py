"""Who does a step, when, and in which roles: handed to every step instead of being looked up in it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from msgspec import Struct

from office.procedures.errors import Refused, RuleError
from office.registry.models import Assignment, Deputy, StaffRole

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Actor(Struct, frozen=True):
    """A member of staff at a moment."""

    user: User
    roles: frozenset[StaffRole]
    at: datetime

    @property
    def today(self) -> date:
        """The day in the estate's time zone."""
        return self.at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()

    def must_be(self, role: StaffRole, rule: str) -> None:
        """Raises ``RuleError`` unless the actor has the role, in their own right or as deputy."""
        if role not in self.roles:
            raise RuleError(rule, Refused.ROLE_MISSING, role=role.value)


def actor(user: User, at: datetime) -> Actor:
    """The user with the roles that hold at this moment."""
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    roles = set(Assignment.objects.filter(user=user).values_list("role", flat=True))
    standing_in = Deputy.objects.filter(user=user, since__lte=today, until__gt=today)
    roles |= set(standing_in.values_list("role", flat=True))
    return Actor(user, frozenset(StaffRole(one) for one in roles), at)
