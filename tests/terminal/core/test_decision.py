from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from sync.records import (
    Access,
    ClockState,
    Credential,
    Direction,
    DoorMode,
    Grant,
    GrantKind,
    KindPolicy,
    PassbackArea,
    PassbackMode,
    PinMatch,
    PinOnly,
    Reason,
    RevocationReason,
    Technology,
)
from sync.records.settings import DEFAULT_POLICIES
from terminal.core.companion import Pending, refuse
from terminal.core.decision import REFUSAL_RANK, Decision
from terminal.core.passback import Move
from terminal.core.situation import Now, PinEntry, Position, Situation
from tests.terminal.core.scenes import (
    CALM,
    FLOOR,
    FRONT,
    LOOSE,
    MISSING,
    NOW,
    NOWHERE,
    OFFICE_HOURS,
    OTHER_CARD,
    PIN,
    RULES,
    UNKNOWN,
    YARD,
    at,
    decided,
    grant,
    rules,
    tap,
    tombstone,
    typed,
    utc,
)

FREE = replace(CALM, mode=DoorMode.FREE)
LOCKDOWN = replace(CALM, mode=DoorMode.LOCKDOWN)
INSIDE = {(7, 1): Position(inside=True, order=1, utc=None, monotonic=None)}
SLIP = grant(kind=GrantKind.RELEASE_SLIP, uses=1, companion=frozenset({GrantKind.GUARD}))


def guard_refuses() -> Decision:
    refused = refuse(Pending(tap(), SLIP, NOW.monotonic + 60), NOW)
    assert refused is not None
    return refused


EXAMPLES: dict[Reason, Callable[[], Decision]] = {
    Reason.GRANTED: lambda: decided(grant()),
    Reason.GRANTED_FREE: lambda: decided(situation=FREE),
    Reason.UNKNOWN_CREDENTIAL: decided,
    Reason.NOT_YET_VALID: lambda: decided(grant(valid_from=utc("2025-06-18T10:01"))),
    Reason.EXPIRED: lambda: decided(grant(valid_until=utc("2025-06-18T10:00"))),
    Reason.OUTSIDE_HOURS: lambda: decided(grant(schedule=OFFICE_HOURS), now=at("2025-06-18T18:00")),
    Reason.HOLIDAY: lambda: decided(grant(schedule=OFFICE_HOURS), now=at("2025-10-01T10:00")),
    Reason.LOST: lambda: decided(tombstone()),
    Reason.DAMAGED: lambda: decided(tombstone(reason=RevocationReason.DAMAGED)),
    Reason.SUSPENDED: lambda: decided(tombstone(reason=RevocationReason.SUSPENDED)),
    Reason.WITHDRAWN: lambda: decided(tombstone(reason=RevocationReason.WITHDRAWN)),
    Reason.MOVED_OUT: lambda: decided(tombstone(reason=RevocationReason.MOVED_OUT)),
    Reason.SUPERSEDED: lambda: decided(tombstone(reason=RevocationReason.SUPERSEDED)),
    Reason.WRONG_DOOR: lambda: decided(grant(access=(Access(YARD),))),
    Reason.NO_USES_LEFT: lambda: decided(grant(uses=3), situation=replace(CALM, spent={1: 3})),
    Reason.NEEDS_SECOND_CREDENTIAL: lambda: decided(SLIP),
    Reason.NEEDS_PIN: lambda: decided(grant(pin=PIN)),
    Reason.WRONG_PIN: lambda: decided(grant(pin=PIN), request=tap(pin=typed(PinMatch.WRONG))),
    Reason.PIN_BLOCKED: lambda: decided(grant(pin=PIN), request=tap(pin=typed(PinMatch.RIGHT, blocked=True))),
    Reason.PASSBACK: lambda: decided(grant(), request=tap(YARD), situation=replace(CALM, positions=INSIDE)),
    Reason.INTERLOCK: lambda: decided(grant(), situation=replace(CALM, interlock_clear=False)),
    Reason.LOCKED_DOWN: lambda: decided(grant(), situation=LOCKDOWN),
    Reason.LIST_TOO_OLD: lambda: decided(
        grant(kind=GrantKind.VISITOR), situation=replace(CALM, list_age_s=86_401)
    ),
    Reason.CLOCK_UNKNOWN: lambda: decided(
        grant(kind=GrantKind.VISITOR, valid_until=FLOOR + 86_400), now=UNKNOWN
    ),
    Reason.COMPANION_REFUSED: guard_refuses,
    Reason.FAULT: lambda: decided(grant(schedule=MISSING)),
}


