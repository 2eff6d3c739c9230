"""Staff, roles and deputies: what keeps the office governable (ours; rule id 0.staff)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

from office.procedures.errors import Refused, RuleError

RULE: Final = "0.staff"
ADMINISTRATOR: Final = "administrator"


def check_roles(roles: Collection[str]) -> None:
    """Everybody who works here has a role."""
    if not roles:
        raise RuleError(RULE, Refused.NO_ROLES)


def check_administrator_stays(user: int, administrators: Collection[int]) -> None:
    """Before a user loses that role or the account: somebody must be left who can give roles."""
    if set(administrators) <= {user}:
        raise RuleError(RULE, Refused.LAST_ADMINISTRATOR)


def check_deputy(since: date, until: date, *, has_role: bool) -> None:
    """A deputy stands in for a role that is not theirs, for a time that ends."""
    if until <= since:
        raise RuleError(RULE, Refused.DATES_WRONG, since=since.isoformat(), until=until.isoformat())
    if has_role:
        raise RuleError(RULE, Refused.ROLE_HELD)
