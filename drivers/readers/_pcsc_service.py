"""The PC/SC calls a reader needs, with checked results. Every call may block for ever.

The module ``smartcard.scard`` is passed in: only ``pcsc.py`` loads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from drivers.readers._contactless import GET_NUMBER

SUCCESS = 0
TIMEOUT = 0x8010000A
SHARING_VIOLATION = 0x8010000B
UNKNOWN_READER = 0x80100009
NO_CARD = 0x8010000C
NOT_TRANSACTED = 0x80100016
READER_UNAVAILABLE = 0x80100017
NO_SERVICE = 0x8010001D
SERVICE_STOPPED = 0x8010001E
NO_READERS = 0x8010002E
UNRESPONSIVE_CARD = 0x80100066
RESET_CARD = 0x80100068
REMOVED_CARD = 0x80100069
SECURITY_VIOLATION = 0x8010006A
COMM_ERROR = 0x80100013
"""Return values of winscard.h, as unsigned 32-bit numbers."""

STATE_UNAWARE = 0x0000
STATE_CHANGED = 0x0002
STATE_UNKNOWN = 0x0004
STATE_UNAVAILABLE = 0x0008
STATE_PRESENT = 0x0020

PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
"""Pseudo-reader whose state changes when readers come or go."""

_CAUSES: Mapping[int, str] = {
    SHARING_VIOLATION: "another program holds the reader; stop it",
    UNKNOWN_READER: "the reader was unplugged",
    READER_UNAVAILABLE: "the reader was unplugged",
    NOT_TRANSACTED: "the card was lost during the exchange",
    NO_CARD: "the card was taken away too early",
    NO_SERVICE: "pcscd is not running; start it: systemctl start pcscd.socket",
    SERVICE_STOPPED: "pcscd has stopped or is of another version than libpcsclite; restart it",
    UNRESPONSIVE_CARD: "the card does not answer",
    REMOVED_CARD: "the card was taken away too early",
    SECURITY_VIOLATION: "pcscd ended, or does not let this user in; it comes back by itself, or else "
    "a polkit rule must allow this user org.debian.pcsc-lite.access_pcsc and access_card",
    COMM_ERROR: "pcscd ended or the reader does not answer",
}


class ServiceError(Exception):
    """A PC/SC call failed; the text says what it means for a person."""

    def __init__(self, code: int) -> None:
        super().__init__(_CAUSES.get(code, f"PC/SC error 0x{code:08X}"))
        self.code = code


class Slot(Struct, frozen=True):
    """A reader's state as the service tells it."""

    state: int
    """SCARD_STATE bits; the upper 16 bits count insertions and removals."""
    atr: bytes

    @property
    def has_card(self) -> bool:
        """A card lies on it (it may still be mute)."""
        return bool(self.state & STATE_PRESENT)

    @property
    def is_there(self) -> bool:
        """The reader itself is plugged in and served."""
        return not self.state & (STATE_UNKNOWN | STATE_UNAVAILABLE)

    @property
    def counter(self) -> int:
        """Insertions and removals so far, modulo 65,536."""
        return self.state >> 16 & 0xFFFF


class Service:
    """One context with pcscd; used by one thread only."""

    def __init__(self, scard: Any) -> None:  # noqa: ANN401 - pyscard ships no types
        self._scard = scard
        code, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        _check(code)

    def readers(self) -> tuple[str, ...]:
        """Names of the readers plugged in now."""
        code, names = self._scard.SCardListReaders(self._context, [])
        if _unsigned(code) == NO_READERS:
            return ()
        _check(code)
        return tuple(str(name) for name in names)

    def wait(self, known: Mapping[str, int], timeout_s: float) -> dict[str, Slot]:
        """Wait until a reader's state differs from ``known`` or the time is over; all states then."""
        asked = [(name, state & ~STATE_CHANGED) for name, state in known.items()]
        code, states = self._scard.SCardGetStatusChange(self._context, round(timeout_s * 1000), asked)
        if _unsigned(code) != TIMEOUT:
            _check(code)
        return {str(name): Slot(_unsigned(state), bytes(atr)) for name, state, atr in states}

    def ask_number(self, reader: str) -> tuple[bytes, Slot]:
        """The raw answer of the card on ``reader`` to GET DATA (status bytes included), and its own slot.

        The slot is looked at once the card is held: an exchange with a card that was swapped for
        another since then fails, so number and slot belong together.
        """
        scard = self._scard
        code, card, protocol = scard.SCardConnect(
            self._context, reader, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        )
        _check(code)
        try:
            slot = self.wait({reader: STATE_UNAWARE}, 0)[reader]
            code, answer = scard.SCardTransmit(card, protocol, list(GET_NUMBER))
            _check(code)
            return bytes(answer), slot
        finally:
            # Its own failure says nothing new: the card is gone, or the next call tells.
            scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)

    def release(self) -> None:
        """Give the context back; errors do not matter any more."""
        self._scard.SCardReleaseContext(self._context)


def _unsigned(code: int) -> int:
    return code & 0xFFFFFFFF  # pyscard hands out signed or unsigned values, by platform


def _check(code: int) -> None:
    if _unsigned(code) != SUCCESS:
        raise ServiceError(_unsigned(code))
