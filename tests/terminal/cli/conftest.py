"""A gate's whole installation in a temporary directory: keys, list, state, configuration, and the gate."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from drivers.gpio.sim import SimGpio
from sync.records import Record
from terminal import clock
from terminal.__main__ import main
from terminal.check import load_config
from terminal.cli.gate import serve_commands
from terminal.clock import Reading
from terminal.gate import Gate, Outside
from tests.support.estate import ESTATE_ID, GATE_ID, NOW, ROOT, content, resident, signed_snapshot

CONFIG = """
[gate]
name = "北门"
id = {gate_id}
estate = "{estate}"
roots = ["{root}"]
state_dir = "{state}"
control_socket = "{socket}"

[gpio]
backend = "sim"

[doors.pedestrian]
id = 1
kind = "strike"
[doors.pedestrian.outputs.lock]
line = "relay1"
[doors.pedestrian.timing]
fire_needs_reset = true

[doors."侧门"]
id = 2
kind = "strike"
[doors."侧门".outputs.lock]
line = "relay2"

[inputs.fire]
kind = "fire"
line = "fire"
active_low = true

[readers.in]
id = 1
kind = "sim"
repeat_s = 0
door = "pedestrian"

[readers.out]
id = 2
kind = "sim"
repeat_s = 0
door = "pedestrian"
way = "out"
"""


class Said(Struct, frozen=True):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on its output."""
        return json.loads(self.out)


class House(Struct):
    """An installation; ``run`` is a person at its command line."""

    root: Path
    capture: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        return self.root / "gate.toml"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def run(self, *words: str, config: Path | None = None) -> Said:
        """One command of this gate."""
        return self.run_bare(*words, "--config", str(config or self.config))

    def run_bare(self, *words: str) -> Said:
        """One command without ``--config``."""
        self.capture.readouterr()
        try:
            code = main(words)
        except SystemExit as usage:
            code = usage.code if isinstance(usage.code, int) else 1
        said = self.capture.readouterr()
        return Said(code, said.out, said.err)

    def file(self, name: str, data: bytes) -> str:
        """A file in a technician's hand."""
        path = self.root / name
        path.write_bytes(data)
        return str(path)

    def give_list(self, records: Iterable[Record] | None = None) -> None:
        """Apply the first list: residents 1 to 20 unless told otherwise."""
        records = [resident(number) for number in range(1, 21)] if records is None else records
        said = self.run("list", "apply", self.file("first.list", signed_snapshot(content(records))))
        assert said.code == 0, said

    def edit(self, old: str, new: str) -> None:
        """Change the configuration."""
        text = self.config.read_text("utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new), "utf-8")

    @contextmanager
    def gate(self, environment: Mapping[str, str] | None = None) -> Iterator[Gate]:
        """The gate of this installation, running on a thread of its own; it is NOW there."""
        gate = Gate(
            load_config(self.config),
            Outside(clock.boot_id(), _at_now, environment or {}, os.urandom, lambda: 0.0),
        )
        gate.start()
        serve_commands(gate)
        thread = threading.Thread(target=gate.loop.run, name="gate")
        thread.start()
        try:
            yield gate
        finally:
            gate.loop.post(gate.loop.stop)
            thread.join()
            gate.close()


def _at_now() -> Reading:
    real = clock.read()
    return Reading(real.monotonic, real.boottime_ms, 1000 * NOW + real.boottime_ms)


def burn(gate: Gate, burning: bool) -> None:
    """Move the fire line, on the gate's own thread."""
    gpio = gate.hardware.gpio
    assert isinstance(gpio, SimGpio)
    gpio.set_level("fire", not burning)


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> House:
    """An installation without a list; ``give_list`` brings one."""
    made = House(tmp_path, capsys)
    for name in ("terminal", "sync"):
        (made.state / name).mkdir(parents=True)
        (made.state / name).chmod(0o2770)
    made.config.write_text(
        CONFIG.format(
            gate_id=GATE_ID,
            estate=ESTATE_ID.hex(),
            root=ROOT.public.hex(),
            state=made.state,
            socket=tmp_path / "s",
        ),
        "utf-8",
    )
    return made
