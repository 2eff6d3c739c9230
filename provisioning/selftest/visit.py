"""What every probe is given: the configuration, the bench, the person, the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from msgspec import Struct

from provisioning.selftest.machine import Machine
from provisioning.selftest.person import Deed, Person
from provisioning.selftest.workbench import Workbench
from sync.as_built import MAX_NAME, MAX_TEXT, Check, Result
from terminal.clock import Judged
from terminal.config import Config


class Pace(Struct, frozen=True):
    """How long things take that a person does or looks at."""

    click_s: float = 1.5
    """Long enough to push the door meanwhile."""
    act_within_s: float = 30.0
    """From a request until somebody has walked to the door and done it."""
    health_within_s: float = 5.0
    """A service behind a reader needs a second or two to start."""


class SyncProcess(Protocol):
    """The sync process, asked over its local socket."""

    def ask(self, what: dict[str, object]) -> dict[str, Any]:
        """Its answer; raises ``SelfTestError`` where none can be had."""


class Visit(Struct, frozen=True):
    """One self-test."""

    config: Config
    bench: Workbench
    person: Person
    machine: Machine
    judged: Judged
    sync: SyncProcess
    monotonic: Callable[[], float]
    pace: Pace = Pace()


Probe = Callable[[Visit], Iterator[Check]]
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"


def passed(name: str, text: str) -> Check:
    """A check whose part is as it should be."""
    return _check(name, Result.PASSED, text)


def failed(name: str, text: str) -> Check:
    """A check whose part is not; the text says the cure."""
    return _check(name, Result.FAILED, text)


def skipped(name: str, text: str) -> Check:
    """A check that was not tried; the text says why."""
    return _check(name, Result.SKIPPED, text)


def both_states(visit: Visit, line: str, deeds: tuple[Deed, Deed], subject: str, cure: str) -> Check:
    """One input in both states: active after the first deed, quiet after the second."""
    within_s = visit.pace.act_within_s
    visit.person.please(deeds[0], subject)
    if not visit.bench.becomes(line, True, within_s):
        return failed(line, f"it stayed quiet for {within_s:g} s: {cure}")
    visit.person.please(deeds[1], subject)
    if not visit.bench.becomes(line, False, within_s):
        return failed(line, f"it stayed active for {within_s:g} s: {cure}")
    return passed(line, "active and quiet, as it should be")


def _check(name: str, result: Result, text: str) -> Check:
    return Check(one_line(name, MAX_NAME), result, one_line(text, MAX_TEXT))


def one_line(text: str, at_most: int) -> str:
    """What a driver or a file said, as one line that may go to a terminal and to paper."""
    shown = "".join(one if one.isprintable() else " " if one.isspace() else _REPLACED for one in text)
    return shown if len(shown) <= at_most else f"{shown[: at_most - 1]}…"
