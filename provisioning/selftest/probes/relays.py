"""Every lock clicks, and somebody says which way it moved: wiring and ``energised`` must agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning.selftest.person import AGAIN, CAME_FREE, LOCKED, NOTHING, Asked, Question
from provisioning.selftest.visit import Visit, failed, passed
from sync.as_built import Check
from terminal.config import Door, LockKind, LockState

MOST_TRIES: Final = 5


def probe(visit: Visit) -> Iterator[Check]:
    """The locks of doors; booms have a probe of their own."""
    for name, door in visit.config.doors.items():
        if door.settings.kind is not LockKind.BARRIER:
            yield _lock(visit, name, door)


def _lock(visit: Visit, name: str, door: Door) -> Check:
    output = f"doors.{name}.outputs.lock"
    freeing = door.settings.energised is LockState.UNLOCKED
    question = Question(
        Asked.CLICK,
        name,
        f"Push {name} while it clicks. What did it do during the click?",
        (CAME_FREE, LOCKED, NOTHING, AGAIN),
    )
    visit.bench.set(output, not freeing)
    try:
        for _ in range(MOST_TRIES):
            visit.person.say(f"{name}: its lock clicks for {visit.pace.click_s:g} s")
            visit.bench.set(output, freeing)
            visit.bench.pause(visit.pace.click_s)
            visit.bench.set(output, not freeing)
            answer = visit.person.ask(question)
            if answer != AGAIN:
                return _judged(output, door, answer)
    finally:
        visit.bench.set(output, False)
    return failed(output, f"nobody could tell after {MOST_TRIES} clicks; look at relay and lock")


def _judged(output: str, door: Door, answer: str) -> Check:
    energised = door.settings.energised
    match answer:
        case "came free":
            return passed(output, f"unlocks; the energised relay leaves it {energised.value}")
        case "became locked":
            return failed(
                output,
                "it works the wrong way round: hang the lock on the relay's other contact, or set 'energised'"
                f" to {energised.other.value!r} if that is how it is meant",
            )
        case _:
            return failed(
                output,
                "nothing moved: look at the line's number, the relay board's power and the lock's supply",
            )
