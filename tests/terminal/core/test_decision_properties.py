from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.records import (
    ClockState,
    DoorMode,
    Grant,
    GrantKind,
    KindPolicy,
    PassbackArea,
    PassbackMode,
    Reason,
    RevocationReason,
    Tombstone,
)
from sync.records.settings import DEFAULT_POLICIES
from tests.support import strategies as wide
from tests.terminal.core import strategies
from tests.terminal.core.scenes import CARD, FLOOR, OTHER_CARD
from tests.terminal.core.strategies import Tap

EXAMPLES = settings(max_examples=80, deadline=None)


@EXAMPLES
@given(strategies.taps())
def test_every_tap_gets_a_consistent_decision(tap: Tap) -> None:
    outcome = tap.decide()
    assert outcome.granted == outcome.reason.granted
    assert outcome.grant is None or outcome.tombstone is None
    if outcome.reason is not Reason.GRANTED:
        assert not outcome.spends
        assert outcome.move is None
        assert not outcome.durable_first
        assert not outcome.starts_free_access
    if outcome.reason is Reason.GRANTED:
        assert outcome.grant is not None
        assert outcome.grant in tap.records
        assert outcome.spends == (outcome.grant.uses is not None)
        assert outcome.uses_left_after is None or outcome.uses_left_after >= 0
        assert outcome.durable_first or not outcome.spends


@EXAMPLES
@given(
    wide.record_sets(4),
    wide.settings(),
    strategies.requests(),
    strategies.situations(),
    strategies.nows(),
)
def test_any_record_and_any_settings_are_decided(
    records: list[Grant | Tombstone], rules: object, request: object, situation: object, now: object
) -> None:
    own = tuple(replace(one, credential=CARD) for one in records)
    outcome = Tap(request, own, rules, situation, now).decide()  # type: ignore[arg-type]  # typed by the strategies
    assert outcome.reason in Reason


@EXAMPLES
@given(strategies.taps(), st.data())
def test_revoking_a_grant_never_turns_a_refusal_into_a_grant(tap: Tap, data: st.DataObject) -> None:
    grants = [one for one in tap.records if isinstance(one, Grant)]
    if not grants or tap.decide().granted:
        return
    ended = data.draw(st.sampled_from(grants))
    reason = data.draw(st.sampled_from(RevocationReason))
    tombstone = Tombstone(ended.grant_id, ended.issue_id, ended.credential, reason, FLOOR)
    records = tuple(tombstone if one is ended else one for one in tap.records)
    assert not replace(tap, records=records).decide().granted


@EXAMPLES
@given(strategies.taps(), wide.records(), st.integers(0, 4))
def test_a_record_of_another_card_changes_nothing(tap: Tap, stranger: Grant | Tombstone, place: int) -> None:
    other = replace(stranger, credential=OTHER_CARD)
    mine = replace(tap, request=replace(tap.request, credential=CARD))
    records = (*mine.records[:place], other, *mine.records[place:])
    assert replace(mine, records=records).decide() == mine.decide()


@EXAMPLES
@given(strategies.taps(), st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing(tap: Tap, random: object) -> None:
    shuffled = list(tap.records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's own Random
    assert replace(tap, records=tuple(shuffled)).decide() == tap.decide()


@EXAMPLES
@given(strategies.taps())
def test_a_grant_past_its_end_at_the_floor_never_opens(tap: Tap) -> None:
    outcome = tap.decide()
    if outcome.reason is Reason.GRANTED and outcome.grant is not None:
        end = outcome.grant.valid_until
        assert end is None or end > tap.now.floor


@EXAMPLES
@given(strategies.taps(), strategies.grants())
def test_an_unknown_clock_never_opens_for_a_time_limited_visitor(tap: Tap, grant: Grant) -> None:
    visitor = replace(grant, kind=GrantKind.VISITOR, schedule=1)
    blind = replace(
        tap,
        records=(visitor,),
        now=replace(tap.now, clock=ClockState.UNKNOWN),
        settings=replace(tap.settings, policies=DEFAULT_POLICIES),
        situation=replace(tap.situation, mode=DoorMode.NORMAL),
    )
    assert not blind.decide().granted


@EXAMPLES
@given(strategies.taps(), st.none() | st.integers(0, 10**9), st.integers(0, 5))
def test_extending_validity_never_closes_a_door(tap: Tap, longer: int | None, place: int) -> None:
    if not tap.decide().granted or place >= len(tap.records):
        return
    grant = tap.records[place]
    if isinstance(grant, Tombstone) or grant.valid_until is None:
        return
    extended = replace(grant, valid_until=None if longer is None else grant.valid_until + longer)
    records = (*tap.records[:place], extended, *tap.records[place + 1 :])
    assert replace(tap, records=records).decide().granted


@EXAMPLES
@given(strategies.taps(), st.sampled_from([one for one in RevocationReason if one.chip_wide]))
def test_a_chip_wide_tombstone_ends_all_grants_of_its_issue(tap: Tap, reason: RevocationReason) -> None:
    lost = Tombstone(99, 1, CARD, reason, FLOOR)
    outcome = replace(tap, records=(*tap.records, lost)).decide()
    assert outcome.grant is None or outcome.grant.issue_id != 1
    others = tuple(one for one in tap.records if one.issue_id != 1)
    assert outcome.granted == replace(tap, records=(*others, lost)).decide().granted


@EXAMPLES
@given(strategies.taps())
def test_free_access_never_spends_or_moves(tap: Tap) -> None:
    free = replace(tap, situation=replace(tap.situation, mode=DoorMode.FREE)).decide()
    assert free.reason is not Reason.GRANTED
    assert (free.spends, free.move, free.durable_first, free.starts_free_access) == (
        False,
        None,
        False,
        False,
    )


@EXAMPLES
@given(strategies.taps())
def test_lockdown_opens_only_for_those_who_override_it(tap: Tap) -> None:
    locked = replace(tap, situation=replace(tap.situation, mode=DoorMode.LOCKDOWN)).decide()
    if locked.granted:
        assert locked.grant is not None
        assert locked.grant.overrides_lockdown


@EXAMPLES
@given(strategies.taps())
def test_without_anti_passback_nobody_is_refused_for_it(tap: Tap) -> None:
    off = replace(tap.settings, areas=(PassbackArea(1, PassbackMode.OFF),))
    outcome = replace(tap, settings=off).decide()
    assert outcome.reason is not Reason.PASSBACK
    assert outcome.move is None


@EXAMPLES
@given(strategies.taps(), st.integers(0, 200))
def test_a_fresher_list_never_closes_a_door(tap: Tap, age: int) -> None:
    old = replace(tap, situation=replace(tap.situation, list_age_s=age))
    if old.decide().granted:
        assert replace(old, situation=replace(old.situation, list_age_s=age // 2)).decide().granted


def test_the_policies_as_shipped_hold_no_surprise() -> None:
    without_clock = {one.kind for one in DEFAULT_POLICIES if one.opens_without_clock}
    assert GrantKind.VISITOR not in without_clock
    assert GrantKind.RESIDENT in without_clock
    assert KindPolicy(GrantKind.RESIDENT, None, opens_without_clock=True) in DEFAULT_POLICIES
