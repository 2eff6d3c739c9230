"""The desk's way to a running hub: answers, refusals, and everything that is no hub."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.hub.control_client import HubAwayError, HubControl, default_control


@contextlib.contextmanager
def answering(path: Path, answer: bytes) -> Iterator[list[bytes]]:
    """Something that takes one question and answers with these bytes."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as lines:
                asked.append(lines.readline())
                with contextlib.suppress(OSError):
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join(10)


def test_status_and_orders_are_asked_and_answered(tmp_path: Path) -> None:
    path = tmp_path / "hub.sock"
    with answering(path, b'{"ok": true, "gates": {"7": {"clock": "trusted"}}}\n'):
        assert HubControl(path).status() == {7: {"clock": "trusted"}}
    path.unlink()
    with answering(path, b'{"ok": true}\n') as asked:
        HubControl(path).order(7, "open", {"door": 1})
    told = {"command": "order", "gate": 7, "kind": "open", "arguments": {"door": 1}}
    assert json.loads(asked[0]) == told


def test_what_the_hub_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    path = tmp_path / "hub.sock"
    with answering(path, b'{"ok": false, "error": "gate 7 is not connected"}\n'):
        with pytest.raises(OfficeError, match="gate 7 is not connected") as refused:
            HubControl(path).order(7, "open", {})
        assert not isinstance(refused.value, HubAwayError)


NO_GATE = b'{"ok": true, "gates": {"x": {}}}\n'


@pytest.mark.parametrize("answer", [b"", b"no JSON\n", b"[1]\n", b'{"gates": 5}\n', b"\xff\n", NO_GATE])
def test_what_answers_nonsense_is_an_error_of_ours_and_nothing_else(tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "hub.sock"
    with answering(path, answer), pytest.raises(OfficeError):
        HubControl(path).status()


def test_without_a_hub(tmp_path: Path) -> None:
    control = HubControl(default_control(tmp_path / "office.db"))
    with pytest.raises(HubAwayError, match=r"office\.db\.sock: no hub answers here"):
        control.wake()
    with pytest.raises(HubAwayError):
        HubControl(tmp_path / ("x" * 200)).status()
