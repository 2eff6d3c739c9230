"""Plays a story chapter by chapter and holds what comes against what is told, event by event."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from scripts.demonstration.event_text import Names, event_text
from scripts.demonstration.gate_client import Fields, GateGoneError, GateRefusedError
from scripts.demonstration.gate_process import GateStartError
from scripts.demonstration.powered_gate import NoPowerError
from scripts.demonstration.telling import Act, Chapter, Events, Seen, Stands, Step, seen
from scripts.demonstration.world import World

EVENT_WITHIN_S: Final = 10.0
"""For one event; a virtual card is held until it is read, which takes a second or so."""
LOOK_EVERY_S: Final = 0.02
ASIDES: Final = frozenset({"clock_changed"})
"""Kinds of event that may come at any time: the floor is kept, somebody sets this machine's clock."""


class MismatchError(Exception):
    """It came out otherwise than told: what was expected, and what came."""


class Player:
    """Plays chapters; ``say`` prints a line, ``monotonic`` gives seconds."""

    def __init__(
        self, world: World, names: Names, say: Callable[[str], None], monotonic: Callable[[], float]
    ) -> None:
        self._world = world
        self._names = names
        self._say = say
        self._monotonic = monotonic
        self._waiting: deque[Seen] = deque()
        """Events that came and were not told of yet."""
        self._number = world.gate.last_number

    def play(self, chapters: Sequence[Chapter]) -> bool:
        """Play until the end or the first chapter that fails; did all come out as told?"""
        outcomes: list[str] = []
        for number, chapter in enumerate(chapters, start=1):
            self._say(f"\n{number:>2}  {chapter.title}")
            problem = self._problem(chapter)
            outcomes.append("FAILED" if problem else "ok")
            self._say(f"    {outcomes[-1]}" + (f": {problem}" if problem else ""))
            if problem:
                break
        outcomes += ["not played"] * (len(chapters) - len(outcomes))
        self._say("")
        for chapter, outcome in zip(chapters, outcomes, strict=True):
            self._say(f"{outcome:<10}  {chapter.title}")
        return all(outcome == "ok" for outcome in outcomes)

    def _problem(self, chapter: Chapter) -> str:
        """How the chapter differs from what is told; empty if it does not."""
        try:
            for step in chapter.steps:
                self._play(step)
            self._take()
        except (MismatchError, GateGoneError, GateRefusedError, GateStartError, NoPowerError) as error:
            return str(error)
        return f"expected: nothing more; came: {self._waiting[0]}" if self._waiting else ""

    def _play(self, step: Step) -> None:
        match step:
            case Act(act=act):
                self._say(f"    > {act(self._world)}")
            case Events(expected=expected):
                self._see(list(expected))
            case Stands():
                self._look(step)

    def _see(self, expected: list[Seen]) -> None:
        deadline = self._monotonic() + EVENT_WITHIN_S
        while expected:
            came = self._next_event(deadline)
            if came not in expected:
                wanted = " / ".join(str(one) for one in expected)
                raise MismatchError(f"expected: {wanted}; came: {came or 'nothing'}")
            expected.remove(came)

    def _look(self, expected: Stands) -> None:
        deadline = self._monotonic() + expected.within_s
        while (found := self._status_at(expected.path)) != expected.value:
            if self._monotonic() >= deadline:
                place = ".".join(expected.path)
                raise MismatchError(f"expected: {expected.told} ({place} {expected.value}); it is: {found}")
            self._take(LOOK_EVERY_S)
        self._say(f"    = {expected.told}")

    def _status_at(self, path: tuple[str, ...]) -> object:
        found: object = self._world.gate.status()
        for word in path:
            found = found.get(word) if isinstance(found, dict) else None
        return found

    def _next_event(self, deadline: float) -> Seen | None:
        """The next event that is no aside; ``None`` when the deadline passes first."""
        while not self._waiting:
            left_s = deadline - self._monotonic()
            if left_s <= 0 or not self._world.gate.is_on:
                return None
            self._take(left_s)
        return self._waiting.popleft()

    def _take(self, wait_s: float = 0.0) -> None:
        """Tell of the events that have come; wait so long at most for the first."""
        for fields in self._world.gate.take_events(wait_s):
            self._say(f"    {event_text(fields, self._names)}")
            self._check_number(fields)
            if fields["kind"] not in ASIDES:
                self._waiting.append(seen(fields, self._names))

    def _check_number(self, fields: Fields) -> None:
        expected, self._number = self._number + 1, fields["number"]
        if fields["number"] != expected:
            raise MismatchError(f"expected: event number {expected}; came: {fields['number']}")
