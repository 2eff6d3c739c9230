from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from sync.records import (
    Access,
    Credential,
    Direction,
    DoorMode,
    DoorPolicy,
    Grant,
    GrantKind,
    Reason,
    Technology,
)
from terminal.core.companion import Pending, is_over, refuse, second_tap, wait_for_companion
from terminal.core.situation import Now, Position, Request, Situation
from tests.terminal.core.scenes import (
    CALM,
    CARD,
    FRONT,
    MISSING,
    NOW,
    OFFICE_HOURS,
    OTHER_CARD,
    PIN,
    RULES,
    YARD,
    decided,
    grant,
    rules,
    tap,
    tombstone,
)

SLIP = grant(kind=GrantKind.RELEASE_SLIP, uses=1, companion=frozenset({GrantKind.GUARD}))
GUARD = grant(50, issue_id=500, credential=OTHER_CARD, kind=GrantKind.GUARD)
GUARD_TAPS = Request(OTHER_CARD, FRONT, Direction.IN)


def later(seconds: float) -> Now:
    return replace(NOW, monotonic=NOW.monotonic + seconds)


def pending() -> Pending:
    waiting = wait_for_companion(tap(), decided(SLIP), RULES, NOW)
    assert waiting is not None
    return waiting


def follows(
    *records: Grant,
    request: Request = GUARD_TAPS,
    situation: Situation = CALM,
    after_s: float = 5,
    waiting: Pending | None = None,
) -> Request | None:
    return second_tap(waiting or pending(), request, records, RULES, situation, later(after_s))


def test_a_slip_then_a_guard_opens_and_spends() -> None:
    completed = follows(GUARD)
    assert completed is not None
    assert completed.companion == frozenset({GUARD.kind})
    outcome = decided(SLIP, request=completed, now=later(5))
    assert (outcome.reason, outcome.uses_left_after, outcome.durable_first) == (Reason.GRANTED, 0, True)


def test_the_waiting_tap_is_decided_anew() -> None:
    completed = follows(GUARD)
    assert completed is not None
    assert decided(tombstone(), request=completed).reason is Reason.LOST
    spent = replace(CALM, spent={1: 1})
    assert decided(SLIP, request=completed, situation=spent).reason is Reason.NO_USES_LEFT


def test_only_a_tap_that_lacks_its_companion_waits() -> None:
    for record in (grant(), grant(pin=PIN), grant(valid_until=1, companion=frozenset({GrantKind.GUARD}))):
        assert wait_for_companion(tap(), decided(record), RULES, NOW) is None


@pytest.mark.parametrize("limit", [1, 60, 600])
def test_the_door_sets_the_time_limit(limit: int) -> None:
    patient = rules(doors=(DoorPolicy(FRONT, companion_within_s=limit),))
    waiting = wait_for_companion(tap(), decided(SLIP), patient, NOW)
    assert waiting is not None
    assert [is_over(waiting, later(seconds)) for seconds in (0, limit - 0.1, limit)] == [False, False, True]


@pytest.mark.parametrize(("after_s", "completes"), [(59.9, True), (60, False), (3600, False)])
def test_too_late_is_too_late(after_s: float, completes: bool) -> None:
    assert (follows(GUARD, after_s=after_s) is not None) == completes
    refused = refuse(pending(), later(after_s))
    assert (refused is not None) == completes


@pytest.mark.parametrize(
    ("changes", "situation"),
    [
        ({"kind": GrantKind.RESIDENT}, CALM),
        ({"access": (Access(YARD),)}, CALM),
        ({"valid_until": 1}, CALM),
        ({"schedule": MISSING}, CALM),
        ({"uses": 5}, CALM),
        ({"pin": PIN}, CALM),
        ({"companion": frozenset({GrantKind.TECHNICIAN})}, CALM),
        ({"issue_id": SLIP.issue_id}, CALM),
        ({}, replace(CALM, mode=DoorMode.LOCKDOWN)),
    ],
)
def test_who_does_not_complete(changes: dict[str, Any], situation: Situation) -> None:
    assert follows(replace(GUARD, **changes), situation=situation) is None


def test_the_guard_need_not_be_in_the_card_alone() -> None:
    resident = replace(GUARD, grant_id=40, kind=GrantKind.RESIDENT)
    completed = follows(resident, GUARD)
    assert completed is not None
    assert completed.companion == frozenset({GUARD.kind})


def test_a_residents_tap_meanwhile_is_served_and_changes_nothing() -> None:
    waiting = pending()
    resident = replace(GUARD, kind=GrantKind.RESIDENT)
    assert follows(resident, waiting=waiting) is None
    assert decided(resident, request=GUARD_TAPS).reason is Reason.GRANTED
    assert follows(GUARD, waiting=waiting, after_s=30) is not None


def test_the_same_chip_never_confirms_itself() -> None:
    twice = grant(2, issue_id=200, kind=GrantKind.GUARD)
    assert follows(SLIP, twice, request=tap()) is None


def test_a_pin_without_a_card_confirms_nobody() -> None:
    by_pin = replace(RULES, doors={**RULES.doors, FRONT: replace(RULES.doors[FRONT], opens_by_pin=True)})
    code = Credential(Technology.KEYPAD, bytes(32))
    typed, guard = replace(GUARD_TAPS, credential=code), replace(GUARD, credential=code)
    assert second_tap(pending(), typed, [guard], by_pin, CALM, NOW) is None
    assert second_tap(pending(), GUARD_TAPS, [GUARD], by_pin, CALM, NOW) is not None


def test_a_tap_at_another_door_does_not_complete() -> None:
    assert follows(GUARD, request=replace(GUARD_TAPS, door=YARD)) is None


def test_a_guard_confirms_from_within_the_area() -> None:
    waiting = replace(pending(), request=tap(YARD))
    inside = replace(CALM, positions={(7, 50): Position(inside=True, order=1, utc=None, monotonic=None)})
    at_yard = replace(GUARD_TAPS, door=YARD)
    assert decided(GUARD, request=at_yard, situation=inside).reason is Reason.PASSBACK
    assert follows(GUARD, request=at_yard, situation=inside, waiting=waiting) is not None


def test_two_colleagues_stand_by_each_other() -> None:
    staff = grant(kind=GrantKind.STAFF, companion=frozenset({GrantKind.STAFF}), schedule=OFFICE_HOURS)
    colleague = replace(staff, grant_id=60, issue_id=600, credential=OTHER_CARD)
    waiting = wait_for_companion(tap(), decided(staff), RULES, NOW)
    completed = follows(colleague, waiting=waiting)
    assert completed is not None
    assert decided(staff, request=completed).granted


def test_the_guard_refuses_and_nothing_is_spent() -> None:
    outcome = refuse(pending(), later(5))
    assert outcome is not None
    assert (outcome.reason, outcome.grant, outcome.spends) == (Reason.COMPANION_REFUSED, SLIP, False)
    assert outcome.grant is not None
    assert outcome.grant.credential == CARD
