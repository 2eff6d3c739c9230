"""The base of every error a store raises."""

from __future__ import annotations


class StoreError(Exception):
    """A durable file could not be read or written; the text says what, where and the cure."""
