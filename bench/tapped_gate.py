"""``python -m bench.tapped_gate``: a whole gate in which taps are timed from inside.

The gate is composed as `terminal.cli.gate` does it. A thread plays the people: it holds
cards to the simulated readers, as a driver's own thread would, and afterwards finds in the
history of the simulated relays when each of them moved. Both use the gate's monotonic clock.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Final

from bench.loads import DOORS, PEDESTRIAN_DOORS, Cards
from bench.rig import OPEN_S
from drivers.gpio.sim import SimGpio
from drivers.ports import Technology
from drivers.readers.sim import SimReader
from sync.records import Credential
from terminal.check import load_config
from terminal.cli.gate import begin
from terminal.gate import Gate, real_outside

LOCKED_AGAIN_S: Final = OPEN_S + 0.1
GIVE_UP_S: Final = 10.0
SETTLE_S: Final = 1.0
"""After READY the gate loads what no tap needs; people come later than that."""


class People:
    """Taps at every door of one gate, and the latencies in microseconds by phase."""

    def __init__(self, gate: Gate, cards: Cards) -> None:
        self._gate = gate
        self._cards = cards
        self._draw = Random("gatehouse people")
        self.found: dict[str, list[float]] = {}
        self.problem = ""

    def play(self, arguments: argparse.Namespace) -> None:
        """All phases, then the end of the gate."""
        try:
            time.sleep(SETTLE_S)
            self.found["wake"] = [self._wake_us() for _ in range(arguments.alone)]
            self._phase("alone", arguments.alone, 1, spends=False)
            self._phase("together", arguments.together, len(DOORS), spends=False)
            self._phase("spend", arguments.spends, 1, spends=True)
        except Exception as error:  # noqa: BLE001 - the gate must end whatever goes wrong here
            self.problem = repr(error)
        finally:
            self._gate.loop.post(self._gate.loop.stop)

    def _phase(self, name: str, rounds: int, at_once: int, *, spends: bool) -> None:
        """Rounds of ``at_once`` taps at different doors, a moment apart, each with a door locked again."""
        doors = PEDESTRIAN_DOORS if spends else DOORS
        latencies = []
        for _ in range(rounds):
            taps = []
            for door in self._draw.sample(doors, at_once):
                cards = self._cards.visitors if spends else self._cards.opening(door)
                taps.append((door, self._tap(door, self._draw.choice(cards))))
            time.sleep(LOCKED_AGAIN_S + self._draw.random() * 0.1)
            latencies += [self._latency_us(door, at) for door, at in taps]
        self.found[name] = latencies

    def _wake_us(self) -> float:
        """How long the idle loop takes to do nothing at all when asked: the machine's part of a tap."""
        time.sleep(LOCKED_AGAIN_S + self._draw.random() * 0.1)
        done = threading.Event()
        woken: list[float] = []

        def turn() -> None:
            woken.append(self._gate.loop.monotonic())
            done.set()

        at = self._gate.loop.monotonic()
        self._gate.loop.post(turn)
        done.wait(GIVE_UP_S)
        return (woken[0] - at) * 1e6

    def _tap(self, door: int, card: Credential) -> float:
        reader = self._gate.readers[f"reader{door}"].reader
        if not isinstance(reader, SimReader):
            raise TypeError("the rig has simulated readers")
        at = self._gate.loop.monotonic()
        reader.present(Technology.ISO14443A, card.number)
        reader.remove()
        return at

    def _latency_us(self, door: int, at: float) -> float:
        """When the relay moved after ``at``; returns once the door is locked again."""
        gpio = self._gate.hardware.gpio
        if not isinstance(gpio, SimGpio):
            raise TypeError("the rig has simulated lines")
        line = f"relay{door}"
        while True:
            moves = [one.at for one in gpio.history() if one.line == line and one.level and one.at >= at]
            if moves and not gpio.level(line):
                return (moves[0] - at) * 1e6
            if self._gate.loop.monotonic() > at + GIVE_UP_S:
                raise RuntimeError(f"a tap at door {door} moved no relay")
            time.sleep(LOCKED_AGAIN_S)


def main() -> int:
    """Run the gate until the people have gone; prints the latencies as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("cards", type=Path)
    for phase in ("--alone", "--together", "--spends"):
        parser.add_argument(phase, type=int, default=0, metavar="ROUNDS")
    arguments = parser.parse_args()
    cards = Cards.load(arguments.cards)
    gate = Gate(load_config(arguments.config), real_outside())
    begin(gate)
    people = People(gate, cards)
    thread = threading.Thread(target=people.play, args=(arguments,), name="people")
    thread.start()
    gate.run()
    thread.join()
    print(json.dumps(people.found))
    if people.problem:
        print(people.problem, file=sys.stderr)
    return 1 if people.problem else 0


if __name__ == "__main__":
    sys.exit(main())
