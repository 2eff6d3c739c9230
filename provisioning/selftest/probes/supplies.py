"""Fire contact and emergency exit let out while the relay holds the lock: egress depends on no software."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.selftest.person import NO, YES, Asked, Deed, Question
from provisioning.selftest.visit import Visit, failed, passed
from sync.as_built import Check
from terminal.config import Door, LockState

_BREAKS = (
    ("fire", "fire_contact_breaks_supply", Deed.BREAK_FIRE, Deed.RESTORE_FIRE),
    (
        "emergency_exit",
        "emergency_exit_breaks_supply",
        Deed.PRESS_EMERGENCY,
        Deed.RESTORE_EMERGENCY,
    ),
)


def probe(visit: Visit) -> Iterator[Check]:
    """Every door that declares such wiring, as every magnet must."""
    for name, door in visit.config.doors.items():
        wired = [one for one in _BREAKS if getattr(door.settings, one[1])]
        if wired:
            yield from _door(visit, name, door, wired)


def _door(visit: Visit, name: str, door: Door, wired: list[tuple[str, str, Deed, Deed]]) -> Iterator[Check]:
    output = f"doors.{name}.outputs.lock"
    visit.bench.set(output, door.settings.energised is LockState.LOCKED)
    try:
        visit.person.say(f"{name}: the relay holds the lock now, until this is over")
        if _gives_way(visit, name):
            yield failed(f"doors.{name}.held", "it is not even held: look at the lock's supply and its relay")
            return
        for what, _, breaking, restoring in wired:
            visit.person.please(breaking, name)
            lets_out = _gives_way(visit, name)
            visit.person.please(restoring, name)
            yield _judged(f"doors.{name}.{what}_breaks_supply", lets_out)
        holds = not _gives_way(visit, name)
        text = (
            "it holds again"
            if holds
            else "it does not hold again: reset the contacts, look at the lock's supply"
        )
        yield (passed if holds else failed)(f"doors.{name}.held", text)
    finally:
        visit.bench.set(output, False)


def _judged(check: str, lets_out: bool) -> Check:
    if lets_out:
        return passed(check, "it lets out although the relay holds the lock")
    return failed(
        check,
        "PEOPLE WOULD BE LOCKED IN: this contact must break the lock's supply; rewire it at once",
    )


def _gives_way(visit: Visit, name: str) -> bool:
    question = Question(Asked.GIVES_WAY, name, f"Push {name} now. Does it open?", (YES, NO))
    return visit.person.ask(question) == YES
