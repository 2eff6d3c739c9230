"""Every event of a gate, each once and in order, also over its restarts."""

from __future__ import annotations

import select
from pathlib import Path

from scripts.demonstration.gate_client import Fields, GateClient
from sync.events import Event
from terminal.event_view import event_fields
from terminal.stores.usage_reader import UsageReader

MAX_MISSED = 10_000
"""More than a demonstration ever leaves behind while nobody listens."""


class EventFeed:
    """Follows a running gate from the event after ``after`` on.

    What was stored before it could be followed (the start itself above all) is read from the
    usage log, as the office will: by its number.
    """

    def __init__(self, client: GateClient, log_directory: Path, *, after: int) -> None:
        client.follow()
        self._client = client
        self._last = after
        self._missed = _stored_after(log_directory, after)

    def fileno(self) -> int:
        """Readable when events wait, or the gate has gone."""
        return self._client.fileno()

    def take(self, wait_s: float) -> list[Fields]:
        """The events that have come; waits so long at most for the first.

        Raises:
            GateGoneError: the gate has gone.
        """
        events, self._missed = self._missed, []
        if not events:
            select.select([self._client.fileno()], [], [], wait_s)
            events = self._client.take_events()
        new = [one for one in events if one["number"] > self._last]
        if new:
            self._last = new[-1]["number"]
        return new

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def _stored_after(directory: Path, number: int) -> list[Fields]:
    with UsageReader(directory) as reader:
        stored = reader.read_after(number, MAX_MISSED)
    return [event_fields(one.number, one.content) for one in stored if isinstance(one.content, Event)]
