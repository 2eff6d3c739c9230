"""What a gate's mass-removal brake will say to an update, before it is signed. Pure.

The hub keeps of each gate what the gate's brake remembers, as of the held list. So a
change that would trip it is held here, unsigned and unnumbered, instead of being refused
there with a revision spent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from msgspec import Struct

from office.hub.facts import Pair
from sync.brake import (
    CANNOT,
    BrakeState,
    Census,
    Conditions,
    Judgement,
    Opening,
    baseline,
    judge,
    opens_until,
    rebase,
)
from sync.delta import Put, Remove, ReplaceSettings, Revoke, Step, apply_steps
from sync.encoding import decode_record, decode_settings, split_issue
from sync.memory import TrustMemory
from sync.records import Grant, Tombstone
from sync.transition import touched_by_settings, weigh
from sync.update import ListContent, StoredRecord


class Verdict(Struct, frozen=True):
    """What the brake says, and what it will remember."""

    braked: bool
    lost: int
    openers: int
    memory: bytes


class HeldBack(Struct, frozen=True):
    """A change that only the manager can let pass."""

    lost: int
    """Credentials that would stop opening …"""
    openers: int
    """… of so many that can open."""
    steps: tuple[Step, ...]


def steps_of(pairs: Iterable[Pair], settings: bytes | None) -> tuple[Step, ...]:
    """The steps from the held to the wanted list."""
    steps: list[Step] = [_step(one) for one in pairs]
    if settings is not None:
        steps.append(ReplaceSettings(settings))
    return tuple(steps)


def judge_steps(content: ListContent, memory: bytes, steps: Sequence[Step], at: int) -> Verdict:
    """What the gate's brake says to a delta on the list ``content``, issued at ``at``."""
    change = apply_steps(steps, content)
    before = _conditions(content.settings())
    after = before if change.settings is None else _conditions(change.settings)
    whole = change.settings is not None
    touched = touched_by_settings(content, change.touched) if whole else change.touched
    openings, _ = weigh(touched, before, after, ended_at=at)
    return _verdict(judge(TrustMemory.decode(memory).brake, openings, at, whole_list=whole))


def passing_revocations(
    content: ListContent, memory: bytes, pairs: Sequence[Pair], at: int
) -> tuple[Revoke, ...]:
    """The revocations that the brake lets pass by themselves.

    All of them if they pass together. Otherwise change by change, oldest first, so that a
    mass removal waits for the manager and no lost card waits with it.
    """
    found = [(one.change, step) for one in pairs if isinstance(step := _step(one), Revoke)]
    revocations = tuple(step for _, step in found)
    if not revocations or not judge_steps(content, memory, revocations, at).braked:
        return revocations
    passing: tuple[Revoke, ...] = ()
    for _, group in groupby(found, lambda one: one[0]):
        tried = (*passing, *(step for _, step in group))
        if not judge_steps(content, memory, tried, at).braked:
            passing = tried
    return passing


def first_memory(records: Iterable[StoredRecord], settings: bytes, at: int) -> bytes:
    """What the brake remembers after a first list; ``records`` with each credential's together."""
    ends = _count_ends(list(records), settings)
    forever, days = 0, Counter[int]()
    state = baseline((), at)
    for until, count in ends.items():  # some dozens: thousands of cards end together
        one = baseline((Opening(b"", CANNOT, until),), at).census
        forever += count * one.forever
        days.update({day: count * single for day, single in one.ends.items()})
    census = Census(state.census.horizon, forever, dict(days))
    return TrustMemory(BrakeState(census, ((at, census.openers(at)),), {})).encode()


def snapshot_verdict(
    content: ListContent, memory: bytes, after: Iterable[StoredRecord], settings: bytes, at: int
) -> Verdict:
    """What the gate's brake says to a snapshot in place of the list ``content``."""
    left = {one.key: one.before for one in opened_by(content.records(), content.settings())}
    openings = [Opening(one.key, left.pop(one.key, CANNOT), one.after) for one in opened_by(after, settings)]
    openings += [Opening(key, until, CANNOT) for key, until in left.items()]
    return _verdict(judge(TrustMemory.decode(memory).brake, openings, at, whole_list=True))


def agreed(memory: bytes) -> bytes:
    """What the brake remembers once the manager has signed."""
    return TrustMemory(rebase(TrustMemory.decode(memory).brake)).encode()


def opened_by(records: Iterable[StoredRecord], settings: bytes) -> list[Opening]:
    """Until when each credential opens, as before and as after."""
    return [Opening(key, until, until) for key, until in _ends(records, settings)]


def _count_ends(records: Sequence[StoredRecord], settings: bytes) -> Counter[int]:
    """How many credentials open until when."""
    if len({one.key for one in records}) < len(records):
        return Counter(until for _, until in _ends(records, settings))
    # Each credential has one record, as nearly everywhere: it is enough to count the classes.
    shared = [split_issue(one.data)[0] for one in records]
    examples, counts = dict(zip(shared, records, strict=True)), Counter(shared)
    ends: Counter[int] = Counter()
    for name, one in examples.items():
        ends[opens_until([decode_record(one)], _conditions(settings))] += counts[name]
    return ends


def _ends(records: Iterable[StoredRecord], settings: bytes) -> Iterator[tuple[bytes, int]]:
    """Each credential and until when it opens; what records share is decoded once."""
    conditions = _conditions(settings)
    by_class: dict[bytes, int] = {}
    ordered = list(records)
    at = 0
    while at < len(ordered):
        first = ordered[at]
        key, end = first.key, at + 1
        while end < len(ordered) and ordered[end].key == key:
            end += 1
        if end - at > 1:
            yield key, opens_until([decode_record(one) for one in ordered[at:end]], conditions)
        else:
            shared = split_issue(first.data)[0]
            until = by_class.get(shared)
            if until is None:
                until = by_class[shared] = opens_until([decode_record(first)], conditions)
            yield key, until
        at = end


@lru_cache(maxsize=64)
def _conditions(settings: bytes) -> Conditions:
    """A revocation at a thousand gates meets the same few settings each time."""
    return Conditions.of(decode_settings(settings))


def _verdict(judgement: Judgement) -> Verdict:
    state: BrakeState = judgement.state
    return Verdict(judgement.tripped, judgement.lost, judgement.openers_then, TrustMemory(state).encode())


def _step(pair: Pair) -> Step:
    if pair.wanted is None:
        return Remove(pair.key, pair.grant_id)
    record = StoredRecord(pair.key, pair.grant_id, pair.wanted)
    if pair.held is not None:
        match decode_record(StoredRecord(pair.key, pair.grant_id, pair.held)), decode_record(record):
            case Grant(issue_id=before), Tombstone(issue_id=after) as end if before == after:
                return Revoke(pair.key, pair.grant_id, end.reason, end.since)
    return Put(record)