@pytest.mark.parametrize("reason", Reason, ids=lambda one: one.word)
def test_every_reason_has_an_example(reason: Reason) -> None:
    assert EXAMPLES[reason]().reason is reason


def test_every_refusal_of_a_grant_has_its_rank() -> None:
    never_of_a_grant = {one.reason for one in RevocationReason} | {
        Reason.UNKNOWN_CREDENTIAL,
        Reason.COMPANION_REFUSED,
    }
    refusals = {one for one in Reason if not one.granted} - never_of_a_grant
    assert set(REFUSAL_RANK) == refusals
    assert len(REFUSAL_RANK) == len(refusals)


@pytest.mark.parametrize(
    ("access", "asked", "reason"),
    [
        (Access(FRONT, Direction.IN), Direction.IN, Reason.GRANTED),
        (Access(FRONT, Direction.IN), Direction.OUT, Reason.WRONG_DOOR),
        (Access(FRONT, Direction.OUT), Direction.IN, Reason.WRONG_DOOR),
        (Access(FRONT, Direction.OUT), Direction.OUT, Reason.GRANTED),
        (Access(FRONT), Direction.IN, Reason.GRANTED),
        (Access(FRONT), Direction.BOTH, Reason.GRANTED),
        (Access(FRONT, Direction.IN), Direction.BOTH, Reason.WRONG_DOOR),
        (Access(FRONT), Direction(0), Reason.WRONG_DOOR),
    ],
)
def test_directions(access: Access, asked: Direction, reason: Reason) -> None:
    assert decided(grant(access=(access,)), request=tap(FRONT, asked)).reason is reason


@pytest.mark.parametrize("door", [NOWHERE, LOOSE])
@pytest.mark.parametrize("situation", [CALM, FREE, LOCKDOWN])
def test_a_door_the_list_does_not_hold_soundly_is_a_fault(door: int, situation: Situation) -> None:
    anywhere = grant(access=(Access(LOOSE), Access(NOWHERE)))
    assert decided(anywhere, request=tap(door), situation=situation).reason is Reason.FAULT
    assert decided(request=tap(door), situation=situation).reason is Reason.FAULT


def test_dangling_references_of_another_door_do_no_harm() -> None:
    assert decided(grant(access=(Access(FRONT), Access(LOOSE), Access(NOWHERE)))).granted


def test_lost_spends_are_a_fault_for_counted_grants_only() -> None:
    lost = replace(CALM, spends_lost={1})
    assert decided(grant(uses=5), situation=lost).reason is Reason.FAULT
    assert decided(grant(), situation=lost).granted


class TestTombstones:
    @pytest.mark.parametrize("reason", RevocationReason)
    def test_chip_wide_reasons_end_every_grant_of_the_issue(self, reason: RevocationReason) -> None:
        outcome = decided(tombstone(1, reason=reason), grant(2))
        assert outcome.reason is (reason.reason if reason.chip_wide else Reason.GRANTED)

    def test_a_reissued_chip_is_not_concerned(self) -> None:
        outcome = decided(tombstone(1, issue_id=100), grant(2, issue_id=200))
        assert (outcome.reason, outcome.issue_id) == (Reason.GRANTED, 200)

    def test_the_newest_speaks(self) -> None:
        withdrawn = tombstone(1, reason=RevocationReason.WITHDRAWN, since=FLOOR + 5)
        outcome = decided(tombstone(2, since=FLOOR), withdrawn, tombstone(3, since=FLOOR + 4))
        assert outcome.tombstone == withdrawn
        assert (outcome.reason, outcome.issue_id, outcome.grant_id) == (Reason.WITHDRAWN, 100, 1)

    def test_a_live_grant_speaks_before_a_tombstone(self) -> None:
        outcome = decided(tombstone(1, reason=RevocationReason.MOVED_OUT), grant(2, access=(Access(YARD),)))
        assert outcome.reason is Reason.WRONG_DOOR

    def test_a_tombstone_ends_its_own_grant_whatever_its_reason(self) -> None:
        both = (grant(1), tombstone(1, reason=RevocationReason.WITHDRAWN))
        assert decided(*both).reason is Reason.WITHDRAWN


