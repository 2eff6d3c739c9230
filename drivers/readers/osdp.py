"""OSDP readers on RS-485, by libosdp, with a Secure Channel and nothing without it.

Each reader has a thread that opens the bus's port for itself and takes turns with the others
by the kernel's lock on it (docs/adr/0008): readers of one bus share nothing else, and one that
is absent costs the others 0.2 s now and then, ever more seldom.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Annotated, Final

from msgspec import Struct

from drivers.feed import Feed
from drivers.indicator import Pattern
from drivers.library import load_library
from drivers.ports import Claim, ReaderEvent, Surroundings
from drivers.readers._osdp_key import read_key
from drivers.readers._osdp_link import Link
from drivers.readers._osdp_port import Baud, Port
from drivers.readers._osdp_talk import Talk
from drivers.readers._served import Served
from drivers.readers._wiegand_formats import FORMATS, Format
from drivers.settings import Length, Range

LAST_ADDRESS: Final = 126
"""127 is everybody."""


class Settings(Struct, frozen=True):
    """One reader on a bus; its neighbours have sections of their own with the same port and baud."""

    port: Annotated[str, Length(1, 255)]
    """Serial port of the bus; best by ``/dev/serial/by-path/``."""
    key: Annotated[str, Length(1, 255)]
    """File with this reader's key: 32 hex digits, mode 0600."""
    address: Annotated[int, Range(0, LAST_ADDRESS)] = 0
    baud: Baud = Baud.B9600
    install_mode: bool = False
    """For ten minutes from the start, take a reader that still has the factory key and give it ours."""
    formats: tuple[str, ...] = ("26", "34", "37")
    """Wiegand formats whose parity is checked and taken out; other lengths are taken as they are."""
    own_formats: tuple[Format, ...] = ()

    def __post_init__(self) -> None:
        if unknown := [one for one in self.formats if one not in FORMATS]:
            raise ValueError(f"'formats' has no {unknown[0]!r} (there are: {', '.join(FORMATS)})")


def claims(settings: Settings) -> tuple[Claim, ...]:
    """The address for itself, the port together with readers that speak alike."""
    return (
        Claim(f"port {settings.port!r}", shared_as=f"osdp at {settings.baud.value} baud"),
        Claim(f"address {settings.address} on {settings.port!r}"),
    )


def misfit(settings: Settings, surroundings: Surroundings) -> str:
    """A reader that is just being given its key must not lose its supply meanwhile."""
    if not (settings.install_mode and surroundings.power_cycled):
        return ""
    return "'install_mode' and 'power' exclude each other; take 'power' out until the reader has its key"


def open_reader(settings: Settings, clock: Callable[[], float]) -> OsdpReader:
    """Open the port and begin to look for the reader; never waits for it.

    Raises:
        DriverLibraryError: libosdp is not installed.
        DriverUnavailableError: no port, no key.
        DriverMismatchError: the port is no serial port.
        DriverPermissionError: the port may not be used, or the key is open to others.
    """
    library = load_library("osdp_sys", kind="osdp", package="libosdp", extra="osdp", system="libc6")
    return OsdpReader(settings, clock, library, read_key(settings.key), Port(settings.port, settings.baud))


class OsdpReader:
    """The port for the gate, and the indicator; the rest happens in the thread."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float], library: ModuleType, key: bytes, port: Port
    ) -> None:
        self._wishes: Feed[Pattern | None] = Feed()
        self._port = port
        self._served = Served("osdp reader", body=lambda: self._talk.run(port), release=self._release)
        formats = (*settings.own_formats, *(FORMATS[one] for one in settings.formats))
        self._talk = Talk(
            Link(library, settings.address, key, clock),
            clock,
            self._served.feed,
            self._wishes,
            formats=formats,
            install_mode=settings.install_mode,
        )
        self._served.start()

    def fileno(self) -> int:
        """Readable while events wait."""
        return self._served.feed.fileno()

    def read_events(self) -> tuple[ReaderEvent, ...]:
        """Take the waiting events; raises DriverUnavailableError once the port is gone."""
        return self._served.take()

    def last_alive(self) -> float:
        """Monotonic second at which the thread last had or asked for a turn."""
        return self._talk.alive_at

    def close(self) -> None:
        """Let the thread end: at once, or with the reply it is waiting for. May be called twice."""
        self._served.close()
        self._wishes.wake()

    # The indicator

    def show(self, pattern: Pattern) -> None:
        """Let the reader play it, if it is there."""
        self._wishes.put(pattern)

    def clear(self) -> None:
        """End the standing pattern."""
        self._wishes.put(None)

    def _release(self) -> None:
        self._port.close()
        self._wishes.close()
