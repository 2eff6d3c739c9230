"""Contactless readers behind PC/SC (pcscd): ACR122U, ACR1252U, uTrust, Omnikey and the like.

PC/SC calls can block for ever (a frozen pcscd ignores its own timeouts, a wall clock stepped
back stretches them), so they live in a daemon thread; ``last_alive`` lets the gate notice from
outside. The gate then closes this reader and opens another: the thread left behind ends when
its call returns, and its feed is closed, so it can say nothing any more.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Struct

from drivers.feed import Feed
from drivers.library import load_library
from drivers.ports import (
    ALIVE_EVERY_S,
    CardRead,
    Claim,
    DriverPermissionError,
    DriverUnavailableError,
    HealthChanged,
    ReaderEvent,
    ReadFailed,
)
from drivers.readers._contactless import NoNumberError, number_of, technology_of
from drivers.readers._pcsc_service import (
    COMM_ERROR,
    NOT_TRANSACTED,
    PLUG_AND_PLAY,
    RESET_CARD,
    Service,
    ServiceError,
    Slot,
)
from drivers.settings import Length

RETRY_S = 0.25
"""Pause before a broken service is asked again."""
READ_TRIES = 3
"""A card still swinging into the field, or reset by another program, answers when asked again."""
MAX_LEFT_THREADS = 8
"""So many threads stuck in a frozen pcscd, and no more are started."""

NO_READER = "no reader fits"
SEVERAL_READERS = "more than one reader fits"
"""How a cause begins that a person can cure by a hand or a setting."""

_LEFT = "pcsc reader, left behind"
_SOCKET = "/run/pcscd/pcscd.comm"

SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
"""Environment variable with another socket; libpcsclite reads it once in a process."""


class Settings(Struct, frozen=True):
    """Which of the readers at pcscd this is."""

    reader: Annotated[str, Length(0, 127)] = ""
    """Start of its name as ``pcsc_scan`` shows it, such as ``ACS ACR122U``. Leave off the
    numbers at the end: they change on replug. Empty: the only reader there is."""
    serial: Annotated[str, Length(0, 64)] = ""
    """USB serial number, shown in parentheses in the name; tells equal readers apart."""


def claims(settings: Settings) -> tuple[Claim, ...]:
    """The reader as it is chosen: two that choose alike would both answer to every card."""
    chosen = ", ".join(one for one in (settings.reader, settings.serial) if one) or "the only one"
    return (Claim(f"reader {chosen!r}"),)


def choose_reader(settings: Settings, names: tuple[str, ...]) -> str:
    """The one name that ``settings`` mean; raises LookupError with the cause for a person."""
    fits = [
        name
        for name in names
        if name.startswith(settings.reader) and (not settings.serial or f"({settings.serial})" in name)
    ]
    if len(fits) == 1:
        return fits[0]
    wanted = f"reader = {settings.reader!r}" + (f", serial = {settings.serial!r}" if settings.serial else "")
    there = ", ".join(repr(name) for name in names) or "none"
    if fits:
        raise LookupError(f"{SEVERAL_READERS} {wanted}; set serial to tell them apart (there: {there})")
    raise LookupError(f"{NO_READER} {wanted}; plug it in or correct the setting (there: {there})")


def open_reader(settings: Settings, clock: Callable[[], float]) -> PcscReader:
    """Start watching; ``clock`` gives monotonic seconds. Never waits for pcscd.

    Raises:
        DriverLibraryError: pyscard or libpcsclite is not installed.
        DriverUnavailableError: pcscd is not there, or too many threads hang in a frozen one.
        DriverPermissionError: this user may not reach pcscd.
    """
    scard = load_scard()
    _check_socket(Path(os.environ.get(SOCKET_VARIABLE, _SOCKET)))
    if sum(thread.name == _LEFT for thread in threading.enumerate()) >= MAX_LEFT_THREADS:
        raise DriverUnavailableError(
            f"pcscd is frozen: {MAX_LEFT_THREADS} threads wait for it; systemctl restart pcscd"
        )
    return PcscReader(settings, clock, scard)


def load_scard() -> Any:  # noqa: ANN401 - pyscard ships no types
    """The library; raises ``DriverLibraryError`` if it is not installed."""
    return load_library(
        "smartcard.scard", kind="pcsc", package="pyscard", extra="pcsc", system="libpcsclite1"
    )


def _check_socket(path: Path) -> None:
    try:
        path.stat()
    except PermissionError as error:
        raise DriverPermissionError(
            f"{path}: this user may not reach pcscd's socket; see its folder's mode"
        ) from error
    except OSError as error:
        raise DriverUnavailableError(
            f"{path}: pcscd is not there ({error.strerror}); install the Debian package pcscd "
            "and run: systemctl enable --now pcscd.socket"
        ) from error
    if not os.access(path, os.W_OK):
        raise DriverPermissionError(
            f"{path}: this user may not write to pcscd's socket; see its mode and owner"
        )


class PcscReader:
    """One reader at pcscd; survives unplugging and every restart of pcscd."""

    def __init__(self, settings: Settings, clock: Callable[[], float], scard: Any) -> None:  # noqa: ANN401 - untyped
        self._feed: Feed[ReaderEvent] = Feed()
        self._stop = threading.Event()
        self._watch = CardWatch(settings, clock, scard, self._feed.put, self._stop)
        self._thread = threading.Thread(target=self._watch.run, name="pcsc reader", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Readable while events wait."""
        return self._feed.fileno()

    def read_events(self) -> tuple[ReaderEvent, ...]:
        """Take the waiting events; a lost reader is ``HealthChanged`` and comes back by itself."""
        return self._feed.take()

    def last_alive(self) -> float:
        """Monotonic second at which a PC/SC call last returned."""
        return self._watch.alive_at

    def close(self) -> None:
        """Silence the thread and let it end by itself; never blocks. May be called twice."""
        self._feed.close()
        self._stop.set()
        self._thread.name = _LEFT


