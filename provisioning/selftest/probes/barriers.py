"""Every boom is told to open and to close, and somebody says which way it went."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.selftest.person import CLOSED, NOTHING, OPENED, Asked, Question
from provisioning.selftest.visit import Visit, failed, passed, skipped
from sync.as_built import Check
from terminal.config import LockKind


def probe(visit: Visit) -> Iterator[Check]:
    """Open first: it must be up before it may be told to come down."""
    for name, door in visit.config.doors.items():
        if door.settings.kind is not LockKind.BARRIER:
            continue
        pulse_s, travel_s = door.timing.pulse_s, door.timing.travel_s
        yield _told(visit, name, "open", OPENED, pulse_s)
        visit.bench.pause(min(travel_s, visit.pace.act_within_s))
        if visit.bench.is_active(f"doors.{name}.inputs.loop"):
            # As the gate itself: a boom never comes down on a vehicle, or where that is not known.
            yield skipped(f"doors.{name}.outputs.close", "the loop says that a vehicle stands there")
            continue
        yield _told(visit, name, "close", CLOSED, pulse_s)


def _told(visit: Visit, name: str, role: str, expected: str, pulse_s: float) -> Check:
    output = f"doors.{name}.outputs.{role}"
    visit.person.say(f"{name}: the boom is told to {role}")
    visit.bench.pulse(output, pulse_s)
    answer = visit.person.ask(
        Question(Asked.CLICK, name, f"What did the boom of {name} do?", (OPENED, CLOSED, NOTHING))
    )
    if answer == expected:
        return passed(output, f"the boom {answer}")
    if answer == NOTHING:
        return failed(output, "nothing moved: look at the line's number and the barrier's command input")
    return failed(output, f"the boom {answer}: the wires of 'open' and 'close' are swapped")
