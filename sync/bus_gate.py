"""The hub's view of one gate on the serial bus: its connection, when to ask it next, how it answers."""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import Final

from msgspec import Struct

from sync.connection import Connection
from sync.frame_payloads import Welcome
from sync.frames import Frame, Kind
from sync.line import Line

SOON_S: Final = 0.05
"""After data went either way the gate is asked this soon, then at doubling intervals …"""
QUIET_S: Final = 1.0
"""… up to this one: a gate without news is quiet."""
BACKLOG_S: Final = 3.0
"""A gate that is being sent much answers when its window is full, at the latest after this."""
RECEIPT_S: Final = 1.5
"""While others are sent data, a gate that got all of its own is asked for its receipt after this: a
revocation at eight gates reaches the last of them before the first ones' receipts take the line."""
FIRST_PROBE_S: Final = 0.2
RAREST_PROBE_S: Final = 20.0
"""An absent gate is looked for at doubling intervals; a probe costs the others about 0.12 s at 9600 baud."""
MISSES_TO_ABSENT: Final = 20
ABSENT_S: Final = 10.0
"""So many polls in a row, for so long, without an answer: on a line that loses a third of all frames,
less than one in a million rows of polls looks like it."""

_REPLY_S: Final = 0.1
"""Until a gate's answers were measured: two USB adapters of 16 ms, a slow process, a pause between bytes."""
_SHORTEST_REPLY_S: Final = 0.02
_LONGEST_REPLY_S: Final = 0.3
_SPARE_S: Final = 0.01
_SMOOTHING: Final = 0.25


class GateState(Enum):
    """How the hub stands with a gate."""

    ABSENT = "absent"
    """No connection: it is looked for, ever more rarely."""
    OPEN = "open"
    DOUBLED = "doubled"
    """Two gates answer at this address; it is not served until one of them has gone."""


class GateDiagnostics(Struct, frozen=True):
    """What a technician wants to know about one gate's line."""

    address: int
    state: GateState
    frames_sent: int
    frames_received: int
    errors: int
    """Answers that came garbled."""
    timeouts: int
    """Polls and probes without an answer."""
    retries: int
    """Frames that had to be sent again, polls included."""
    connections: int
    last_good_at: float | None
    round_trip_s: float | None
    """Smoothed: from the end of a poll to the first bytes of its answer, both adapters' delays included."""
    payload_bytes: int | None
    """The frame size that the line's errors allow at present."""
    gate_version: int | None
    """Set if the gate speaks another version than this hub."""