class TestFreeAccess:
    @pytest.mark.parametrize(
        "record",
        [
            grant(),
            grant(uses=1),
            grant(valid_until=1),
            grant(access=(Access(FRONT),)),
            grant(schedule=MISSING),
            SLIP,
        ],
    )
    def test_everybody_passes_and_nothing_is_spent_or_moved(self, record: Grant) -> None:
        free = replace(FREE, spent={1: 1}, positions=INSIDE, interlock_clear=False)
        outcome = decided(record, request=tap(YARD), situation=free)
        assert outcome == Decision(Reason.GRANTED_FREE, grant=record)
        assert not outcome.spends
        assert not outcome.durable_first

    def test_a_lost_card_is_still_heard_of(self) -> None:
        assert decided(tombstone(), situation=FREE).reason is Reason.LOST
        assert decided(tombstone(), grant(2), situation=FREE).reason is Reason.LOST
        assert decided(tombstone(), grant(2, issue_id=5), situation=FREE).reason is Reason.GRANTED_FREE


class TestClockAndList:
    @pytest.mark.parametrize("kind", GrantKind)
    @pytest.mark.parametrize(
        ("now", "age"),
        [(NOW, 60), (replace(NOW, clock=ClockState.SUSPECT), 60), (UNKNOWN, 60), (UNKNOWN, None)],
        ids=["trusted", "suspect", "unknown", "unknown-age"],
    )
    def test_permanent_grants_open_in_every_clock_state(
        self, kind: GrantKind, now: Now, age: int | None
    ) -> None:
        assert decided(grant(kind=kind), now=now, situation=replace(CALM, list_age_s=age)).granted

    @pytest.mark.parametrize("policy", DEFAULT_POLICIES, ids=lambda one: one.kind.name.lower())
    def test_time_limited_grants_follow_their_kind_without_clock(self, policy: KindPolicy) -> None:
        limited = grant(kind=policy.kind, valid_until=FLOOR + 1)
        expected = Reason.GRANTED if policy.opens_without_clock else Reason.CLOCK_UNKNOWN
        unknown_age = replace(CALM, list_age_s=None)
        assert decided(limited, now=UNKNOWN, situation=unknown_age).reason is expected

    @pytest.mark.parametrize("kind", [GrantKind.RESIDENT, GrantKind.VISITOR])
    @pytest.mark.parametrize("now", [NOW, UNKNOWN, replace(NOW, utc=0, floor=FLOOR)])
    def test_a_grant_past_its_end_at_the_floor_never_opens(self, now: Now, kind: GrantKind) -> None:
        assert decided(grant(kind=kind, valid_until=FLOOR), now=now).reason is Reason.EXPIRED

    def test_a_clock_before_the_floor_is_moved_up_to_it(self) -> None:
        early = replace(NOW, utc=0, floor=FLOOR)
        assert decided(grant(valid_from=FLOOR), now=early).granted
        assert decided(grant(valid_from=FLOOR + 1), now=early).reason is Reason.NOT_YET_VALID

    def test_a_clock_beyond_the_calendar_is_unknown(self) -> None:
        far = replace(NOW, utc=10**15)
        assert decided(grant(kind=GrantKind.VISITOR, schedule=OFFICE_HOURS), now=far).reason is (
            Reason.CLOCK_UNKNOWN
        )

    @pytest.mark.parametrize("policy", DEFAULT_POLICIES, ids=lambda one: one.kind.name.lower())
    @pytest.mark.parametrize("age", [0, 86_400, 86_401, 7 * 86_400, 7 * 86_400 + 1, 10**9, None])
    def test_the_list_may_be_as_old_as_the_kind_allows(self, policy: KindPolicy, age: int | None) -> None:
        limit = policy.max_list_age_s
        too_old = limit is not None and (age is None or age > limit)
        outcome = decided(grant(kind=policy.kind), situation=replace(CALM, list_age_s=age))
        assert outcome.reason is (Reason.LIST_TOO_OLD if too_old else Reason.GRANTED)

    def test_validity_is_half_open(self) -> None:
        start, end = utc("2025-06-18T10:00"), utc("2025-06-18T10:05")
        window = grant(valid_from=start, valid_until=end)
        outcomes = {
            local: decided(window, now=at(f"2025-06-18T{local}")).reason
            for local in ("09:59:59", "10:00:00", "10:04:59", "10:05:00")
        }
        assert outcomes == {
            "09:59:59": Reason.NOT_YET_VALID,
            "10:00:00": Reason.GRANTED,
            "10:04:59": Reason.GRANTED,
            "10:05:00": Reason.EXPIRED,
        }


