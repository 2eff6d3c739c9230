"""A gate's first day by the commands that people type; hub and sync process are real processes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from office.__main__ import main as office_main
from office.hub.store import HubStore
from provisioning.__main__ import main as provision_main
from sync.update import ListVersion
from tests.support.enrolling import config_text
from tests.support.hub import until_stored
from tests.support.machine import add_users

ESTATE: Final = Path(__file__).parents[1] / "docs" / "examples" / "estate.toml"
ID: Final = "0f1e2d3c4b5a6978"


class FirstDay:
    """An office and an empty tree in one directory."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self.store = directory / "hub.db"
        self.tree = add_users(directory / "tree")
        self._capsys = capsys
        self.processes: list[subprocess.Popen[bytes]] = []
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]

    def config(self) -> Path:
        """What a person writes for the gate; its state is where the tree has it."""
        path = self.directory / "east.toml"
        text = config_text(
            state_dir=str(self.tree / "var/lib/gatehouse"), control_socket=str(self.tree / "s")
        )
        identity = ("name =", "id = 7", "estate =", "roots =")
        kept = [one for one in text.decode().splitlines() if not one.startswith(identity)]
        hubs = f'[link]\nkind = "network"\nhubs = ["127.0.0.1:{self.port}"]\n'
        path.write_text("\n".join(kept) + "\n" + hubs)
        return path

    def office(self, *arguments: object) -> dict[str, Any]:
        assert office_main([*map(str, arguments), "--json"]) == 0
        answer = json.loads(self._capsys.readouterr().out)
        assert isinstance(answer, dict)
        return answer

    def technician(self, *arguments: object) -> dict[str, Any]:
        assert provision_main([*map(str, arguments), "--root", str(self.tree), "--json"]) == 0
        answer = json.loads(self._capsys.readouterr().out)
        assert isinstance(answer, dict)
        return answer

    def start(self, *arguments: object) -> None:
        self.processes.append(subprocess.Popen([sys.executable, "-m", *map(str, arguments)]))

    def until(self, what: str, check: Callable[[HubStore], bool]) -> None:
        """Look at the store until ``check`` holds."""
        until_stored(self.store, what, check)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[FirstDay]:
    made = FirstDay(tmp_path, capsys)
    yield made
    made.close()


def test_from_an_empty_office_to_a_gate_that_follows_it(day: FirstDay) -> None:
    keys, bundle, code = (day.directory / name for name in ("keys", "east.bundle", "code"))
    day.office("keys", "init", keys, "--estate", ID)
    day.office("hub", "init", day.store, "--estate", ID)
    day.office("hub", "register", day.store, "--gate", 1, "--name", "east")
    day.office("hub", "import", day.store, ESTATE)
    where = ("--store", day.store, "--keys", keys, "--config", day.config(), "--out", bundle)
    made = day.office("bundle", "east", *where, "--code-file", code)
    day.start("office", "hub", "run", day.store, "--keys", keys, "--listen", f"127.0.0.1:{day.port}")
    today = str(made["ends"])[:10]
    shown = day.technician("enrol", bundle, "--code-file", code, "--today", today)["fingerprint"]
    assert day.technician("label")["fingerprint"] == shown
    day.start("terminal", "sync", "--config", day.tree / "etc/gatehouse/gate.toml")
    day.until("the gate asks", lambda hub: bool(hub.invitations.alive()[0].key))
    assert day.office("hub", "enrolments", day.store)["enrolments"][0]["fingerprint"] == shown
    day.office("hub", "accept", day.store, shown)
    day.until("the gate is there", lambda hub: hub.diary.contact(1).version == ListVersion(1, 1))
    day.office("hub", "revoke", day.store, "--card", "04A10001", "--reason", "lost")
    day.until("the revocation is confirmed", lambda hub: ListVersion(1, 2) in versions(hub))
    alarms = {name for name in day.office("hub", "report", day.store) if name.startswith("alarm")}
    assert alarms == {"alarm enrolment_waits of gate 1"}


def versions(hub: HubStore) -> list[ListVersion]:
    """Lists that the gate has confirmed."""
    return [one.version for one in hub.receipts.of_gate(1)]