class BusGate:
    """Keeps times and counters; who speaks when is decided by ``BusMaster``."""

    def __init__(self, address: int, line: Line) -> None:
        self.address = address
        self._line = line
        self.state = GateState.ABSENT
        self.connection: Connection | None = None
        self.hub_nonce: bytes | None = None
        """Of the present connection, or of the greeting that waits for its answer."""
        self.welcome: Welcome | None = None
        """The answer that opened the present connection."""
        self.lone_welcomes = 0
        """While doubled: greetings in a row that one gate alone answered."""
        self.charge = 0.0
        """Bytes of data sent to it, for fair turns among those that are sent much."""
        self.suspicious = False
        """Garbled answers: when it is greeted next, it could be two."""
        self.gate_version: int | None = None
        self._retry_at = -inf
        self._poll_at = -inf
        self._sent_at = -inf
        self._has_word = False
        """Whether it has told that it has something to say."""
        self.asked_at = -inf
        self._interval_s = SOON_S
        self._reply_s = _REPLY_S
        self._round_trip_s: float | None = None
        self._varies_s = 0.0
        self._last_good_at: float | None = None
        self._misses = 0
        self._frames_sent = self._frames_received = self._errors = self._timeouts = 0
        self._polls_repeated = self._resent = self._connections = 0

    @property
    def has_data(self) -> bool:
        """Whether a DATA frame can be sent to it now."""
        return self.connection is not None and self.connection.outgoing.has_segment

    @property
    def is_quiet(self) -> bool:
        """Connected, without news for a while."""
        connection = self.connection
        return (
            connection is not None
            and self._interval_s >= QUIET_S
            and not self._misses
            and connection.outgoing.is_empty
        )

    @property
    def reply_s(self) -> float:
        """How long to wait for the first byte of its answer."""
        return self._reply_s

    def due_at(self, busy_until: float, presence_at: float, *, crowded: bool) -> float:
        """When it is to be asked next; if quiet, on a busy line, not before ``presence_at``.

        ``crowded``: some gate's data waits.
        """
        connection = self.connection
        if connection is None:
            return self._retry_at
        if connection.outgoing.has_segment:
            return max(self._retry_at, self.asked_at + BACKLOG_S)
        if connection.owes_answer or (connection.outgoing.in_flight and (self._has_word or not crowded)):
            return self._retry_at
        if connection.outgoing.in_flight:
            return max(self._retry_at, self._sent_at + RECEIPT_S)
        if self.is_quiet:
            return max(self.asked_at + QUIET_S, min(busy_until, presence_at))
        return max(self._retry_at, self._poll_at)

    def wake(self, now: float) -> None:
        """Ask it at once: somebody has something to say."""
        self._has_word = True
        self._interval_s = SOON_S
        self._poll_at = now
        if self.connection is None:
            self._retry_at = now

    def asked(self, now: float) -> None:
        """A poll or a probe goes out to it."""
        self.asked_at = now
        if self._misses:
            self._polls_repeated += 1

    def sent(self, frame: Frame, now: float) -> None:
        """A frame went out to it."""
        self._frames_sent += 1
        if frame.kind is Kind.DATA:
            self._interval_s = SOON_S
            self._poll_at = now + SOON_S
            self._sent_at = now

    def heard(self, now: float) -> None:
        """A good frame came from it."""
        self._frames_received += 1
        self._last_good_at = now

    def measured(self, round_trip_s: float) -> None:
        """The first bytes of an answer came after this time."""
        if self._round_trip_s is None:
            self._round_trip_s, self._varies_s = round_trip_s, round_trip_s / 4
        error = round_trip_s - self._round_trip_s
        self._round_trip_s += _SMOOTHING * error
        self._varies_s += _SMOOTHING * (abs(error) - self._varies_s)
        # As TCP waits for its acknowledgements (RFC 6298): the mean and four times its deviation.
        wanted = self._round_trip_s + 4 * self._varies_s + _SPARE_S
        self._reply_s = max(_SHORTEST_REPLY_S, min(_LONGEST_REPLY_S, wanted))

    def answered(self, now: float, *, more: bool, carried: bool, crowded: bool) -> None:
        """Its turn ended well; ``carried``: with data, ``more``: which go on.

        ``crowded``: some gate's data waits. Then the common question finds out what it has to say next.
        """
        self._misses = 0
        self._retry_at = now
        self._has_word = more
        if more or (carried and not crowded):
            self._interval_s = SOON_S
        else:
            self._interval_s = QUIET_S if crowded else min(2 * self._interval_s, QUIET_S)
        self._poll_at = now if more else now + self._interval_s

    def missed(self, now: float, *, garbled: bool) -> bool:
        """No good answer came; whether the gate must be given up for absent."""
        self._errors += garbled
        self._timeouts += not garbled
        self.suspicious |= garbled
        self._misses += 1
        if self.connection is None:
            self._retry_at = now + min(FIRST_PROBE_S * 2 ** min(self._misses, 16), RAREST_PROBE_S)
            return False
        self._reply_s = min(_LONGEST_REPLY_S, 1.5 * self._reply_s)
        self._retry_at = now + min(SOON_S * 2 ** min(self._misses - 1, 16), QUIET_S)
        silent = self._last_good_at is None or now >= self._last_good_at + ABSENT_S
        return silent and self._misses >= MISSES_TO_ABSENT

    def opened(self, welcome: Welcome, now: float) -> Connection:
        """A connection begins."""
        self.welcome = welcome
        self.connection = Connection(self.address, welcome.tag, self._line.send_buffer_bytes)
        self.state = GateState.OPEN
        self.suspicious = False
        self._connections += 1
        self._interval_s = SOON_S
        self._misses = 0
        self._retry_at = self._poll_at = now
        return self.connection

    def closed(self, greet_at: float) -> Connection | None:
        """The connection ends; the gate is greeted anew at ``greet_at``."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.is_open = False
            self._resent += connection.outgoing.resent
        self.state = GateState.ABSENT
        self.hub_nonce = self.welcome = None
        self._reply_s = _REPLY_S
        self._retry_at = greet_at
        self._misses = 0
        return connection

    def diagnostics(self) -> GateDiagnostics:
        """The counters of this moment."""
        outgoing = None if self.connection is None else self.connection.outgoing
        resent = self._resent + (0 if outgoing is None else outgoing.resent)
        return GateDiagnostics(
            address=self.address,
            state=self.state,
            frames_sent=self._frames_sent,
            frames_received=self._frames_received,
            errors=self._errors,
            timeouts=self._timeouts,
            retries=resent + self._polls_repeated,
            connections=self._connections,
            last_good_at=self._last_good_at,
            round_trip_s=self._round_trip_s,
            payload_bytes=None if outgoing is None else outgoing.payload_bytes,
            gate_version=self.gate_version,
        )
