"""The usage log as the link sends it: batches in a row, each with the signed head at its end.

The gate process writes the log; this reads it by cursor. A log that was set aside cannot
be sent any more: the new one's announcement says so, under the gate's signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sync.chain import Anchor
from sync.digest import DIGEST_BYTES
from sync.events import MAX_EVENT_BYTES, Event
from sync.keys import SigningKey
from sync.message_codec import MAX_BATCH_EVENTS
from sync.messages import LogBatch, LogEntry, LogState
from sync.statements.log_epoch import LogEpoch, Predecessor, sign_log_epoch
from sync.statements.log_head import LogHead, sign_log_head
from terminal.stores.access_state import AccessState
from terminal.stores.errors import StoreError
from terminal.stores.log_epochs import LogEpochs
from terminal.stores.usage_reader import LogReplacedError, UsageReader
from terminal.stores.usage_rows import StoredEvent

ENTRY_OVERHEAD_BYTES: Final = 8
BATCH_OVERHEAD_BYTES: Final = 260
"""Head, signature and framing of a batch."""
NOTHING: Final = AccessState({}, frozenset(), {}, {})


class LogSource:
    """Reads the gate's log; opens it anew whenever the gate began another."""

    def __init__(self, directory: Path, anchor: Anchor, key: SigningKey, boot_id: bytes) -> None:
        self._directory = directory
        self._anchor = anchor
        self._key = key
        self._boot_id = boot_id
        self._reader: UsageReader | None = None

    def state(self) -> LogState | None:
        """Epoch and newest event; ``None`` as long as the gate has no log that can be read."""
        try:
            head = self._log().head()
        except StoreError:
            return None
        return LogState(head.header.epoch, head.last.number)

    def access_state(self) -> AccessState:
        """What was spent here, as committed.

        Raises:
            StoreError: there is a log, and it cannot be read.
        """
        try:
            return self._log().access_state()
        except StoreError:
            if not LogEpochs(self._directory).any_begun():
                return NOTHING  # this gate never began a log, so it never spent anything
            raise

    def acknowledged(self) -> int:
        """The last event that the office is known to have; raises ``StoreError``."""
        return self._log().head().header.acknowledged

    def batch(self, epoch: bytes, after: int, at_most_bytes: int) -> LogBatch | None:
        """Events after number ``after``, about ``at_most_bytes`` of them; ``None`` without any.

        Raises:
            LogReplacedError: there is another epoch now: announce it.
            StoreError: the log cannot be read at the moment.
        """
        reader = self._log()
        head = reader.head()
        if head.header.epoch != epoch:
            raise LogReplacedError("another log epoch has begun: announce it")
        anchor = head.header.anchor
        start = max(after, anchor.number)
        events = _as_many_as_fit(reader.read_after(start, MAX_BATCH_EVENTS), at_most_bytes)
        if not events:
            return None
        last = events[-1]
        return LogBatch(
            epoch,
            events[0].number,
            tuple(_entry(one) for one in events),
            self._signed(epoch, last.number, last.link),
            self._signed(epoch, anchor.number, anchor.link) if start > after else None,
        )

    def newest(self, count: int) -> list[tuple[int, Event]]:
        """The newest events that can be read, with their numbers, oldest first; none without a log."""
        try:
            reader = self._log()
            found = reader.read_after(max(0, reader.head().last.number - count), count)
        except StoreError:
            return []
        return [(one.number, one.content) for one in found if isinstance(one.content, Event)]

    def _signed(self, epoch: bytes, number: int, link: bytes) -> bytes:
        head = LogHead(self._anchor.estate_id, self._anchor.gate_id, epoch, number, link)
        return sign_log_head(head, self._key)

    def announcement(self) -> bytes | None:
        """The signed announcement of the present epoch; ``None`` without a log."""
        state = self.state()
        if state is None:
            return None
        before = LogEpochs(self._directory).before(state.epoch)
        statement = LogEpoch(
            self._anchor.estate_id,
            self._anchor.gate_id,
            state.epoch,
            None if before is None else Predecessor(before, 0),
            self._boot_id,
        )
        return sign_log_epoch(statement, self._key)

    def close(self) -> None:
        """Close the database. May be called twice."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _log(self) -> UsageReader:
        """A reader of the log that is there now."""
        if self._reader is not None and self._reader.replaced():
            self.close()
        if self._reader is None:
            self._reader = UsageReader(self._directory)
        return self._reader


def _as_many_as_fit(events: Sequence[StoredEvent], at_most_bytes: int) -> list[StoredEvent]:
    """The first events, at least one of them, up to the first hole in their numbers."""
    taken: list[StoredEvent] = []
    size = BATCH_OVERHEAD_BYTES
    for one in events:
        size += ENTRY_OVERHEAD_BYTES + len(one.payload or one.hashed)
        if taken and (size > at_most_bytes or one.number != taken[-1].number + 1):
            break
        taken.append(one)
    return taken


def _entry(event: StoredEvent) -> LogEntry:
    """What is left of an event: its payload, even if nobody can read it, else its hash."""
    if event.payload is not None and len(event.payload) <= MAX_EVENT_BYTES:
        return LogEntry(event.payload, None)
    return LogEntry(None, event.hashed if len(event.hashed) == DIGEST_BYTES else bytes(DIGEST_BYTES))
