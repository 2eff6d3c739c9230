"""What every reader driver must be able to show of itself, and the rig that lets it.

A new reader ``drivers/readers/<kind>.py`` brings ``rig_<kind>.py`` beside this file with a
function ``rig(request)``; ``test_contract.py`` finds both. If the reader is a stream of bytes
(its module has a ``Decoder`` whose ``feed`` takes ``data: bytes``), the rig's module also has
``STREAMS``, for ``test_decoders.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import pytest
from msgspec import Struct

from drivers.ports import Reader, ReaderEvent, Technology

NUMBERS = (bytes.fromhex("01020304"), bytes.fromhex("04112233445566"))
"""Two chips that most readers can read."""


class Rig(Protocol):
    """A device that can be played on; leaving the context takes it down."""

    technology: Technology
    """What its chips are read as."""

    numbers: tuple[bytes, bytes]
    """Two chips it can read: ``NUMBERS``, unless its chips have another length."""

    library: str
    """The optional library without which the driver cannot open; empty: it needs none."""

    def table(self) -> Mapping[str, object]:
        """Config table that opens the device."""

    def attach(self, reader: Reader) -> None:
        """Told of each reader opened on the rig."""

    def present(self, number: bytes) -> None:
        """Hold a chip with this number to it."""

    def remove(self) -> None:
        """Take the chip away."""

    def take_away_device(self) -> Mapping[str, object]:
        """Remove the device before opening; the config table to try then."""


class RigMaker(Protocol):
    """``rig`` in ``rig_<kind>.py``; calls ``pytest.skip`` with the reason where it cannot run."""

    def __call__(self, request: pytest.FixtureRequest) -> AbstractContextManager[Rig]: ...


class Decoder(Protocol):
    """The pure part of a reader that is a stream of bytes."""

    def feed(self, data: bytes, now: float) -> Sequence[ReaderEvent]: ...


class Stream(Struct, frozen=True):
    """One way to set a decoder, with captured answers."""

    name: str
    make: Callable[[], Decoder]
    samples: tuple[tuple[bytes, tuple[Technology, bytes, int]], ...]
    """What came over the wire for one card → technology, number and bits it was read as."""
    record_bytes: int = 1
    """Noise comes in pieces of so many bytes: a wire loses bytes, the kernel loses whole records."""
