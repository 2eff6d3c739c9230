"""libosdp for one reader: one exchange at a time, on a bus whose turn is ours.

A context of its own for each reader, because libosdp with several would hold the bus for an
absent one again and again, and then not look for it for five minutes. libosdp runs on the wall
clock: a clock stepped back silences it, which shows as a link that has nothing to say.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from msgspec import Struct

from drivers.ports import DriverError
from drivers.readers._osdp_leak import give_back
from drivers.readers._osdp_port import Port
from drivers.readers._osdp_wire import (
    EVENT_NOTIFICATION,
    NOTIFY_SECURE_CHANNEL,
    Command,
    ReplyWatch,
)

REPLY_WITHIN_S: Final = 0.21
"""A reader must begin its reply within 200 ms (IEC 60839-11-5), and libosdp waits as long."""
STEPS_TO_WRITE: Final = 4
"""libosdp takes a step at a call; so many lead from any state to a packet on the wire."""
MAX_EVENTS: Final = 16
"""Of one exchange. One reply carries one event; the rest is for notifications."""


class Exchange(Struct, frozen=True):
    """What came of giving libosdp a turn."""

    sent: bool
    answered: bool
    events: tuple[dict[str, Any], ...]
    uses_factory_key: bool
    """In install mode: the reader's session stands on the key that everybody knows."""


class _Channel:
    """libosdp's way to the wire. It must not raise there: an error is kept until libosdp has returned."""

    def __init__(self) -> None:
        self.id = 0
        self.port: Port | None = None
        self.error: DriverError | None = None
        self.is_mute = False
        self.begin()

    def begin(self) -> None:
        self.sent = False
        self.reply = ReplyWatch()

    def read(self, most: int) -> bytes:
        if self.port is None or self.error is not None or self.is_mute:
            return b""
        try:
            data = self.port.read(most)
        except DriverError as error:
            self.error = error
            return b""
        self.reply.take(data)
        return data

    def write(self, data: bytes) -> int:
        if self.port is None or self.error is not None or self.is_mute:
            return -1
        self.sent = True
        try:
            return self.port.write(data)
        except DriverError as error:
            self.error = error
            return -1

    def flush(self) -> None:
        """Done before every exchange."""


class Link:
    """libosdp's context for one reader, begun anew as often as needed."""

    def __init__(self, library: ModuleType, address: int, key: bytes, clock: Callable[[], float]) -> None:
        self._library = library
        self._address = address
        self._key = key
        self._clock = clock
        # One for ever: libosdp never lets go of a channel it was given.
        self._channel = _Channel()
        self._context: Any = None
        self._events: list[dict[str, Any]] = []
        self._told: list[dict[str, Any]] = []
        """As libosdp made them, until it has returned."""

    def begin(self, port: Port, *, secure_only: bool) -> None:
        """Start from nothing. ``secure_only``: no other key than ours, nothing in the clear."""
        self.end()
        self._channel.port = port
        # Notifications tell of the factory key and of every command; only the former is of use.
        library = self._library
        flags = library.FLAG_ENFORCE_SECURE if secure_only else library.FLAG_ENABLE_NOTIFICATION
        library.set_loglevel(library.LOG_EMERG)
        self._context = library.ControlPanel(
            [
                {
                    "name": "reader", "address": self._address, "flags": flags,
                    "scbk": self._key, "channel": self._channel,
                    # What libosdp's binding asks for although only a reader has it.
                    "version": 0, "model": 0, "vendor_code": 0, "serial_number": 0, "firmware_version": 0,
                }
            ]
        )  # fmt: skip
        self._context.set_event_callback(self._take)

    def begin_session_anew(self) -> None:
        """Let libosdp ask the reader who it is, as after ``begin``, if it can be brought to it.

        A context begun anew instead would leak 125 bytes (3.2.9), and an absent reader needs many.
        """
        self._channel.is_mute = True
        self._context.disable_pd(0)
        for _ in range(STEPS_TO_WRITE):
            if not self._context.is_pd_enabled(0):
                break
            self._step()
        disabled = not self._context.is_pd_enabled(0)
        if disabled:
            self._context.enable_pd(0)
            self._step()
        self._channel.is_mute = False
        self._events = []
        if not disabled:
            self.end()

    def end(self) -> None:
        """Forget the reader's session, and libosdp's context with it."""
        self._context = None
        self._events = []

    @property
    def is_begun(self) -> bool:
        """Whether there is a context."""
        return self._context is not None

    @property
    def is_up(self) -> bool:
        """Online, and by a secure channel with our key: only then may anything be believed."""
        return self.is_begun and bool(self._context.status()) and bool(self._context.sc_status())

    @property
    def is_in_the_clear(self) -> bool:
        """Online without a secure channel, which can only be in install mode."""
        return self.is_begun and bool(self._context.status()) and not self._context.sc_status()

    def enforce(self) -> None:
        """From now on as if begun ``secure_only``."""
        self._context.set_flag(0, self._library.FLAG_ENFORCE_SECURE)
        self._context.clear_flag(0, self._library.FLAG_ENABLE_NOTIFICATION)

    def can(self, capability: int) -> bool:
        """Whether the reader says it can do this."""
        level, _ = self._context.check_capability(0, capability)
        return bool(level)

    @property
    def has_led(self) -> bool:
        """Whether the reader has an LED to command."""
        return self.can(self._library.CAP_READER_LED_CONTROL)

    @property
    def has_buzzer(self) -> bool:
        """Whether the reader has a buzzer to command."""
        return self.can(self._library.CAP_READER_AUDIBLE_OUTPUT)

    def submit(self, command: Command) -> bool:
        """Queue a command for the next exchange; False if it was refused."""
        return bool(self._context.submit_command(0, command))

    def exchange(self, port: Port) -> Exchange:
        """One packet out and its reply in, if libosdp has one to send. The turn must be ours.

        Raises:
            DriverUnavailableError: the port is gone.
        """
        self._channel.begin()
        port.flush()
        for _ in range(STEPS_TO_WRITE):
            self._refresh()
            if self._channel.sent:
                break
        deadline = self._clock() + REPLY_WITHIN_S
        while self._channel.sent and not self._channel.reply.is_whole:
            left_s = deadline - self._clock()
            if left_s <= 0:
                break
            select.select([port], [], [], left_s)
            self._refresh()
        if self._channel.sent and not self._channel.reply.is_whole:
            self._refresh()  # libosdp must see for itself that its time is over
        return self._outcome()

    def _step(self) -> None:
        self._context.refresh()
        # Copies: an event is given back to the binding, and ours must be the only hold on it then.
        self._events += [dict(one) for one in self._told[: MAX_EVENTS - len(self._events)]]
        give_back(self._told)
        self._told.clear()

    def _refresh(self) -> None:
        self._step()
        if self._channel.error is not None:
            error, self._channel.error = self._channel.error, None
            raise error

    def _take(self, _index: int, event: dict[str, Any]) -> int:
        self._told.append(event)
        return 0

    def _outcome(self) -> Exchange:
        events, self._events = self._events, []
        news = [one for one in events if one["event"] == EVENT_NOTIFICATION]
        return Exchange(
            sent=self._channel.sent,
            answered=self._channel.reply.is_whole,
            events=tuple(one for one in events if one["event"] != EVENT_NOTIFICATION),
            uses_factory_key=any(
                one["type"] == NOTIFY_SECURE_CHANNEL and one["arg0"] and one["arg1"] for one in news
            ),
        )
