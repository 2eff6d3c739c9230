"""What the office says of a card and a door, against the gate's own decision wherever it dares to say it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from office.procedures.would_open import Finding, Verdict, assess
from sync.records import (
    Access,
    ClockState,
    Credential,
    Direction,
    DoorMode,
    DoorPolicy,
    Grant,
    GrantKind,
    ListSettings,
    ModeWindow,
    PassbackArea,
    PassbackMode,
    Pin,
    Record,
    RevocationReason,
    Technology,
    Tombstone,
)
from terminal.core.decision import decide
from terminal.core.rules import compile_rules
from terminal.core.situation import Now, Request, Situation

CHIP = Credential(Technology.ISO14443A, b"\x04\xa0\x00\x01")
AT = 1_795_000_000
DOOR = DoorPolicy(10)
SETTINGS = ListSettings("Asia/Shanghai", (DOOR, DoorPolicy(11)))
GRANT = Grant(5, 7, CHIP, GrantKind.RESIDENT, (Access(10),))


def said(
    *records: Record, settings: ListSettings = SETTINGS, way: Direction = Direction.IN
) -> tuple[Verdict, set[Finding]]:
    found = assess(records, settings, 10, way, AT)
    return found.verdict, {one.finding for one in found.lines}


def test_table() -> None:
    assert said(GRANT) == (Verdict.OPENS, {Finding.OPENS})
    assert said() == (Verdict.REFUSES, {Finding.NO_RECORD})
    lost = Tombstone(6, 7, CHIP, RevocationReason.LOST, AT)
    assert said(GRANT, lost) == (Verdict.REFUSES, {Finding.ENDED})
    assert (
        said(GRANT, replace(lost, reason=RevocationReason.WITHDRAWN))[0] is Verdict.OPENS
    )  # another grant's
    assert said(replace(GRANT, access=(Access(11),))) == (Verdict.REFUSES, {Finding.OTHER_DOOR})
    out = replace(GRANT, access=(Access(10, Direction.OUT),))
    assert said(out) == (Verdict.REFUSES, {Finding.OTHER_DOOR})
    assert said(out, way=Direction.OUT)[0] is Verdict.OPENS
    assert said(replace(GRANT, valid_until=AT)) == (Verdict.REFUSES, {Finding.EXPIRED})
    assert said(replace(GRANT, valid_until=AT + 1))[0] is Verdict.OPENS
    assert said(replace(GRANT, valid_from=AT + 1)) == (Verdict.REFUSES, {Finding.NOT_YET})


def test_what_only_the_gate_knows_is_not_guessed() -> None:
    for asked, finding in (
        (replace(GRANT, schedule=1), Finding.HOURS),
        (replace(GRANT, uses=1), Finding.USES),
        (replace(GRANT, companion=frozenset({GrantKind.GUARD})), Finding.COMPANION),
        (replace(GRANT, pin=Pin(bytes(16), bytes(32))), Finding.PIN),
    ):
        assert said(asked) == (Verdict.GATE_KNOWS, {finding})
        assert (
            said(asked, replace(GRANT, grant_id=9, issue_id=8))[0] is Verdict.OPENS
        )  # another right of the chip
    modes = replace(DOOR, modes=(ModeWindow(1, DoorMode.FREE),))
    assert said(settings=replace(SETTINGS, doors=(modes,))) == (
        Verdict.GATE_KNOWS,
        {Finding.NO_RECORD, Finding.DOOR_MODES},
    )
    inside = replace(SETTINGS, doors=(replace(DOOR, area_in=3),), areas=(PassbackArea(3, PassbackMode.HARD),))
    assert said(GRANT, settings=inside) == (Verdict.GATE_KNOWS, {Finding.OPENS, Finding.PASSBACK})


def test_a_door_that_the_list_does_not_have_is_told() -> None:
    assert said(GRANT, settings=ListSettings("Asia/Shanghai", ())) == (
        Verdict.REFUSES,
        {Finding.UNKNOWN_DOOR},
    )


WAYS = (Direction.IN, Direction.OUT, Direction.BOTH)
SHANGHAI = ZoneInfo("Asia/Shanghai")
MOMENTS = st.none() | st.integers(AT - 2, AT + 2)


@st.composite
def chips_records(draw: st.DrawFn) -> list[Record]:
    """Records of one chip, few and close together, so that they meet."""
    found: list[Record] = []
    for grant_id in range(draw(st.integers(0, 3))):
        issue_id = draw(st.integers(7, 8))
        if draw(st.booleans()):
            reason = draw(st.sampled_from(RevocationReason))
            found.append(Tombstone(draw(st.integers(0, 3)) + 1, issue_id, CHIP, reason, AT))
            continue
        start, end = draw(MOMENTS), draw(MOMENTS)
        if start is not None and end is not None and end <= start:
            end = start + 1
        access = (Access(draw(st.sampled_from((10, 11))), draw(st.sampled_from(WAYS))),)
        uses = draw(st.none() | st.just(2))
        found.append(
            Grant(
                grant_id + 1,
                issue_id,
                CHIP,
                GrantKind.RESIDENT,
                access,
                valid_from=start,
                valid_until=end,
                uses=uses,
            )
        )
    return found


@given(chips_records(), st.sampled_from((Direction.IN, Direction.OUT)))
def test_the_office_says_nothing_that_the_gate_would_contradict(
    records: list[Record], way: Direction
) -> None:
    verdict, _ = said(*records, way=way)
    now = Now(1000.0, AT, 0, ClockState.TRUSTED)
    rules = compile_rules(SETTINGS, SHANGHAI)
    decision = decide(Request(CHIP, 10, way), records, rules, Situation(DoorMode.NORMAL, 0), now)
    if verdict is not Verdict.GATE_KNOWS:
        assert decision.granted is (verdict is Verdict.OPENS), decision.reason
