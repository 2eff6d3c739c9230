"""A card goes to the one page that waits, once; what nobody waits for is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from deskreader.taps import ELSEWHERE, QUIET, STARTING, Taps, Told, told_of
from drivers.ports import (
    CardRead,
    DigitsEntered,
    HealthChanged,
    ReaderEvent,
    ReadFailed,
    TamperChanged,
    Technology,
)
from sync.records import Technology as Canonical

WITHIN_S = 8.0
CARD = CardRead(Technology.ISO14443A, bytes.fromhex("04A1B2C3D4E5F6"), 56, 1.0)
TOLD = Told("card", technology=int(Canonical.ISO14443A), number="04A1B2C3D4E5F6")
READY = HealthChanged(ok=True, cause="")


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (CARD, TOLD),
        (READY, Told("ready")),
        (HealthChanged(False, "no reader fits reader = ''; plug it in"), ("none", "no reader fits")),
        (HealthChanged(False, "more than one reader fits reader = ''"), ("several", "more than one")),
        (HealthChanged(False, "pcscd is not running"), ("away", "pcscd is not running")),
        (ReadFailed("the card does not answer", 1.0), Told("unread", "the card does not answer")),
        (CardRead(Technology.ISO14443A, bytes.fromhex("08A1B2C3"), 32, 1.0), Told("random")),
        (DigitsEntered("123", 1.0), None),
        (TamperChanged(True, 1.0), None),
    ],
)
def test_what_a_page_is_told(event: ReaderEvent, told: object) -> None:
    found = told_of(event)
    if isinstance(told, tuple):
        assert found is not None
        assert (found.state, found.cause.startswith(told[1])) == (told[0], True)
    else:
        assert found == told


def test_only_a_four_byte_type_a_number_is_drawn_by_its_first_byte() -> None:
    for technology, number in ((Technology.ISO14443B, "08A1B2C3"), (Technology.ISO14443A, "08A1B2C3D4E5F6")):
        found = told_of(CardRead(technology, bytes.fromhex(number), 0, 1.0))
        assert found is not None
        assert (found.state, found.number) == ("card", number)


def live(story: Callable[[Taps], Awaitable[None]]) -> None:
    asyncio.run(story(Taps()))  # type: ignore[arg-type]


async def asked(taps: Taps, known: str = "ready", within_s: float = WITHIN_S) -> asyncio.Task[Told]:
    """A page that waits; returns once it does."""
    task = asyncio.create_task(taps.next(known, within_s))
    await asyncio.sleep(0)
    return task


def test_a_card_goes_to_the_page_that_waits_and_to_no_later_one() -> None:
    async def story(taps: Taps) -> None:
        taps.on_event(READY)
        first = await asked(taps)
        taps.on_event(CARD)
        taps.on_event(CARD)  # a second card before the page asks again
        assert await first == TOLD
        assert await taps.next("ready", 0.01) == QUIET

    live(story)


def test_a_card_that_nobody_waits_for_is_forgotten() -> None:
    async def story(taps: Taps) -> None:
        taps.on_event(READY)
        taps.on_event(CARD)
        assert await taps.next("ready", 0.01) == QUIET
        gone = await asked(taps)
        gone.cancel()  # the page was closed
        await asyncio.gather(gone, return_exceptions=True)
        taps.on_event(CARD)
        assert await taps.next("ready", 0.01) == QUIET

    live(story)


def test_the_page_that_asked_last_gets_the_card() -> None:
    async def story(taps: Taps) -> None:
        taps.on_event(READY)
        first, second = await asked(taps), await asked(taps)
        assert await first == ELSEWHERE
        taps.on_event(CARD)
        assert await second == TOLD

    live(story)


def test_a_page_hears_at_once_how_the_reader_is_and_when_that_changes() -> None:
    async def story(taps: Taps) -> None:
        assert await taps.next("", WITHIN_S) == STARTING
        waits = await asked(taps, "away")
        taps.on_event(READY)
        assert await waits == Told("ready")
        waits = await asked(taps)
        taps.on_event(READY)  # nothing new
        taps.on_event(HealthChanged(False, "no reader fits"))
        assert (await waits).state == "none"
        assert (await taps.next("ready", WITHIN_S)).state == "none"

    live(story)
