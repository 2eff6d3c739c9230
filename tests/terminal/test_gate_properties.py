"""Any sequence of taps, doors, time, orders and power cuts: what never happens, whatever else does."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sync.events import EventKind
from sync.records import GrantKind, Reason, Record
from terminal.stores.usage_reader import UsageReader
from tests.support.gate_estate import (
    BASIC,
    CONTACT,
    EXIT,
    FIRE,
    LOST,
    MAIN,
    MAIN_LOCK,
    RESIDENT,
    SIDE,
    SIDE_CONTACT,
    SIDE_LOCK,
    UNKNOWN,
    grant,
    lost,
)
from tests.support.gate_rig import GateRig

COUNTED, REVOKED_LATER, LONGEST = 20, 21, 30.0
LOCKS = {MAIN: MAIN_LOCK, SIDE: SIDE_LOCK}
RECORDS: tuple[Record, ...] = (
    *BASIC.records,
    grant(COUNTED, kind=GrantKind.VISITOR, uses=3),
    grant(REVOKED_LATER),
)
CARDS = st.sampled_from([RESIDENT, LOST, COUNTED, REVOKED_LATER, UNKNOWN])
READERS = st.sampled_from(["in", "out", "side"])


class AnyDay(RuleBasedStateMachine):
    """A gate on a day on which anything may happen in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory(prefix="gate")
        self.rig = GateRig(Path(self._directory.name) / "gate", records=RECORDS).start()
        self.revoked = {LOST}
        self.causes: dict[int, bool] = dict.fromkeys(LOCKS, False)
        """Doors for which something happened that may unlock them."""
        self.granted = 0

    def teardown(self) -> None:
        self.rig.close()
        self._directory.cleanup()

    @rule(reader=READERS, card=CARDS)
    def tap(self, reader: str, card: int) -> None:
        door = SIDE if reader == "side" else MAIN
        before = self.unlocked(door)
        reason = self.rig.tap(reader, card)
        if reason is Reason.GRANTED:
            assert card not in self.revoked
            assert self.unlocked(door)
            self.granted += card == COUNTED
            self.causes[door] = True
        elif not reason.granted:
            assert before or not self.unlocked(door)
        if card in self.revoked:
            assert reason in (Reason.LOST, Reason.FAULT)

    @rule(first=CARDS, second=CARDS)
    def tap_two_at_once(self, first: int, second: int) -> None:
        seen = len(self.rig.stored)
        self.rig.present("in", first)
        self.rig.present("side", second)
        self.rig.settle()
        for _, event in self.rig.stored[seen:]:
            if event.kind is EventKind.TAP and event.reason is Reason.GRANTED:
                assert event.door is not None
                self.causes[event.door] = True
                self.granted += event.grant_id == 1000 + COUNTED

    @rule(line=st.sampled_from([CONTACT, SIDE_CONTACT]), is_open=st.booleans())
    def move_a_door(self, line: str, is_open: bool) -> None:
        self.rig.set_low(line, is_open)

    @rule(down=st.booleans())
    def use_the_exit_button(self, down: bool) -> None:
        self.rig.set_low(EXIT, down)
        self.causes[MAIN] = True

    @rule(burning=st.booleans())
    def fire(self, burning: bool) -> None:
        self.rig.set_low(FIRE, burning)
        self.causes = dict.fromkeys(LOCKS, True)

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.95, 30.0, 120.0]))
    def wait(self, seconds: float) -> None:
        self.rig.advance(seconds)
        if seconds >= LONGEST:
            self.causes = dict.fromkeys(LOCKS, EXIT in self.rig.low or FIRE in self.rig.low)

    @rule(seconds=st.sampled_from([-86_400, -3600, 3600, 86_400]))
    def set_the_clock(self, seconds: int) -> None:
        self.rig.clock.step(seconds)

    @precondition(lambda self: REVOKED_LATER not in self.revoked)
    @rule()
    def revoke(self) -> None:
        self.revoked.add(REVOKED_LATER)
        self.rig.publish([lost(REVOKED_LATER) if one == RECORDS[-1] else one for one in RECORDS])

    @rule()
    def restart(self) -> None:
        self.rig.restart()

    @rule()
    def power_cut(self) -> None:
        self.rig.power_cut()

    def unlocked(self, door: int) -> bool:
        return self.rig.level(LOCKS[door]) is True

    @invariant()
    def no_door_is_unlocked_without_a_cause(self) -> None:
        for door in LOCKS:
            assert self.causes[door] or not self.unlocked(door)

    @invariant()
    def fire_holds_every_door_open(self) -> None:
        if FIRE in self.rig.low:
            assert all(self.unlocked(door) for door in LOCKS)

    @invariant()
    def uses_are_never_exceeded(self) -> None:
        assert self.granted <= 3

    @invariant()
    def numbers_are_consecutive_and_the_chain_holds(self) -> None:
        self.rig.settle()
        with UsageReader(self.rig.directory / "terminal") as reader:
            stored = reader.read_after(0, 100_000)
            assert reader.verify().number == len(stored)
        assert [one.number for one in stored] == list(range(1, len(stored) + 1))


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=10, stateful_step_count=20)
