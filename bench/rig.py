"""A gate to measure: its directory, configuration and signed list.

Each size is built once in a process of its own (a list of a million is a gigabyte of
Python objects, which must not lie beside what is measured); each bench gets a copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.loads import DOORS, ISSUED_AT, Cards, cards, stored_estate
from bench.publisher import ANCHOR, ESTATE_ID, GATE_ID, ROOT, Publisher
from terminal.list_updates import take_update
from terminal.stores.list_store import ListStore

SOURCES: Final = Path(__file__).resolve().parent.parent
QUICK_SIZES: Final = {1_000: 200, 10_000: 300, 100_000: 400, 1_000_000: 500}
OPEN_S: Final = 0.1
"""Short, so that a door is locked again when its next card comes."""


class GateRig(Struct, frozen=True):
    """The files of one gate."""

    directory: Path
    count: int
    """Records on its list."""

    @property
    def config(self) -> Path:
        """The gate's TOML file."""
        return self.directory / "gate.toml"

    @property
    def sync_dir(self) -> Path:
        """Where the list lies."""
        return self.directory / "sync"

    @property
    def control_socket(self) -> Path:
        """The gate's command socket."""
        return self.directory / "gate.sock"

    @property
    def cards_file(self) -> Path:
        """See ``cards``."""
        return self.directory / "cards.json"

    def cards(self) -> Cards:
        """Cards to tap with."""
        return Cards.load(self.cards_file)

    def publisher(self) -> Publisher:
        """Who signs this list anew."""
        return Publisher.load(self.directory / "publisher")

    def store(self) -> ListStore:
        """The one writer of the list."""
        return ListStore(self.sync_dir, estate_id=ESTATE_ID, gate_id=GATE_ID)


class Workshop:
    """Makes rigs under one directory, and the environment of the processes measured."""

    def __init__(self, directory: Path, *, quick: bool) -> None:
        """``quick``: tiny loads, to see that a bench works; its figures mean nothing."""
        self.directory = directory
        self.quick = quick
        self._copies = 0
        # Installed code is compiled code: the environment must not keep ours from being so.
        self.environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }

    def gate(self, count: int) -> GateRig:
        """A gate of its own with a list of ``count`` records, fewer if quick."""
        if self.quick:
            count = QUICK_SIZES[count]
        built = self.directory / f"list-{count}"
        if not built.exists():
            subprocess.run(
                [sys.executable, "-m", "bench.rig", str(built), str(count)],
                cwd=SOURCES,
                env=self.environment,
                check=True,
            )
        self._copies += 1
        rig = GateRig(self.directory / f"gate-{self._copies}", count)
        shutil.copytree(built, rig.directory)
        rig.config.write_text(_config(rig), encoding="utf-8")
        return rig


def build(rig: GateRig) -> None:
    """Fill an empty directory with a list of ``rig.count`` records and cards for it."""
    for name in ("sync", "terminal"):
        (rig.directory / name).mkdir(parents=True)
    publisher = Publisher.of(stored_estate(rig.count))
    publisher.save(rig.directory / "publisher")
    cards(rig.count).save(rig.cards_file)
    with closing(rig.store()) as store:
        take_update(store, ANCHOR, publisher.snapshot(1), floor=ISSUED_AT)


def _config(rig: GateRig) -> str:
    lines = [
        "[gate]",
        'name = "bench"',
        f"id = {GATE_ID}",
        f'estate = "{ESTATE_ID.hex()}"',
        f'roots = ["{ROOT.public.hex()}"]',
        f'state_dir = "{rig.directory}"',
        f'control_socket = "{rig.control_socket}"',
        "[gpio]",
        'backend = "sim"',
    ]
    for door in DOORS:
        lines += [
            f"[doors.door{door}]",
            f"id = {door}",
            'kind = "strike"',
            f"[doors.door{door}.outputs.lock]",
            f'line = "relay{door}"',
            f"[doors.door{door}.timing]",
            f"open_s = {OPEN_S}",
            f"[readers.reader{door}]",
            f"id = {door}",
            'kind = "sim"',
            f'door = "door{door}"',
            "repeat_s = 0",
        ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    build(GateRig(Path(sys.argv[1]), int(sys.argv[2])))
