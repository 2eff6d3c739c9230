"""The hand that holds a card to a reader: through whatever device the reader's driver is attached to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from drivers.ports import DriverError
from scripts.demonstration.cards import Card
from sync.records import Technology


class CannotTapError(Exception):
    """This thing cannot be held to this reader; the text says why."""


class Hand(Protocol):
    """Taps cards at one reader; a tap may take its time, and is never waited for."""

    def tap(self, card: Card) -> None:
        """Hold ``card`` to the reader and take it away; raises ``CannotTapError``."""

    @property
    def complaint(self) -> str:
        """What went wrong with the last tap; empty if nothing did so far."""


class SocketHand:
    """At a simulated reader: the gate's command socket plays the card. ``ask`` sends a command."""

    complaint = ""

    def __init__(self, ask: Callable[..., object], reader: str) -> None:
        self._ask = ask
        self._reader = reader

    def tap(self, card: Card) -> None:
        """Tap at once."""
        self._ask("tap", reader=self._reader, card=card.number.hex(), technology=card.technology.name.lower())


class DeviceHand:
    """At a device that takes a card's number and lets it go its way: a line, a bus, a wire, a keyboard."""

    complaint = ""

    def __init__(self, play: Callable[[bytes], object]) -> None:
        """``play`` hands a number to the device and returns at once; it raises ``DriverError``."""
        self._play = play

    def tap(self, card: Card) -> None:
        """Play it; a code has no chip that this reader could read."""
        _refuse_codes(card)
        try:
            self._play(card.number)
        except (DriverError, OSError) as error:
            raise CannotTapError(str(error)) from error


class PcscHand:
    """At the virtual reader: a card lies there until pcscd has seen it, a second or so.

    ``hold`` holds a number to it and says whether it was read (`VirtualPcsc.tap`). Taps are
    played one after the other on a thread of their own.
    """

    def __init__(self, hold: Callable[[bytes], bool]) -> None:
        self._hold = hold
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="hand")
        self._last: Future[bool] | None = None

    def tap(self, card: Card) -> None:
        """Queue a tap; a code has no chip that PC/SC could read."""
        _refuse_codes(card)
        self._last = self._worker.submit(self._hold, card.number)

    @property
    def complaint(self) -> str:
        """What went wrong with the last tap; empty if nothing did so far."""
        if self._last is None or not self._last.done() or self._last.cancelled():
            return ""
        error = self._last.exception()
        if error is not None:
            return str(error)
        return "" if self._last.result() else "the card was not read"

    def close(self) -> None:
        """Let the tap that is played come to its end, forget the others."""
        self._worker.shutdown(cancel_futures=True)


def _refuse_codes(card: Card) -> None:
    if card.technology is not Technology.ISO14443A:
        raise CannotTapError("this reader reads cards; a code is read at the barrier")