class CardWatch:
    """The thread's side: one session with the service after the other until stopped.

    It needs nothing of Linux: the desk's helper runs it on a clerk's PC, too.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float],
        scard: Any,  # noqa: ANN401 - pyscard ships no types
        put: Callable[[ReaderEvent], object],
        stop: threading.Event,
        *,
        notifies: bool = True,
    ) -> None:
        """``put`` takes the events, in this thread; ``notifies``: the service tells of readers that come."""
        self.alive_at = clock()
        self._begin = {PLUG_AND_PLAY: 0} if notifies else {}
        self._settings = settings
        self._clock = clock
        self._scard = scard
        self._put = put
        self._stop = stop
        self._health: HealthChanged | None = None
        self._on_reader: bytes | None = None
        """Number of the card that was on the reader when last looked at."""

    def run(self) -> None:
        """Thread body."""
        while not self._stop.is_set():
            try:
                service = Service(self._scard)
                try:
                    self._session(service)
                finally:
                    service.release()
            except ServiceError as error:
                self._report(ok=False, cause=str(error))
            except Exception as error:  # noqa: BLE001 - outermost loop of a thread: told, never silent
                self._report(ok=False, cause=f"fault in the pcsc driver: {error!r}")
            self.alive_at = self._clock()
            self._stop.wait(RETRY_S)

    def _session(self, service: Service) -> None:
        known = self._begin
        handled: int | None = None
        while not self._stop.is_set():
            names = service.readers()
            self.alive_at = self._clock()
            try:
                name = choose_reader(self._settings, names)
            except LookupError as error:
                self._report(ok=False, cause=str(error))
                known, handled = self._pseudo(known), None
            else:
                self._report(ok=True, cause="")
                if name not in known:
                    known, handled = {**self._pseudo(known), name: 0}, None
            if not known:  # nobody tells when a reader comes: look again
                self._stop.wait(ALIVE_EVERY_S / 2)
                continue
            slots = service.wait(known, ALIVE_EVERY_S / 2)
            self.alive_at = self._clock()
            there = {reader: slot.state for reader, slot in slots.items() if slot.is_there}
            known = {**self._begin, **there}
            for reader, slot in slots.items():
                if reader != PLUG_AND_PLAY and slot.is_there:
                    handled = self._look(service, reader, slot, handled)

    def _pseudo(self, known: Mapping[str, int]) -> dict[str, int]:
        """What is known of the pseudo-reader alone."""
        return {name: known[name] for name in self._begin}

    def _look(self, service: Service, reader: str, slot: Slot, handled: int | None) -> int:
        """Read the card if this presentation is new; returns the counter it now stands at.

        The counter tells a new presentation even of the same card, or of one with the same ATR,
        and even when the moment without a card was too short to be seen.
        """
        if not slot.has_card:
            self._on_reader = None
            return slot.counter
        if slot.counter == handled:
            return handled
        try:
            number, slot = self._read(service, reader)
        except NoNumberError as error:
            self._put(ReadFailed(str(error), self._clock()))
            return slot.counter
        # First look after pcscd or the reader came back: a card that never left is not a new tap.
        if handled is not None or number != self._on_reader:
            self._put(CardRead(technology_of(slot.atr), number, 8 * len(number), self._clock()))
        self._on_reader = number
        return slot.counter

    def _read(self, service: Service, reader: str) -> tuple[bytes, Slot]:
        """The number and slot of the card that is there now, which may have come since it was looked."""
        for left in reversed(range(READ_TRIES)):
            try:
                answer, slot = service.ask_number(reader)
                return number_of(answer), slot
            except ServiceError as error:
                if error.code not in (RESET_CARD, COMM_ERROR, NOT_TRANSACTED) or not left:
                    raise NoNumberError(str(error)) from error
        raise AssertionError("unreachable: the last try returns or raises")

    def _report(self, *, ok: bool, cause: str) -> None:
        health = HealthChanged(ok, cause)
        if health != self._health:
            self._health = health
            self._put(health)
