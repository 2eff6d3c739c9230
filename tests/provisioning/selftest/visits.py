"""A gate on simulated hardware, a clock that the test holds, and somebody at the gate who may be odd."""

from __future__ import annotations

import select
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from drivers.gpio.sim import SimGpio
from provisioning.selftest.machine import Machine
from provisioning.selftest.person import Asked, Deed, Question
from provisioning.selftest.sequence import checks
from provisioning.selftest.simulated import SimulatedPerson
from provisioning.selftest.visit import Pace, Visit
from provisioning.selftest.workbench import Workbench, outputs_of
from sync.as_built import Check, Result
from sync.records import ClockState
from terminal.clock import Judged
from terminal.config import Config
from terminal.config_file import parse_config
from terminal.core.situation import Now
from tests.support.estate import NOW

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "gate.toml"
PACE = Pace(click_s=0.5, act_within_s=2.0, health_within_s=1.0)
JUDGED = Judged(Now(1.0, NOW, NOW - 100, ClockState.SUSPECT), 1_000, NOW * 1000)

Document = dict[str, Any]
Change = Callable[[Document], object]


def nothing(_document: Document) -> None:
    """The configuration as it is."""


class HandClock:
    """Time passes while somebody waits, and at no other moment."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def wait(self, descriptors: Sequence[int], seconds: float) -> None:
        ready, _, _ = select.select(descriptors, [], [], 0)
        if not ready:
            self.now += max(seconds, 0.001)


class NoSync:
    """`SyncProcess` for a gate that is reached by files alone."""

    def ask(self, what: dict[str, object]) -> dict[str, Any]:
        raise AssertionError(f"nobody asks {what}")


class OddPerson:
    """Answers some questions otherwise, refuses some deeds, or leaves at the n-th thing he is asked."""

    def __init__(
        self,
        person: SimulatedPerson,
        *,
        says: Mapping[Asked, str] | None = None,
        refuses: Sequence[Deed] = (),
        leaves_at: int | None = None,
        leaves_by: BaseException | None = None,
    ) -> None:
        self._person = person
        self._says = says or {}
        self._refuses = refuses
        self._leaves_at, self._leaves_by = leaves_at, leaves_by
        self.asked = 0

    def ask(self, question: Question) -> str:
        self._count()
        return self._says.get(question.about) or self._person.ask(question)

    def please(self, deed: Deed, subject: str) -> None:
        self._count()
        if deed not in self._refuses:
            self._person.please(deed, subject)

    def say(self, text: str) -> None:
        self._person.say(text)

    def _count(self) -> None:
        if self.asked == self._leaves_at and self._leaves_by is not None:
            raise self._leaves_by
        self.asked += 1


class Gate:
    """One gate to be tested; ``change`` alters its configuration, ``wiring`` how it is really wired."""

    def __init__(self, directory: Path, *, change: Change = nothing, wiring: Change = nothing) -> None:
        self.directory = directory
        for name in ("terminal", "sync"):
            (directory / name).mkdir()
            (directory / name).chmod(0o2770)
        self.config = self._config(change)
        self.clock = HandClock()
        self.said: list[str] = []
        self.person = SimulatedPerson(self._config(wiring), self.said.append)
        self.gpio: SimGpio | None = None

    def test(self, odd: OddPerson | None = None) -> dict[str, Check]:
        """Every check, by its name."""
        bench = Workbench(self.config, self.clock.monotonic, self.person.watching(self.clock.wait))
        assert isinstance(bench.gpio, SimGpio)
        self.gpio = bench.gpio
        with bench:
            self.person.stand_at(bench)
            machine = Machine(self.directory / "machine")
            visit = Visit(
                self.config,
                bench,
                odd or self.person,
                machine,
                JUDGED,
                NoSync(),
                self.clock.monotonic,
                PACE,
            )
            found = list(checks(visit))
        assert len({one.name for one in found}) == len(found), "a name stands there twice"
        return {one.name: one for one in found}

    def failed(self, odd: OddPerson | None = None) -> dict[str, str]:
        """What failed, and the text."""
        return {name: one.text for name, one in self.test(odd).items() if one.result is Result.FAILED}

    @property
    def driven(self) -> list[str]:
        """Outputs that are driven now."""
        assert self.gpio is not None
        return [name for name, one in outputs_of(self.config) if self.gpio.level(one.line) is not None]

    def _config(self, change: Change) -> Config:
        document = tomllib.loads(EXAMPLE.read_text("utf-8"))
        document["gate"]["state_dir"] = str(self.directory)
        document["doors"]["pedestrian"]["timing"] = {}
        change(document)
        path = self.directory / "gate.toml"
        path.touch()
        return parse_config(path, document)
