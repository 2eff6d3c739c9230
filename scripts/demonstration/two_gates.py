"""An office's hub and two gates on this machine: one by TLS, one on a pair of wires at 9600 baud."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from string import Template
from typing import Any, Final

from msgspec import Struct

from drivers.ports import Technology
from drivers.virtual_pair import PtyBus
from office.keys import ROOT, KeyDirectory
from scripts.demonstration.gate_client import GateClient, connect
from scripts.demonstration.gate_process import GateProcess
from sync.delegation import Role
from sync.gate_key import load_or_make
from terminal import clock
from terminal.check import load_config
from terminal.config import Config

EAST: Final = "east"
WEST: Final = "west"
GATE_IDS: Final[Mapping[str, int]] = {EAST: 1, WEST: 2}
BAUD: Final = 9_600
ADDRESS: Final = 5
ESTATE_ID: Final = bytes.fromhex("0f1e2d3c4b5a6979")
STOP_WITHIN_S: Final = 10.0
_TREE: Final = Path(__file__).resolve().parents[2]
_ESTATE: Final = Path(__file__).with_name("two_gates.toml")
_DELEGATION_S: Final = 30 * 86_400

_GATE: Final = """
[gate]
name = "$name gate"
id = $id
estate = "$estate"
roots = ["$root"]
state_dir = $state_dir
control_socket = $control_socket
[gpio]
backend = "sim"
[doors.$name]
id = $id
kind = "strike"
[doors.$name.outputs.lock]
line = "relay"
[readers.$name]
id = $id
kind = "sim"
door = "$name"
# The story taps one card again at once; people do not.
repeat_s = 0.0
[link]
$link
"""


class OfficeRefusedError(Exception):
    """A command of the office failed; the text is its own."""


class Gate(Struct, frozen=True):
    """One of the two gates."""

    name: str
    config: Config
    client: GateClient

    def tap(self, card: str) -> None:
        """Hold a card to its reader."""
        self.client.ask("tap", reader=self.name, card=card)

    def show_code(self, code: str) -> None:
        """Hold a code, on a phone or on paper, to its reader."""
        number = code.encode("ascii").hex()
        self.client.ask("tap", reader=self.name, card=number, technology=Technology.CODE.value)


class TwoGates(Struct, frozen=True):
    """The office and its gates, running."""

    store: Path
    gates: Mapping[str, Gate]

    def office(self, *words: str) -> dict[str, Any]:
        """One command of the office; raises ``OfficeRefusedError``."""
        command = [sys.executable, "-m", "office", "hub", *words, "--json"]
        done = subprocess.run(command, cwd=_TREE, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OfficeRefusedError(done.stderr.strip() or done.stdout.strip())
        said: dict[str, Any] = json.loads(done.stdout)
        return said


@contextmanager
def open_two_gates(directory: Path) -> Iterator[TwoGates]:
    """Prepare everything in ``directory`` (new or empty), start it; all of it ends with the block.

    Raises:
        OfficeError, ConfigError, GateStartError, GateGoneError: something did not come up.
    """
    with ExitStack() as clearing:
        directory.mkdir(parents=True, exist_ok=True)
        keys = make_keys(directory / "keys")
        pair = clearing.enter_context(PtyBus(2, BAUD, clock.monotonic))
        port = free_port()
        store = directory / "hub.db"
        links = {
            EAST: f'kind = "network"\nhubs = ["127.0.0.1:{port}"]',
            WEST: f'kind = "serial"\nport = "{pair.paths[1]}"\nbaud = {BAUD}\naddress = {ADDRESS}',
        }
        configs = {name: gate_files(directory / name, name, links[name], keys) for name in GATE_IDS}
        office = TwoGates(store, {})
        office.office("init", str(store), "--estate", ESTATE_ID.hex())
        for name, config in configs.items():
            _register(office, store, name, config)
        estate = directory / "estate.toml"
        estate.write_text(Template(_ESTATE.read_text("utf-8")).substitute(estate=ESTATE_ID.hex()), "utf-8")
        office.office("import", str(store), str(estate))
        serial = f"{pair.paths[0]}:{BAUD}"
        clearing.enter_context(_hub(store, keys, f"127.0.0.1:{port}", serial))
        gates = {name: start_gate(clearing, name, config) for name, config in configs.items()}
        yield TwoGates(store, gates)


def make_keys(directory: Path) -> KeyDirectory:
    """An estate's keys: root, lists, orders from afar."""
    now = clock.read().system_ms // 1000
    keys = KeyDirectory.create(directory, ESTATE_ID, random_bytes=secrets.token_bytes)
    for name, role in (("list", Role.LIST), ("online", Role.ONLINE)):
        keys.create_key(name, random_bytes=secrets.token_bytes)
        keys.delegate(name, role, gates=None, issued_at=now, not_after=now + _DELEGATION_S)
    return keys


def gate_files(directory: Path, name: str, link: str, keys: KeyDirectory) -> Config:
    """A gate's directories and configuration, with simulated hardware."""
    for owned in ("sync", "terminal"):
        (directory / "state" / owned).mkdir(parents=True)
    values = {
        "name": name,
        "id": GATE_IDS[name],
        "estate": ESTATE_ID.hex(),
        "root": keys.public(ROOT).hex(),
        "state_dir": json.dumps(str(directory / "state")),
        "control_socket": json.dumps(str(directory / "gate.sock")),
        "link": link,
    }
    path = directory / "gate.toml"
    path.write_text(Template(_GATE).substitute(values), "utf-8")
    return load_config(path)


def _register(office: TwoGates, store: Path, name: str, config: Config) -> None:
    """As at provisioning: the gate makes its key, the office learns its public half."""
    key = load_or_make(config.sync_dir / "gate.key", random_bytes=os.urandom).key
    words = ["register", str(store), "--gate", str(GATE_IDS[name]), "--name", name, "--key", key.public.hex()]
    office.office(*words, *(["--serial", str(ADDRESS)] if name == WEST else []))


@contextmanager
def _hub(store: Path, keys: KeyDirectory, listen: str, serial: str) -> Iterator[None]:
    command = [sys.executable, "-m", "office", "hub", "run", str(store), "--keys", str(keys.path)]
    with store.with_name("hub.err").open("ab") as journal:
        hub = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command, "--listen", listen, "--serial", serial],
            cwd=_TREE,
            stdin=subprocess.DEVNULL,
            stdout=journal,
            stderr=journal,
            start_new_session=True,
        )
    try:
        yield
    finally:
        hub.terminate()
        try:
            hub.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            hub.kill()
            hub.wait()


def start_gate(clearing: ExitStack, name: str, config: Config) -> Gate:
    """Both of its processes, until ``clearing`` ends; and a client that plays people at it."""
    gate = GateProcess(config.path, os.environ)
    clearing.callback(gate.stop)
    gate.start()
    sync = GateProcess(config.path, os.environ, "sync")
    clearing.callback(sync.stop)
    sync.start()
    client = clearing.enter_context(closing(connect(config.control_socket, alive=gate.wait_alive)))
    return Gate(name, config, client)


def free_port() -> int:
    """A port of this computer that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
