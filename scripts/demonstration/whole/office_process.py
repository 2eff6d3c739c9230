"""The office of the demonstration: an estate of made-up households, keys, and `office serve --hub`."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from office.demo.cli import ESTATE_ID
from office.hub.clerk_steps import gate_report
from office.hub.control_client import HubAwayError, HubControl, default_control
from office.hub.facts import LinkKind
from office.hub.gate_state import GateState
from office.hub.store import HubStore
from office.site.serving import end_process
from scripts.demonstration.two_gates import OfficeRefusedError

READY_WITHIN_S: Final = 60.0
"""Django, the hub and the watcher take some four seconds on a small computer."""
STOP_WITHIN_S: Final = 15.0
LOOK_S: Final = 0.05
_TREE: Final = Path(__file__).resolve().parents[3]


class Wiring(Struct, frozen=True):
    """Where the office listens."""

    desk_port: int
    hub_port: int
    pair: str
    """DEVICE:BAUD of the hub's end of the wires."""


class Office(Struct, frozen=True):
    """An office's directory, and who works there."""

    directory: Path
    accounts: Mapping[str, str]
    """Passwords by name."""
    root: bytes
    """Public half of the key that gates obey."""

    @property
    def store(self) -> Path:
        """The one file of desk and hub."""
        return self.directory / "office.db"

    def register(self, gate_id: int, key: bytes, address: int | None, at: int) -> None:
        """As at enrolment: the gate's public key and how it is reached."""
        store = HubStore(self.store)
        try:
            store.gates.give_key(gate_id, key, at)
            store.gates.wire(gate_id, LinkKind.NETWORK if address is None else LinkKind.SERIAL, address)
        finally:
            store.close()

    def in_sync(self, gate_id: int, at: int) -> bool:
        """Whether the gate's receipt is for everything that it is to have."""
        store = HubStore(self.store)
        try:
            return gate_report(store, store.gates.get(gate_id), at).state is GateState.IN_SYNC
        finally:
            store.close()


def make_office(directory: Path, households: int) -> Office:
    """A new office with two gates, not running; raises ``OfficeRefusedError``."""
    demo = command("demo", str(directory), "--gates", "2", "--households", str(households))
    keys = command("keys", "init", str(directory / "keys"), "--estate", ESTATE_ID)
    accounts = {one["user"]: one["password"] for one in demo["accounts"]}
    return Office(directory, accounts, bytes.fromhex(keys["root"]))


def command(*words: str) -> dict[str, Any]:
    """One command of the office's, in a process of its own; raises ``OfficeRefusedError``."""
    whole = [sys.executable, "-m", "office", *words, "--json"]
    done = subprocess.run(whole, cwd=_TREE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OfficeRefusedError(done.stderr.strip() or done.stdout.strip())
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@contextmanager
def serving(office: Office, wiring: Wiring) -> Iterator[None]:
    """Desk, watcher and hub, until the block ends; raises ``OfficeRefusedError`` if they do not come up."""
    words = ["serve", str(office.directory), "--listen", f"127.0.0.1:{wiring.desk_port}", "--hub"]
    words += ["--hub-listen", f"127.0.0.1:{wiring.hub_port}", "--hub-serial", wiring.pair]
    journal = office.directory / "serve.err"
    with journal.open("ab") as said:
        process = subprocess.Popen(
            # TERM, not KILL, when its owner dies: it has hub and watcher to end.
            ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "office", *words],
            cwd=_TREE,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,  # a Ctrl-C is for its owner, who then ends it in order
        )
    try:
        _wait_ready(process, journal, lambda: _answers(wiring.desk_port) and _hub_answers(office.store))
        yield
    finally:
        end_process(process, STOP_WITHIN_S)


def free_port(preferred: Sequence[int] = ()) -> int:
    """The first of ``preferred`` that nobody listens at on this computer, or any."""
    for port in (*preferred, 0):
        with socket.socket() as probe:
            # As servers do: a port whose last connections are just closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OfficeRefusedError("no port is free on this computer")


def _wait_ready(process: subprocess.Popen[bytes], journal: Path, is_ready: Callable[[], bool]) -> None:
    pid_fd = os.pidfd_open(process.pid)
    try:
        for _ in range(int(READY_WITHIN_S / LOOK_S)):
            if is_ready():
                return
            if select.select([pid_fd], [], [], LOOK_S)[0]:
                break
    finally:
        os.close(pid_fd)
    raise OfficeRefusedError(f"the office did not come up: {journal.read_text('utf-8', 'replace').strip()}")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _hub_answers(store: Path) -> bool:
    try:
        HubControl(default_control(store)).status()
    except HubAwayError:
        return False
    return True
