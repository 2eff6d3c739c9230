"""The gate's idea of time, and the battery clock that carries it over a night without power."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning.selftest.machine import Machine
from provisioning.selftest.visit import Visit, failed, passed, skipped
from sync.as_built import Check
from sync.records import ClockState
from terminal.clock import Judged

RTC: Final = "sys/class/rtc"
APART_S: Final = 5
"""A battery clock counts whole seconds and is written now and then; more is a clock that runs wrong."""


def probe(visit: Visit) -> Iterator[Check]:
    """Clock, then battery clock."""
    yield _clock(visit.judged)
    yield _battery_clock(visit.machine, visit.judged)


def _clock(judged: Judged) -> Check:
    match judged.now.clock:
        case ClockState.TRUSTED:
            return passed("clock", "trusted: the office has confirmed it since the board was switched on")
        case ClockState.SUSPECT:
            return passed(
                "clock", "plausible, and not confirmed by the office since the board was switched on"
            )
        case ClockState.UNKNOWN:
            return failed(
                "clock",
                "before a time that has surely passed: connect the office, or set the system clock",
            )


def _battery_clock(machine: Machine, judged: Judged) -> Check:
    names = [one for one in machine.names(RTC) if machine.text(f"{RTC}/{one}/since_epoch") is not None]
    if not names:
        return skipped(
            "battery_clock",
            "none: after a power cut without network the gate does not know the time; permanent cards open",
        )
    clock = names[0]
    told = machine.text(f"{RTC}/{clock}/since_epoch") or ""
    kind = machine.text(f"{RTC}/{clock}/name") or clock
    if not told.isdecimal():
        return failed("battery_clock", f"{kind} tells no time: look at its wires and replace its battery")
    seconds = int(told)
    if seconds < judged.now.floor:
        return failed("battery_clock", f"{kind} is before a time that has surely passed: replace its battery")
    if judged.wall_ms is None:
        return passed("battery_clock", f"{kind} runs; there is no sure time to compare it with")
    apart_s = seconds - judged.wall_ms // 1000
    if abs(apart_s) > APART_S:
        return failed(
            "battery_clock",
            f"{kind} is {apart_s:+d} s off the gate's time: run hwclock --systohc, look again",
        )
    return passed("battery_clock", f"{kind}, {apart_s:+d} s off the gate's time")
