"""What the reader says, for the one page that waits: a card once, and to nobody if nobody waits (asyncio)."""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec import Struct

from drivers.ports import CardRead, HealthChanged, ReaderEvent, ReadFailed
from drivers.readers.pcsc import NO_READER, SEVERAL_READERS
from sync.records import Credential, Technology

RANDOM_FIRST_BYTE: Final = 0x08
"""ISO 14443-3 6.5.4: a four-byte number that begins so was drawn when the card was powered."""


class Told(Struct, frozen=True):
    """One thing that a page is told."""

    state: str
    """Of the reader: ready, none, several, away. Of a card: card, random, unread. Else: quiet, elsewhere."""
    cause: str = ""
    """In the driver's words; never a number."""
    technology: int = 0
    number: str = ""


STARTING: Final = Told("away", "the reader has not answered yet")
QUIET: Final = Told("quiet")
ELSEWHERE: Final = Told("elsewhere")


def told_of(event: ReaderEvent) -> Told | None:
    """What a page is told of it; ``None``: it does not concern a desk."""
    match event:
        case HealthChanged(ok=True):
            return Told("ready")
        case HealthChanged(cause=cause):
            state = "away"
            if cause.startswith(NO_READER):
                state = "none"
            elif cause.startswith(SEVERAL_READERS):
                state = "several"
            return Told(state, cause)
        case ReadFailed(cause=cause):
            return Told("unread", cause)
        case CardRead(technology=technology, number=number):
            return _card(Credential(Technology[technology.name], number))
        case _:
            return None


def _card(card: Credential) -> Told:
    drawn = len(card.number) == 4 and card.number[0] == RANDOM_FIRST_BYTE
    if card.technology is Technology.ISO14443A and drawn:
        return Told("random")
    return Told("card", technology=int(card.technology), number=card.number.hex().upper())


class Taps:
    """One page waits at a time: the one that asked last."""

    def __init__(self) -> None:
        self._health = STARTING
        self._waiting: asyncio.Future[Told] | None = None
        self._known = ""

    def on_event(self, event: ReaderEvent) -> None:
        """From the loop's thread. What nobody waits for is forgotten here and now."""
        told = told_of(event)
        if told is None:
            return
        if isinstance(event, HealthChanged):
            self._health = told
            if told.state == self._known:
                return
        self._tell(told)

    async def next(self, known: str, within_s: float) -> Told:
        """The next thing for this page, which ``known`` tells what it knows of the reader."""
        self._tell(ELSEWHERE)
        if self._health.state != known:
            return self._health
        waiting: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        self._known = known
        try:
            async with asyncio.timeout(within_s):
                return await waiting
        except TimeoutError:
            return QUIET
        finally:
            if self._waiting is waiting:
                self._waiting = None

    def _tell(self, told: Told) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(told)
