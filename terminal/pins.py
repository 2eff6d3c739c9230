"""PIN entry: which card a reader waits for digits of, how many tries it has had, and the comparison.

Counted before it is compared, compared on the hasher's thread, answered on the loop.
Nothing here is kept over a restart; whoever can restart a gate has its disk anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sync.pin import match_pin, pin_credential
from sync.records import Credential, Pin, PinMatch, Reason
from terminal.core.situation import PinEntry
from terminal.core.tries import PinTries, after_pin, before_pin
from terminal.hasher import Hasher

Result = TypeVar("Result")

PIN_WITHIN_S = 20.0
"""Time to type the PIN after the card (ours)."""
MAX_PIN_MEMORY = 1024
"""Credentials and readers whose wrong PINs are counted; a flood of others forgets the oldest."""


class Pins:
    """The PIN entry of one gate."""

    def __init__(self, hasher: Hasher) -> None:
        self.hasher = hasher
        self._asked: dict[int, tuple[Credential, float]] = {}
        self._tries: dict[Credential | int, PinTries] = {}
        """By card; where no card is needed, by reader id."""

    def close(self) -> None:
        """End the hasher's thread."""
        self.hasher.close()

    def expect(self, reader: int, credential: Credential, now: float) -> None:
        """From monotonic ``now``, digits at ``reader`` are the PIN to this card."""
        self._asked[reader] = (credential, now + PIN_WITHIN_S)

    def forget(self, reader: int) -> None:
        """Another card was held to ``reader``: digits are not the last one's."""
        self._asked.pop(reader, None)

    def expected(self, reader: int, now: float) -> Credential | None:
        """The card whose PIN is typed at ``reader`` now; asked once only."""
        credential, until = self._asked.pop(reader, (None, 0.0))
        return credential if now < until else None

    def compare(
        self,
        credential: Credential,
        pins: Iterable[Pin],
        digits: str,
        now: float,
        then: Callable[[PinEntry | None], Reason],
    ) -> None:
        """Have ``then`` called with what ``digits`` are to ``pins``: at once if PIN entry is
        blocked or there is no room, else once it is known; ``None``: no memory to find out.

        What ``then`` answers decides whether the try stays counted.
        """

        def work() -> dict[Pin, PinMatch]:
            return {one: match_pin(one, digits) for one in pins}

        def done(matches: dict[Pin, PinMatch] | None) -> Reason:
            return then(None if matches is None else PinEntry(matches))

        if not self._count(credential, work, done, now):
            then(PinEntry(blocked=True))

    def identify(
        self,
        reader: int,
        salt: bytes,
        digits: str,
        now: float,
        then: Callable[[Credential | Reason], Reason],
    ) -> None:
        """Like `compare`, for digits without a card: ``then`` gets what to look up, or why not.

        Tries are counted for the reader: nobody knows yet who types.
        """

        def work() -> Credential:
            return pin_credential(salt, digits)

        def done(credential: Credential | None) -> Reason:
            return then(Reason.FAULT if credential is None else credential)

        if not self._count(reader, work, done, now):
            then(Reason.PIN_BLOCKED)

    def _count(
        self,
        who: Credential | int,
        work: Callable[[], Result],
        done: Callable[[Result | None], Reason],
        now: float,
    ) -> bool:
        """Count a try of ``who`` and have it worked out; False: blocked, or no room."""
        tries = self._tries.get(who, PinTries())
        if tries.blocked(now) or not self.hasher.has_room:
            return False
        self._keep(who, before_pin(tries, now))

        def answered(result: Result | None) -> None:
            reason = done(result)
            self._keep(who, after_pin(self._tries.get(who, PinTries()), reason))

        return self.hasher.ask(work, answered)

    def _keep(self, who: Credential | int, tries: PinTries) -> None:
        self._tries.pop(who, None)
        if tries == PinTries():
            return
        if len(self._tries) >= MAX_PIN_MEMORY:
            del self._tries[next(iter(self._tries))]
        self._tries[who] = tries
