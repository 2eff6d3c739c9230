"""The error a person at the office sees: what is wrong, where, and the cure."""

from __future__ import annotations


class OfficeError(Exception):
    """A request or a file that cannot be followed as it is; nothing was written."""
