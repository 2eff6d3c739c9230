"""Passages that do not fit together: somebody comes in twice, through different gates, and never went out.

A gate judges anti-passback within itself. What lies between two gates nobody there can see, and no
gate waits for another. The office finds it afterwards and reports it, nothing more: logs come late,
clocks differ, and people slip through beside others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

FORGIVEN_AFTER_MS: Final = 24 * 3_600_000
"""Whoever went out with somebody else, or by a door that was open, is not reported for ever."""


class Passage(Struct, frozen=True):
    """A card was let through a door, in a known direction, at a known time."""

    issue_id: int
    place_id: int
    """What the door leads into: two gates' doors are compared if they lead into the same."""
    gate_id: int
    inwards: bool
    at_ms: int
    slack_ms: int
    """How far the time may be off, either way."""
    door: int = 0


class Breach(Struct, frozen=True):
    """The second passage contradicts the first, and another gate had judged that."""

    first: Passage
    second: Passage


def breaches(passages: Iterable[Passage]) -> Iterator[Breach]:
    """Those among passages that come in order of time.

    A passage whose order to the one before is not certain, for the clocks of two gates differ,
    contradicts nothing; the same gate's passages are its own business.
    """
    last: dict[tuple[int, int], Passage] = {}
    for passage in passages:
        place = passage.issue_id, passage.place_id
        before = last.get(place)
        last[place] = passage
        if before is not None and _contradict(before, passage):
            yield Breach(before, passage)


def _contradict(first: Passage, second: Passage) -> bool:
    apart_ms = second.at_ms - first.at_ms
    return (
        first.inwards == second.inwards
        and first.gate_id != second.gate_id
        and first.slack_ms + second.slack_ms < apart_ms <= FORGIVEN_AFTER_MS
    )
