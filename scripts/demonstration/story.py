"""The story: what a resident's gate must do, told with the events that must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from scripts.demonstration.cards import (
    GUARD,
    LOST,
    OFF_HOURS,
    RESIDENT,
    SLIP,
    UNKNOWN,
    VISITOR,
    Card,
)
from scripts.demonstration.telling import Act, Chapter, Events, Seen, Step, comes, see, stands
from scripts.demonstration.world import BARRIER, BARRIER_OUT, PEDESTRIAN, PEDESTRIAN_IN, World

DOORS_OF_READERS: Final = (PEDESTRIAN, BARRIER, BARRIER)
OUTPUTS: Final = {"open": "relay2", "close": "relay3", "stop": "relay4"}

LOCKED: Final = (
    stands("the pedestrian door is locked", "doors.pedestrian.unlocked", False),
    stands("its relay rests", "outputs.relay1", False),
)
UNLOCKED: Final = (
    stands("the pedestrian door is unlocked", "doors.pedestrian.unlocked", True),
    stands("its relay is energised", "outputs.relay1", True),
)
BOOM_DOWN: Final[tuple[Step, ...]] = (
    see("door_closed", BARRIER),
    stands("the boom is down", "doors.barrier.state", "closed"),
    *(stands(f"its {name} output rests", f"outputs.{line}", False) for name, line in OUTPUTS.items()),
)


def _switched_on(*doors_of_readers: str) -> tuple[Step, ...]:
    ups = (Seen("reader_up", door) for door in doors_of_readers)
    return (
        Act(World.power_on),
        Events((Seen("started"), Seen("list_changed"), *ups)),
        *LOCKED,
        # Nobody knows where a boom stands when the power comes: it is closed, with all care.
        *BOOM_DOWN,
    )


SWITCHED_ON: Final = _switched_on(*DOORS_OF_READERS)


def _tap(card: Card, reader: str = PEDESTRIAN_IN) -> Act:
    return Act(lambda world: world.tap(card, reader))


def _refused(card: Card, reason: str) -> tuple[Step, ...]:
    return _tap(card), see("tap", PEDESTRIAN, card, reason)


def _granted(card: Card, reader: str = PEDESTRIAN_IN) -> tuple[Step, ...]:
    return _tap(card, reader), see("tap", PEDESTRIAN, card, "granted"), *UNLOCKED


_PUSH: Final[tuple[Step, ...]] = (Act(World.push_door), see("door_opened", PEDESTRIAN))
_SHUT: Final[tuple[Step, ...]] = (Act(World.close_door), see("door_closed", PEDESTRIAN))
_WALK_THROUGH: Final[tuple[Step, ...]] = (*_PUSH, *_SHUT, *LOCKED)

STORY: Final = (
    Chapter(
        "The gate starts: list in force, readers there, everything shut",
        SWITCHED_ON,
    ),
    Chapter(
        "A resident taps and walks through; the door locks behind", (*_granted(RESIDENT), *_WALK_THROUGH)
    ),
    Chapter("An unknown card opens nothing", (*_refused(UNKNOWN, "unknown_credential"), *LOCKED)),
    Chapter(
        "A card reported lost opens nothing, and the office will hear of it",
        (*_refused(LOST, "lost"), see("revoked_card_tapped", PEDESTRIAN, LOST, "lost"), *LOCKED),
    ),
    Chapter("A card outside its hours opens nothing", (*_refused(OFF_HOURS, "outside_hours"), *LOCKED)),
    Chapter(
        "A visitor's card opens once",
        (*_granted(VISITOR), *_WALK_THROUGH, *_refused(VISITOR, "no_uses_left"), *LOCKED),
    ),
    Chapter(
        "The exit button lets people out without a card",
        (
            Act(World.press_exit),
            see("exit_button", PEDESTRIAN),
            *UNLOCKED,
            Act(World.release_exit),
            *_WALK_THROUGH,
        ),
    ),
    Chapter(
        "A door left open warns, then alarms",
        (
            *_granted(RESIDENT),
            *_PUSH,
            see("door_held_soon", PEDESTRIAN),
            see("door_held", PEDESTRIAN),
            Act(World.close_door),
            Events((Seen("door_closed", PEDESTRIAN), Seen("door_held_ended", PEDESTRIAN))),
            *LOCKED,
        ),
    ),
    Chapter(
        "A release slip needs the guard's card, and lets one car out",
        (
            _tap(SLIP, BARRIER_OUT),
            see("tap", BARRIER, SLIP, "needs_second_credential"),
            _tap(GUARD, BARRIER_OUT),
            Events((Seen("tap", BARRIER, SLIP.role, "granted"), Seen("door_opened", BARRIER))),
            comes("the boom is up", "doors.barrier.state", "open"),
            Act(partial(World.car, there=True)),
            comes("the loop feels the car", "doors.barrier.loop", "occupied"),
            Act(partial(World.car, there=False)),
            *BOOM_DOWN,
            _tap(SLIP, BARRIER_OUT),
            see("tap", BARRIER, SLIP, "no_uses_left"),
        ),
    ),
    # Just after it was shut, an opening counts as a bounce (grace_s): by now it no longer does.
    Chapter(
        "A door broken open alarms at once",
        (
            Act(World.force_door),
            Events((Seen("door_opened", PEDESTRIAN), Seen("door_forced", PEDESTRIAN))),
            Act(World.close_door),
            Events((Seen("door_closed", PEDESTRIAN), Seen("door_forced_ended", PEDESTRIAN))),
            *LOCKED,
        ),
    ),
    Chapter(
        "Fire releases every door; when it is over they lock again",
        (
            Act(partial(World.fire, pulled=True)),
            Events(
                (
                    Seen("fire", PEDESTRIAN),
                    Seen("fire", BARRIER),
                    Seen("door_opened", BARRIER),
                    Seen("input_changed"),
                )
            ),
            *UNLOCKED,
            comes("the boom is up", "doors.barrier.state", "open"),
            Act(partial(World.fire, pulled=False)),
            Events((Seen("fire_cleared", PEDESTRIAN), Seen("fire_cleared", BARRIER), Seen("input_changed"))),
            *LOCKED,
            *BOOM_DOWN,
        ),
    ),
    Chapter(
        "A power cut: events go on by number, the spent use stays spent, everything is shut",
        (
            *_granted(RESIDENT),
            Act(World.cut_power),
            *SWITCHED_ON,
            *_refused(VISITOR, "no_uses_left"),
            _tap(SLIP, BARRIER_OUT),
            see("tap", BARRIER, SLIP, "no_uses_left"),
            *_granted(RESIDENT),
            *_WALK_THROUGH,
        ),
    ),
)


def story_of_readers(told: Mapping[str, str]) -> tuple[Chapter, ...]:
    """One card at each of these readers of the pedestrian door: by name, how it is attached."""
    return (
        Chapter(
            "The gate starts with all its readers",
            _switched_on(*DOORS_OF_READERS, *(PEDESTRIAN for _ in told)),
        ),
        *(
            Chapter(f"{name}: {how}", (*_granted(RESIDENT, name), *_WALK_THROUGH))
            for name, how in told.items()
        ),
    )
