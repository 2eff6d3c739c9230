"""The package's errors."""

from __future__ import annotations


class DeskReaderError(Exception):
    """The helper cannot do what it was asked to; the text says what, where and the cure."""
