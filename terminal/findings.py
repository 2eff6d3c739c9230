"""What a check finds: one line for each thing that was looked at."""

from __future__ import annotations

from enum import Enum, unique

from msgspec import Struct


@unique
class Verdict(Enum):
    """How a thing is."""

    OK = "ok"
    WARNING = "warning"
    """The gate works; somebody should look at it."""
    ERROR = "error"
    """Something the gate needs does not work."""


class Finding(Struct, frozen=True):
    """One thing, and how it is."""

    what: str
    """The section of the configuration, or the file."""
    verdict: Verdict
    text: str
    """For a person: what is there, or what is wrong and the cure."""


def ok(what: str, text: str) -> Finding:
    """A thing that is as it should be."""
    return Finding(what, Verdict.OK, text)


def warning(what: str, text: str) -> Finding:
    """The gate works; somebody should look at it."""
    return Finding(what, Verdict.WARNING, text)


def wrong(what: str, text: str) -> Finding:
    """The gate, or a part of it, will not work."""
    return Finding(what, Verdict.ERROR, text)
