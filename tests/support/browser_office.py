"""An office with its hub and two gates as real processes, for a real browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from office.site.serving import end_process
from scripts.demonstration.two_gates import (
    ESTATE_ID,
    GATE_IDS,
    Gate,
    free_port,
    gate_files,
    make_keys,
    start_gate,
)
from sync.events import Event, EventKind
from sync.gate_key import load_or_make
from terminal.config import Config
from terminal.stores.usage_reader import UsageReader
from tests.support.waiting import until

TREE: Final = Path(__file__).resolve().parents[2]


class BrowserOffice:
    """Address, gates, and a hub that can be stopped and started."""

    def __init__(self, directory: Path, clearing: ExitStack) -> None:
        self.directory = directory
        self._clearing = clearing
        self._hub: subprocess.Popen[bytes] | None = None
        self._hub_port, port = free_port(), free_port()
        self.reader_port = free_port()
        """Where a clerk's PC would have its card reader's helper."""
        self.address = f"http://127.0.0.1:{port}"
        office = self.directory / "office"
        words = ["--estate", ESTATE_ID.hex(), "--insecure", "--host", "127.0.0.1", "--language", "en"]
        words += ["--reader-port", str(self.reader_port)]
        _done("init", str(office), *words)
        keys = make_keys(office / "keys")
        link = f'kind = "network"\nhubs = ["127.0.0.1:{self._hub_port}"]'
        configs = {name: gate_files(directory / name, name, link, keys) for name in GATE_IDS}
        public = {GATE_IDS[name]: [name, _public_key(one)] for name, one in configs.items()}
        seed = [sys.executable, "-m", "tests.support.seeded_office", str(office)]
        subprocess.run(seed, cwd=TREE, input=json.dumps(public), text=True, check=True)
        clearing.callback(self.stop_hub)
        self._serve(port)
        self.gates: dict[str, Gate] = {one: start_gate(clearing, one, made) for one, made in configs.items()}

    def start_hub(self) -> None:
        """As `serve --hub` does, but apart, so that it can be down; whoever starts it ends it."""
        store = self.directory / "office" / "office.db"
        words = ["hub", "run", str(store), "--keys", str(store.with_name("keys"))]
        self._hub = self._process(*words, "--listen", f"127.0.0.1:{self._hub_port}")

    def stop_hub(self) -> None:
        """Down until it is started again."""
        if self._hub is not None:
            end_process(self._hub)
        self._hub = None

    def tap(self, gate: str, card: str) -> str:
        """Hold a card to a gate's reader; what became of it, by the gate's own log."""
        return self._reason(gate, lambda: self.gates[gate].tap(card))

    def show_code(self, gate: str, code: str) -> str:
        """Hold a phone with a code to a gate's reader; what became of it."""
        return self._reason(gate, lambda: self.gates[gate].show_code(code))

    def is_unlocked(self, gate: str) -> bool:
        """Whether its lock is open now."""
        return bool(self.gates[gate].client.ask("status")["doors"][gate]["unlocked"])

    def _reason(self, gate: str, present: Callable[[], None]) -> str:
        before = len(self._taps(gate))
        present()
        until(f"a tap at {gate} is logged", lambda: len(self._taps(gate)) > before)
        reason = self._taps(gate)[-1].reason
        return "" if reason is None else reason.name.lower()

    def _taps(self, gate: str) -> list[Event]:
        with UsageReader(self.gates[gate].config.terminal_dir) as log:
            events = [one.content for one in log.read_after(0, 1_000) if isinstance(one.content, Event)]
        return [one for one in events if one.kind is EventKind.TAP]

    def _serve(self, port: int) -> None:
        desk = self._process("serve", str(self.directory / "office"), "--listen", f"127.0.0.1:{port}")
        self._clearing.callback(end_process, desk)
        journal = self.directory / "serve.err"
        until(
            "the desk listens",
            lambda: "the desk is at" in journal.read_text("utf-8") or desk.poll() is not None,
        )
        if desk.poll() is not None:
            raise RuntimeError(journal.read_text("utf-8"))

    def _process(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.directory / f"{words[0]}.err").open("ab") as journal:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "office", *words],
                cwd=TREE,
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=journal,
            )


@contextmanager
def open_browser_office(directory: Path) -> Iterator[BrowserOffice]:
    """Everything of it ends with the block."""
    with ExitStack() as clearing:
        yield BrowserOffice(directory, clearing)


def _public_key(config: Config) -> str:
    return load_or_make(config.sync_dir / "gate.key", random_bytes=os.urandom).key.public.hex()


def _done(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "office", *words], cwd=TREE, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
