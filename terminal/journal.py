"""Stamps events with the present times and hands them to the log writer.

The gate's parts say what happened; when it happened, and how sure that is, is put on
here. Followers (the command socket, later the sync process) hear of each event once it
is committed and has its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sync.events import Detail, Event, EventKind
from terminal.clock import Judged
from terminal.stores.access_state import StateChange
from terminal.stores.errors import StoreError
from terminal.stores.usage_log import Entry

NO_CHANGE = StateChange()


def stamped(boot: bytes, judged: Judged, kind: EventKind, detail: dict[str, Detail], **about: Any) -> Event:  # noqa: ANN401 - Event's own fields
    """An event of the moment that was judged."""
    return Event(kind, boot, judged.boottime_ms, judged.wall_ms, judged.now.clock, detail=detail, **about)


class Writer(Protocol):
    """What the journal needs of `terminal.log_writer.LogWriter`."""

    def submit(
        self, entry: Entry, done: Callable[[int | StoreError], None] | None = None, *, urgent: bool = False
    ) -> None:
        """Store ``entry`` soon; ``done`` is called on the writer's thread."""


class Journal:
    """The gate's way to remember. Used on the gate's loop only."""

    def __init__(
        self,
        boot: bytes,
        clock: Callable[[], Judged],
        writer: Writer,
        post: Callable[[Callable[[], None]], None],
        on_stored: Callable[[int, Event], None],
        marks: Callable[[EventKind, Mapping[str, Detail]], Mapping[str, Detail]] = lambda _kind, _detail: {},
    ) -> None:
        """``marks``: what an event carries besides its own detail."""
        self._boot = boot
        self._clock = clock
        self._writer = writer
        self._post = post
        self._on_stored = on_stored
        self._marks = marks

    def record(
        self,
        kind: EventKind,
        *,
        change: StateChange = NO_CHANGE,
        detail: dict[str, Detail] | None = None,
        **about: Any,  # noqa: ANN401 - Event's own fields
    ) -> None:
        """Remember something that has happened; never waits for the disk."""
        told = detail or {}
        event = stamped(self._boot, self._clock(), kind, {**told, **self._marks(kind, told)}, **about)

        def done(result: int | StoreError) -> None:
            if isinstance(result, int):
                self._post(lambda: self._on_stored(result, event))

        self._writer.submit(Entry(event, change), done)

    def record_first(
        self,
        kind: EventKind,
        *,
        change: StateChange,
        then: Callable[[StoreError | None], None],
        detail: dict[str, Detail] | None = None,
        **about: Any,  # noqa: ANN401 - Event's own fields
    ) -> None:
        """Make something durable before it may happen; ``then`` is called on the loop."""
        event = stamped(self._boot, self._clock(), kind, detail or {}, **about)

        def done(result: int | StoreError) -> None:
            if isinstance(result, int):
                self._post(lambda: then(None))
                self._post(lambda: self._on_stored(result, event))
            else:
                self._post(lambda: then(result))

        self._writer.submit(Entry(event, change), done, urgent=True)
