"""The root's word about the time floor, as it comes over a session.

While one is being taken, and after it, the office's answers to earlier questions count no
longer: they may be as wrong as the floor was, and would raise it again.
"""

from __future__ import annotations

from collections.abc import Callable

from sync.messages import FloorTaken, Message
from sync.statements.refusal import ReplayedError
from terminal.agent.time_source import TimeSource
from terminal.stores.time_anchor import Lowered

Work = Callable[[], object]
Then = Callable[[object | Exception], None]


class FloorIntake:
    """Takes the lowerings of one session; the session itself forgets its open question."""

    def __init__(
        self,
        time: TimeSource,
        lower: Callable[[bytes], Lowered],
        *,
        worker: Callable[[Work, Then], None],
        ask_time: Callable[[], None],
        say: Callable[[Message], None],
        refused: Callable[[str, str], None],
    ) -> None:
        """``lower`` verifies and keeps one, on the worker; ``refused`` counts and tells a refusal."""
        self._time = time
        self._lower = lower
        self._worker = worker
        self._ask_time = ask_time
        self._say = say
        self._refused = refused
        self._under_way = 0

    @property
    def is_busy(self) -> bool:
        """Whether one is being taken: until it is, no answer of the office's is wanted."""
        return self._under_way > 0

    def take(self, signed: bytes) -> None:
        """Have a lowering judged and kept."""
        self._under_way += 1
        self._worker(lambda: self._lower(signed), self._done)

    def _done(self, outcome: object | Exception) -> None:
        self._under_way -= 1
        match outcome:
            case Lowered():
                self._time.lower(outcome)
                self._say(FloorTaken(outcome.serial))
            case Exception():
                self._refused(getattr(outcome, "attack", "disk"), str(outcome))
                if isinstance(outcome, ReplayedError):
                    self._say(FloorTaken(self._time.lowering))
        if not self.is_busy:
            self._ask_time()
