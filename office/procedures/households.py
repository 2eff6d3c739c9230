"""Who belongs to a unit, from when until when, and what must be seen before it is written down."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from office.procedures.errors import Refused, RuleError


class MembershipFacts(Struct, frozen=True):
    """A membership that is to be recorded."""

    role: str
    since: date
    until: date | None
    """First day on which it no longer holds."""
    owner_present: bool
    held_already: bool
    """The person has this role in this unit, without an end."""


def check_membership(new: MembershipFacts) -> None:
    """Rule 13.1 for owners and residents; 15.1 for tenants: an end, and the owner at the desk."""
    rule = "15.1" if new.role == "tenant" else "13.1"
    check_span(rule, new.since, new.until)
    if new.held_already:
        raise RuleError(rule, Refused.MEMBER_ALREADY)
    if new.role == "tenant" and new.until is None:
        raise RuleError(rule, Refused.END_MISSING)
    if new.role == "tenant" and not new.owner_present:
        raise RuleError(rule, Refused.OWNER_ABSENT)


def check_span(rule: str, since: date, until: date | None) -> None:
    """What ends must have begun before."""
    if until is not None and until <= since:
        raise RuleError(rule, Refused.DATES_WRONG, since=since.isoformat(), until=until.isoformat())


def check_end(since: date, until: date, ends_already: date | None) -> None:
    """A membership ends after it began, and is not prolonged by ending it again."""
    check_span("13.3", since, until)
    if ends_already is not None and ends_already <= until:
        raise RuleError("13.3", Refused.ENDS_ALREADY, until=ends_already.isoformat())
