from __future__ import annotations

from datetime import date

import pytest

from sync.records import (
    DoorMode,
    DoorPolicy,
    Holiday,
    ModeWindow,
    OutageWindow,
    Schedule,
    Utility,
    Window,
)
from terminal.core.modes import Commanded, DoorState, ModeCause, door_mode
from terminal.core.rules import Rules
from terminal.core.schedule import LOOK_AHEAD_S
from tests.terminal.core.scenes import (
    EVERY_DAY,
    FRONT,
    MISSING,
    NOWHERE,
    UNKNOWN,
    at,
    rules,
    utc,
)

DAY, NOON, ALWAYS = 1, 2, 3
SCHEDULES = (
    Schedule(DAY, (Window(EVERY_DAY, 8 * 60, 18 * 60),)),
    Schedule(NOON, (Window(EVERY_DAY, 12 * 60, 13 * 60),)),
    Schedule(ALWAYS, (Window(EVERY_DAY, 0, 1440),)),
)
NONE = Commanded()


def gate(*modes: ModeWindow, outages: tuple[OutageWindow, ...] = ()) -> Rules:
    return rules(doors=(DoorPolicy(FRONT, modes=modes),), schedules=SCHEDULES, outages=outages)


def stands(gate: Rules, local: str, commanded: Commanded = NONE, first_card: str | None = None) -> DoorState:
    first_card_utc = None if first_card is None else utc(f"2025-06-18T{first_card}")
    return door_mode(FRONT, gate, commanded, first_card_utc, at(f"2025-06-18T{local}"))


def outage(mode: DoorMode) -> OutageWindow:
    return OutageWindow(utc("2025-06-18T09:00"), utc("2025-06-18T17:00"), Utility.POWER, mode)


FREE_BY_DAY = ModeWindow(DAY, DoorMode.FREE)
LOCKED_AT_NOON = ModeWindow(NOON, DoorMode.LOCKDOWN)
FIRST_CARD = ModeWindow(DAY, DoorMode.FREE, needs_first_card=True)
BOTH = Commanded(lockdown=True, free=True)


@pytest.mark.parametrize(
    ("windows", "outages", "commanded", "local", "mode", "cause"),
    [
        ((), (), NONE, "10:00", DoorMode.NORMAL, ModeCause.DEFAULT),
        ((FREE_BY_DAY,), (), NONE, "10:00", DoorMode.FREE, ModeCause.SCHEDULE),
        ((FREE_BY_DAY,), (), NONE, "07:59", DoorMode.NORMAL, ModeCause.DEFAULT),
        ((FREE_BY_DAY, LOCKED_AT_NOON), (), NONE, "12:30", DoorMode.LOCKDOWN, ModeCause.SCHEDULE),
        ((FREE_BY_DAY,), (outage(DoorMode.LOCKDOWN),), NONE, "10:00", DoorMode.LOCKDOWN, ModeCause.OUTAGE),
        ((), (outage(DoorMode.FREE),), NONE, "16:59", DoorMode.FREE, ModeCause.OUTAGE),
        ((), (outage(DoorMode.FREE),), NONE, "17:00", DoorMode.NORMAL, ModeCause.DEFAULT),
        ((FREE_BY_DAY,), (outage(DoorMode.NORMAL),), NONE, "10:00", DoorMode.FREE, ModeCause.SCHEDULE),
        ((LOCKED_AT_NOON,), (outage(DoorMode.FREE),), NONE, "12:30", DoorMode.LOCKDOWN, ModeCause.SCHEDULE),
        (
            (),
            (outage(DoorMode.FREE), outage(DoorMode.LOCKDOWN)),
            NONE,
            "10:00",
            DoorMode.LOCKDOWN,
            ModeCause.OUTAGE,
        ),
        ((LOCKED_AT_NOON,), (), Commanded(free=True), "12:30", DoorMode.FREE, ModeCause.COMMAND),
        ((FREE_BY_DAY,), (), Commanded(lockdown=True), "10:00", DoorMode.LOCKDOWN, ModeCause.COMMAND),
        ((), (), BOTH, "10:00", DoorMode.LOCKDOWN, ModeCause.COMMAND),
        (
            (ModeWindow(DAY, DoorMode.NORMAL), FREE_BY_DAY),
            (),
            NONE,
            "10:00",
            DoorMode.FREE,
            ModeCause.SCHEDULE,
        ),
    ],
)
def test_precedence(
    windows: tuple[ModeWindow, ...],
    outages: tuple[OutageWindow, ...],
    commanded: Commanded,
    local: str,
    mode: DoorMode,
    cause: ModeCause,
) -> None:
    state = stands(gate(*windows, outages=outages), local, commanded)
    assert (state.mode, state.cause) == (mode, cause)