class TestSeveralGrants:
    def test_the_cheapest_grant_opens(self) -> None:
        asks = tap(YARD, pin=typed(PinMatch.RIGHT), companion=frozenset({GrantKind.GUARD}))
        dear_to_cheap = [
            grant(1, uses=2),
            grant(2, companion=frozenset({GrantKind.GUARD})),
            grant(3, pin=PIN),
            grant(4),
            grant(5, passback_exempt=True),
        ]
        while dear_to_cheap:
            assert decided(*dear_to_cheap, request=asks).grant == dear_to_cheap.pop()

    def test_then_the_lowest_grant_id_whatever_the_order_of_records(self) -> None:
        assert decided(grant(9), grant(3), grant(5)).grant_id == 3

    def test_any_grant_that_opens_wins(self) -> None:
        outcome = decided(grant(1, schedule=MISSING), grant(2, valid_until=1), grant(3))
        assert (outcome.reason, outcome.grant_id) == (Reason.GRANTED, 3)

    def test_the_most_useful_refusal_speaks(self) -> None:
        worse_to_better = [
            grant(1, access=(Access(YARD),)),
            grant(2, valid_until=1),
            grant(3, valid_from=utc("2026-01-01")),
            grant(4, schedule=MISSING),
            grant(5, pin=PIN),
            SLIP,
        ]
        reasons = [decided(*worse_to_better[: size + 1]).reason for size in range(len(worse_to_better))]
        assert reasons == [
            Reason.WRONG_DOOR,
            Reason.EXPIRED,
            Reason.NOT_YET_VALID,
            Reason.FAULT,
            Reason.NEEDS_PIN,
            Reason.NEEDS_SECOND_CREDENTIAL,
        ]


class TestPin:
    def test_the_right_pin_opens(self) -> None:
        outcome = decided(grant(pin=PIN), request=tap(pin=typed(PinMatch.RIGHT)))
        assert (outcome.reason, outcome.duress) == (Reason.GRANTED, False)

    def test_a_duress_pin_opens_and_is_flagged(self) -> None:
        outcome = decided(grant(pin=PIN), request=tap(pin=typed(PinMatch.DURESS)))
        assert (outcome.reason, outcome.duress) == (Reason.GRANTED, True)

    @pytest.mark.parametrize("situation", [CALM, LOCKDOWN, FREE])
    def test_duress_is_flagged_whichever_grant_opens_or_none(self, situation: Situation) -> None:
        request = tap(pin=typed(PinMatch.DURESS))
        assert decided(grant(1), grant(2, pin=PIN), request=request, situation=situation).duress

    def test_a_grant_without_pin_does_not_ask(self) -> None:
        assert decided(grant(), request=tap(pin=PinEntry(blocked=True))).granted

    def test_a_pin_that_nothing_was_compared_with_is_asked_for(self) -> None:
        other = replace(PIN, salt=b"\1" * 16)
        outcome = decided(grant(pin=other), request=tap(pin=typed(PinMatch.DURESS)))
        assert (outcome.reason, outcome.duress) == (Reason.NEEDS_PIN, False)

    def test_each_grant_is_judged_by_its_own_pin(self) -> None:
        other = replace(PIN, salt=b"\1" * 16)
        entry = PinEntry({PIN: PinMatch.WRONG, other: PinMatch.RIGHT})
        assert decided(grant(1, pin=PIN), grant(2, pin=other), request=tap(pin=entry)).grant_id == 2

    def test_the_pin_of_an_ended_grant_alarms_nobody(self) -> None:
        request = tap(pin=typed(PinMatch.DURESS))
        ended = tombstone(2, reason=RevocationReason.WITHDRAWN)
        assert not decided(grant(1), grant(2, pin=PIN), ended, request=request).duress

    def test_without_a_card_it_opens_only_where_the_list_allows_it(self) -> None:
        keypad = Credential(Technology.KEYPAD, bytes(32))
        allowed = rules(pin_only=PinOnly(bytes(16), (FRONT,)))
        outcomes = [
            decided(grant(credential=keypad), request=replace(tap(door), credential=keypad), rules=one).reason
            for door in (FRONT, YARD)
            for one in (RULES, allowed)
        ]
        wrong = Reason.WRONG_DOOR
        assert outcomes == [wrong, Reason.GRANTED, wrong, wrong]

    def test_duress_is_not_shown(self) -> None:
        assert "DURESS" not in repr(tap(pin=typed(PinMatch.DURESS))).upper()


