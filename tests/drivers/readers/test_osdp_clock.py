"""libosdp runs on the wall clock. Set back by a day, it must not keep a reader silent."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.ports import CardRead, HealthChanged
from drivers.readers.osdp import Settings, open_reader
from drivers.virtual_osdp import WITHIN_S, OsdpBus
from tests.drivers.readers.rig_osdp import KEY, write_key
from tests.support import wall_clock

pytestmark = pytest.mark.real_part("gcc, libosdp")

DAY_S = 86_400


class Gate:
    """A process of its own with one reader, whose events it prints."""

    def __init__(self, port: str, key: str, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.drivers.readers.test_osdp_clock", port, key],
            cwd=Path(__file__).parents[3],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.told: list[str] = []
        self._heard = b""

    def tells(self, word: str) -> str:
        """The next line that begins so."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + WITHIN_S
        while True:
            line, whole, rest = self._heard.partition(b"\n")
            if not whole:
                left_s = max(0.0, deadline - time.monotonic())
                assert select.select([self.process.stdout], [], [], left_s)[0], f"{word!r}: only {self.told}"
                # Not by lines: of two that come at once `select` would not see the second.
                came = os.read(self.process.stdout.fileno(), 4096)
                assert came, f"no {word!r} before its end, only {self.told}"
                self._heard += came
                continue
            self._heard = rest
            self.told.append(line.decode().strip())
            if self.told[-1].startswith(word):
                return self.told[-1]


@pytest.fixture
def bus() -> Iterator[OsdpBus]:
    with OsdpBus({1: KEY}) as made:
        yield made


@pytest.mark.parametrize("step_s", [-DAY_S, DAY_S])
def test_a_wall_clock_that_steps_costs_no_reader(
    bus: OsdpBus,
    tmp_path: Path,
    step_s: int,
    record_property: Callable[[str, object], None],
) -> None:
    library, offset = wall_clock.build(tmp_path), tmp_path / "offset"
    wall_clock.turn_to(offset, int(time.time()))
    gate = Gate(bus.path, write_key(tmp_path), wall_clock.environment(library, offset))
    try:
        gate.tells("ok")
        bus.tell("card", 1, data="01")
        assert gate.tells("card") == "card 01"
        wall_clock.turn_to(offset, int(time.time()) + step_s)
        stepped_at = time.monotonic()
        bus.tell("card", 1, data="02")
        assert gate.tells("card") == "card 02"
        record_property("card_after_step_s", round(time.monotonic() - stepped_at, 3))
        bus.tell("card", 1, data="03")
        assert gate.tells("card") == "card 03"
    finally:
        gate.process.kill()
        gate.process.communicate()


def main() -> None:
    reader = open_reader(Settings(port=sys.argv[1], key=sys.argv[2], address=1), time.monotonic)
    while select.select([reader.fileno(), 0], [], [])[0] == [reader.fileno()]:
        for event in reader.read_events():
            if isinstance(event, CardRead):
                print("card", event.number.hex(), flush=True)
            elif isinstance(event, HealthChanged):
                print("ok" if event.ok else f"away {event.cause}", flush=True)


if __name__ == "__main__":
    main()