class TestFirstCard:
    @pytest.mark.parametrize(
        ("first_card", "local", "mode"),
        [
            (None, "10:00", DoorMode.NORMAL),
            ("07:59", "10:00", DoorMode.NORMAL),
            ("08:00", "10:00", DoorMode.FREE),
            ("10:00", "10:00", DoorMode.FREE),
            ("10:01", "10:00", DoorMode.NORMAL),
            ("09:00", "17:59", DoorMode.FREE),
            ("09:00", "18:00", DoorMode.NORMAL),
        ],
    )
    def test_free_only_after_a_card_in_this_window(
        self, first_card: str | None, local: str, mode: DoorMode
    ) -> None:
        state = stands(gate(FIRST_CARD), local, first_card=first_card)
        assert state.mode is mode
        assert state.awaits_first_card == (mode is DoorMode.NORMAL and local != "18:00")

    def test_yesterdays_card_does_not_count(self) -> None:
        yesterday = utc("2025-06-17T10:00")
        now = at("2025-06-18T10:00")
        assert door_mode(FRONT, gate(FIRST_CARD), NONE, yesterday, now).awaits_first_card

    def test_an_endless_window_asks_anew_after_the_look_ahead(self) -> None:
        endless = gate(ModeWindow(ALWAYS, DoorMode.FREE, needs_first_card=True))
        now = at("2025-06-18T10:00")
        assert now.utc is not None
        for age, mode in ((LOOK_AHEAD_S - 1, DoorMode.FREE), (LOOK_AHEAD_S, DoorMode.NORMAL)):
            assert door_mode(FRONT, endless, NONE, now.utc - age, now).mode is mode

    def test_lockdown_waits_for_no_card(self) -> None:
        state = stands(gate(ModeWindow(DAY, DoorMode.LOCKDOWN, needs_first_card=True)), "10:00")
        assert (state.mode, state.awaits_first_card) == (DoorMode.LOCKDOWN, False)


class TestAskAgain:
    @pytest.mark.parametrize(
        ("local", "again"),
        [("07:00", "08:00"), ("08:00", "09:00"), ("10:00", "12:00"), ("12:00", "13:00"), ("17:30", "18:00")],
    )
    def test_at_the_next_edge_of_a_window_or_an_outage(self, local: str, again: str) -> None:
        busy = gate(FREE_BY_DAY, LOCKED_AT_NOON, outages=(outage(DoorMode.FREE),))
        assert stands(busy, local).ask_again == utc(f"2025-06-18T{again}")

    def test_at_a_holiday(self) -> None:
        holiday = rules(
            doors=(DoorPolicy(FRONT, modes=(ModeWindow(ALWAYS, DoorMode.FREE),)),),
            schedules=SCHEDULES,
            holidays=(Holiday(date(2025, 6, 20)),),
        )
        assert stands(holiday, "10:00").ask_again == utc("2025-06-20T00:00")

    def test_after_the_look_ahead_at_the_latest(self) -> None:
        assert stands(gate(), "10:00").ask_again == utc("2025-06-18T10:00") + LOOK_AHEAD_S


class TestUnknown:
    @pytest.mark.parametrize(
        ("commanded", "mode"),
        [
            (NONE, DoorMode.NORMAL),
            (Commanded(free=True), DoorMode.FREE),
            (Commanded(lockdown=True), DoorMode.LOCKDOWN),
        ],
    )
    def test_without_wall_time_commands_alone_count(self, commanded: Commanded, mode: DoorMode) -> None:
        always = ModeWindow(ALWAYS, DoorMode.FREE)
        state = door_mode(FRONT, gate(always), commanded, None, UNKNOWN)
        assert (state.mode, state.ask_again, state.awaits_first_card) == (mode, None, False)

    def test_a_door_or_a_schedule_that_is_not_there_never_frees(self) -> None:
        dangling = gate(ModeWindow(MISSING, DoorMode.FREE))
        assert stands(dangling, "10:00").mode is DoorMode.NORMAL
        assert door_mode(NOWHERE, gate(), NONE, None, at("2025-06-18T10:00")).mode is DoorMode.NORMAL