class TestConsequences:
    def test_a_plain_opening_has_none(self) -> None:
        outcome = decided(grant())
        assert outcome == Decision(Reason.GRANTED, grant=grant())
        assert not outcome.spends
        assert not outcome.needs

    def test_a_counted_opening_is_spent_first(self) -> None:
        outcome = decided(grant(uses=3), situation=replace(CALM, spent={1: 1, 2: 3}))
        assert (outcome.uses_left_after, outcome.spends, outcome.durable_first) == (1, True, True)

    def test_the_last_use_is_still_a_spend(self) -> None:
        outcome = decided(grant(uses=1))
        assert (outcome.uses_left_after, outcome.spends) == (0, True)

    @pytest.mark.parametrize(
        ("mode", "timeout", "direction", "moves", "durable"),
        [
            (PassbackMode.OFF, None, Direction.IN, None, False),
            (PassbackMode.SOFT, None, Direction.IN, Move(7, inside=True), False),
            (PassbackMode.HARD, None, Direction.IN, Move(7, inside=True), True),
            (PassbackMode.HARD, None, Direction.OUT, Move(7, inside=False), False),
            (PassbackMode.TIMED, 60, Direction.IN, Move(7, inside=True), True),
            (PassbackMode.HARD, None, Direction.BOTH, None, False),
        ],
    )
    def test_moves(
        self,
        mode: PassbackMode,
        timeout: int | None,
        direction: Direction,
        moves: Move | None,
        durable: bool,
    ) -> None:
        area = rules(areas=(PassbackArea(7, mode, timeout),))
        outcome = decided(grant(), request=tap(YARD, direction), rules=area)
        assert (outcome.move, outcome.durable_first) == (moves, durable)

    def test_an_exempt_holder_moves_but_never_waits_for_the_disk(self) -> None:
        guard = grant(passback_exempt=True)
        outcome = decided(guard, request=tap(YARD), situation=replace(CALM, positions=INSIDE))
        assert outcome.granted
        assert (outcome.move, outcome.durable_first) == (Move(7, inside=True), False)

    def test_a_second_grant_of_the_issue_is_no_way_round(self) -> None:
        inside = replace(CALM, positions=INSIDE)
        request = tap(YARD)
        ended = tombstone(1, reason=RevocationReason.WITHDRAWN)
        assert decided(grant(1), grant(2), request=request, situation=inside).reason is Reason.PASSBACK
        assert decided(ended, grant(2), request=request, situation=inside).reason is Reason.PASSBACK
        assert decided(grant(2, issue_id=5), request=request, situation=inside).granted

    def test_a_soft_breach_is_flagged(self) -> None:
        soft = rules(areas=(PassbackArea(7, PassbackMode.SOFT),))
        outcome = decided(grant(), request=tap(YARD), rules=soft, situation=replace(CALM, positions=INSIDE))
        assert (outcome.reason, outcome.passback_breach) == (Reason.GRANTED, True)

    def test_longer_opening_belongs_to_the_holder_not_to_one_grant(self) -> None:
        slow = grant(2, long_opening=True, access=(Access(YARD),))
        assert decided(grant(1), slow).long_opening
        assert not decided(grant(1), replace(slow, issue_id=5)).long_opening

    def test_first_card(self) -> None:
        opener = grant(2, first_card=True)
        waiting = replace(CALM, awaits_first_card=True)
        assert decided(grant(1), opener, situation=waiting).starts_free_access
        assert not decided(grant(1), opener).starts_free_access
        assert not decided(grant(1), situation=waiting).starts_free_access
        outside = replace(opener, valid_until=1)
        assert not decided(grant(1), outside, situation=waiting).starts_free_access

    def test_lockdown_opens_for_those_who_override_it(self) -> None:
        assert decided(grant(overrides_lockdown=True), situation=LOCKDOWN).granted

    def test_a_refused_slip_says_who_must_follow(self) -> None:
        outcome = decided(SLIP)
        assert outcome.needs == frozenset({GrantKind.GUARD})
        assert (outcome.spends, outcome.durable_first) == (False, False)

    def test_records_of_other_credentials_are_ignored(self) -> None:
        assert decided(grant(credential=OTHER_CARD)).reason is Reason.UNKNOWN_CREDENTIAL
        assert decided(grant(1), tombstone(1, credential=OTHER_CARD)).granted
