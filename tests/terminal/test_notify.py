"""Messages to the service manager, received on a real socket."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from terminal.notify import ServiceManager


def test_messages_arrive_as_systemd_expects_them(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(5)
        service = ServiceManager({"NOTIFY_SOCKET": str(path)})
        service.ready("2 doors\nlist 1.4")
        service.watchdog()
        service.stopping()
        received = [manager.recv(4096).decode() for _ in range(3)]
    assert received == ["READY=1\nSTATUS=2 doors list 1.4", "WATCHDOG=1", "STOPPING=1"]


def test_nothing_is_sent_to_a_socket_that_was_not_named_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.setblocking(False)
        # The environment handed over counts; what this process was started with does not.
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        ServiceManager({}).ready("alone")
        with pytest.raises(BlockingIOError):
            manager.recv(4096)


def test_a_dead_service_manager_does_not_stop_the_gate(tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).watchdog()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid() + 1)}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_watchdog_interval_is_taken_only_when_meant_for_us(
    environment: dict[str, str], expected: float | None
) -> None:
    assert ServiceManager(environment).watchdog_s == expected
