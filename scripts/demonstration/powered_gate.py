"""A gate with a power switch, and the one place that talks to it."""

from __future__ import annotations

from collections.abc import Iterable

from scripts.demonstration.estate import Estate
from scripts.demonstration.event_feed import EventFeed
from scripts.demonstration.gate_client import Fields, GateClient, GateGoneError, connect
from scripts.demonstration.gate_process import GateProcess


class NoPowerError(Exception):
    """The gate has no power: there is nobody to ask."""


class PoweredGate:
    """Starts, asks, follows and kills one gate."""

    def __init__(self, estate: Estate, process: GateProcess) -> None:
        self._estate = estate
        self._process = process
        self._client: GateClient | None = None
        self._feed: EventFeed | None = None
        self.last_number = 0
        """Number of the last event that was taken."""

    @property
    def is_on(self) -> bool:
        """Whether the gate runs and answers."""
        return self._client is not None

    def switch_on(self, low_lines: Iterable[str]) -> None:
        """Start the gate in a world whose ``low_lines`` are held low.

        Raises:
            GateStartError: it does not become ready.
            GateGoneError: it ends at once.
        """
        self._estate.write_config(low_lines)
        self._process.start()
        path = self._estate.config.control_socket
        self._client = connect(path, alive=self._process.wait_alive)
        follower = connect(path, alive=self._process.wait_alive)
        self._feed = EventFeed(follower, self._estate.config.terminal_dir, after=self.last_number)

    def cut(self) -> None:
        """The power goes, in the middle of whatever the gate does."""
        self._process.kill()
        self._hang_up()

    def close(self) -> None:
        """End the gate in order. May be called twice."""
        self._process.stop()
        self._hang_up()

    def ask(self, command: str, **arguments: object) -> Fields:
        """The gate's answer to one command.

        Raises:
            NoPowerError: it is off.
            GateRefusedError: it was not carried out.
            GateGoneError: no answer came.
        """
        if self._client is None:
            raise NoPowerError("the gate has no power")
        return self._client.ask(command, **arguments)

    def status(self) -> Fields | None:
        """The gate's own account of itself; ``None`` without power."""
        try:
            return self.ask("status")
        except (NoPowerError, GateGoneError):
            return None

    def fileno(self) -> int | None:
        """Readable when events wait, or the gate has died; ``None`` without power."""
        return None if self._feed is None else self._feed.fileno()

    def take_events(self, wait_s: float = 0.0) -> list[Fields]:
        """The events that have come since, oldest first; waits so long at most for the first.

        A gate that has died is off from then on.
        """
        if self._feed is None:
            return []
        try:
            events = self._feed.take(wait_s)
        except GateGoneError:
            self.cut()
            return []
        if events:
            self.last_number = events[-1]["number"]
        return events

    def _hang_up(self) -> None:
        for one in (self._client, self._feed):
            if one is not None:
                one.close()
        self._client = self._feed = None
