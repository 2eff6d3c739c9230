"""The command socket: real sockets, hostile clients."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from terminal import clock
from terminal.control import MAX_CLIENTS, MAX_LINE_BYTES, Answer, Client, CommandError, ControlServer, Request
from terminal.loop import Loop


class Served(Struct):
    """A server with a few commands, turned by hand."""

    path: Path
    loop: Loop
    server: ControlServer
    followers: list[Client]

    def connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(5)
        client.connect(str(self.path))
        self.loop.turn(0)
        return client

    def ask(self, client: socket.socket, line: bytes) -> Any:
        client.sendall(line + b"\n")
        self.loop.turn(1)
        return json.loads(client.recv(65536))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    followers: list[Client] = []

    def handle(request: Request, client: Client) -> Answer | None:
        match request.get("command"):
            case "hello":
                return {"said": request.get("word", "")}
            case "follow":
                followers.append(client)
                return None
        raise CommandError("no such command")

    loop = Loop(clock.monotonic, lambda _now: None)
    path = tmp_path / "run" / "terminal.sock"
    server = ControlServer(path, loop, handle)
    yield Served(path, loop, server, followers)
    server.close()
    loop.close()


def test_a_request_is_answered(served: Served) -> None:
    with served.connect() as client:
        assert served.ask(client, b'{"command":"hello","word":"\xe9\x97\xa8"}') == {"ok": True, "said": "门"}


def test_only_owner_and_group_may_connect(served: Served) -> None:
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o660


@pytest.mark.parametrize("line", [b"nonsense", b"[1]", b"\xff\xfe", b"[" * 10_000, b'"text"'])
def test_nonsense_is_answered_and_the_client_may_go_on(served: Served, line: bytes) -> None:
    with served.connect() as client:
        assert not served.ask(client, line)["ok"]
        assert served.ask(client, b'{"command":"hello"}')["ok"]


def test_a_refused_command_tells_why(served: Served) -> None:
    with served.connect() as client:
        assert served.ask(client, b'{"command":"dance"}') == {"ok": False, "error": "no such command"}


def test_an_endless_line_is_cut_off(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"x" * (MAX_LINE_BYTES + 100))
        served.loop.turn(1)
        served.loop.turn(1)
        assert client.recv(10) == b""


def test_a_follower_that_does_not_read_is_dropped_and_others_are_served(served: Served) -> None:
    with served.connect() as lazy, served.connect() as other:
        lazy.sendall(b'{"command":"follow"}\n')
        served.loop.turn(1)
        follower = served.followers[0]
        for _ in range(2000):
            follower.send({"event": "x" * 1000})
        assert not follower.open
        assert served.ask(other, b'{"command":"hello"}')["ok"]


def test_a_follower_gets_lines_later(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b'{"command":"follow"}\n')
        served.loop.turn(1)
        served.followers[0].send({"number": 7})
        assert json.loads(client.recv(100)) == {"number": 7}


def test_too_many_clients_are_turned_away(served: Served) -> None:
    clients = [served.connect() for _ in range(MAX_CLIENTS + 1)]
    assert clients[-1].recv(10) == b""
    assert served.ask(clients[0], b'{"command":"hello"}')["ok"]
    for client in clients:
        client.close()


def test_a_client_that_leaves_is_forgotten(served: Served) -> None:
    for _ in range(3 * MAX_CLIENTS):
        served.connect().close()
        served.loop.turn(0)
    with served.connect() as client:
        assert served.ask(client, b'{"command":"hello"}')["ok"]


def test_the_socket_of_a_killed_gate_is_replaced_and_a_closed_one_is_gone(tmp_path: Path) -> None:
    loop = Loop(clock.monotonic, lambda _now: None)
    path = tmp_path / "terminal.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    server = ControlServer(path, loop, lambda _request, _client: {})
    server.close()
    loop.close()
    assert not path.exists()
