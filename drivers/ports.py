"""The hardware as the gate sees it: ports (protocols), value types, errors.

A driver implements one of these ports; simulated hardware is a driver like any
other. Times are seconds on the monotonic clock; numbers are raw, at full length.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, unique
from typing import Protocol

from msgspec import Struct

MAX_NUMBER_BYTES = 255
"""Longest raw number a reader may hand over; a longer one is a reader fault."""

ALIVE_EVERY_S = 1.0
"""A working reader's ``last_alive`` is never older than this; several times as old means stuck."""


class DriverError(Exception):
    """Base of every error a driver raises. The text says what, where and the cure."""


class UnknownDriverError(DriverError):
    """The configured kind names no driver file (misspelt kind)."""


class DriverLibraryError(DriverError):
    """The driver's optional library is not installed."""


class DriverUnavailableError(DriverError):
    """The device or its service is not there (yet); trying again later may work."""


class DriverPermissionError(DriverError):
    """The device is there, but this user may not use it."""


class DriverMismatchError(DriverError):
    """What is there is a device of another kind."""


class DriverSettingsError(DriverError):
    """A setting of the device section is missing, unknown or out of range."""


class Claim(Struct, frozen=True):
    """Something a device needs for itself: a line, a port, an address on a bus."""

    what: str
    """As it stands in a message, such as ``line 'GPIO17'``."""
    shared_as: str = ""
    """Devices with the same word here may share it; empty: nobody else may have it."""


class Surroundings(Struct, frozen=True):
    """What else a gate has, as far as it may not go together with a device."""

    gpio: str
    """Kind of the GPIO backend."""
    power_cycled: bool = False
    """The gate may cut this reader's supply."""


@unique
class Technology(Enum):
    """How a number was read. Values are the words used in files and messages."""

    ISO14443A = "iso14443a"
    ISO14443B = "iso14443b"
    ISO15693 = "iso15693"
    EM4100 = "em4100"
    WIEGAND = "wiegand"
    CODE = "code"
    """A printed or shown code (bar code, QR): the number is its text, as bytes."""
    KEYPAD = "keypad"


class CardRead(Struct, frozen=True):
    """One presentation of a chip: raw number, most significant bit first as read."""

    technology: Technology
    number: bytes
    bits: int
    """Significant bits, right-aligned in ``number``."""
    read_at: float
    """Monotonic second at which the read was complete on the wire."""


class DigitsEntered(Struct, frozen=True):
    """A complete keypad entry (without the terminating key)."""

    digits: str
    read_at: float


class HealthChanged(Struct, frozen=True):
    """The reader went away, came back, or changed its mind about why it is away."""

    ok: bool
    cause: str
    """What happened and what to do, for a person; empty when ``ok``."""


class ReadFailed(Struct, frozen=True):
    """Something was held to the reader but gave no number: mute, broken or taken away too early."""

    cause: str
    read_at: float


class TamperChanged(Struct, frozen=True):
    """The reader's housing was opened or torn from the wall, or is closed again."""

    active: bool
    at: float


ReaderEvent = CardRead | DigitsEntered | ReadFailed | HealthChanged | TamperChanged


class Reader(Protocol):
    """A card reader. Its own threads, if any, are private to the driver.

    The gate's loop waits on ``fileno()``, then calls ``read_events()``. The first event
    is always ``HealthChanged``: opening never waits for a device that may be slow or stuck.
    """

    def fileno(self) -> int:
        """File descriptor that is readable while events wait."""

    def read_events(self) -> Sequence[ReaderEvent]:
        """Take the waiting events, oldest first; never blocks, never raises on noise.

        Raises:
            DriverError: the reader is gone; close it and open it anew.
        """

    def last_alive(self) -> float:
        """Monotonic second of the last sign of life of whatever serves the device."""

    def close(self) -> None:
        """Release the device; never blocks. May be called twice.

        No event comes after it. The driver's threads end by themselves within
        ``ALIVE_EVERY_S``, or when whatever they are stuck in lets them go.
        """


@unique
class Pull(Enum):
    """Bias of an input line."""

    NONE = "none"
    UP = "up"
    DOWN = "down"


class OutputLine(Protocol):
    """One relay, lamp or buzzer output."""

    def set(self, active: bool) -> None:
        """Drive the line active or inactive (polarity is the backend's business)."""


class InputLine(Protocol):
    """One debounced contact."""

    def is_active(self) -> bool:
        """The settled logical level now."""


class LineChanged(Struct, frozen=True):
    """A debounced edge of an input line."""

    line: str
    active: bool
    at: float


class Gpio(Protocol):
    """A bank of lines. Claiming one line twice raises ``DriverSettingsError``."""

    def claim_output(self, line: str, *, user: str, active_low: bool) -> OutputLine:
        """Claim ``line`` inactive: the level is set before the direction.

        ``user`` names the device that claims it, for the message of a double claim.
        """

    def claim_input(
        self, line: str, *, user: str, active_low: bool, pull: Pull, debounce_s: float
    ) -> InputLine:
        """Claim ``line`` as input; changes arrive by ``read_changes``."""

    def fileno(self) -> int:
        """File descriptor that is readable while changes wait; it may also wake for nothing."""

    def next_deadline(self) -> float | None:
        """Monotonic second at which to call ``read_changes`` even if the descriptor stays silent.

        A backend that debounces in software needs it for an edge to settle.
        """

    def read_changes(self) -> Sequence[LineChanged]:
        """Take the settled changes, oldest first; never blocks."""

    def close(self) -> None:
        """Leave every claimed output undriven and release all lines. May be called twice."""
