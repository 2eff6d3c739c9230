"""The desk reader's helper as a process of its own, at a private pcscd with a virtual reader."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from deskreader.pairing import plain, proof
from drivers.readers.pcsc import SOCKET_VARIABLE
from drivers.virtual_pcsc import VirtualPcsc, why_unavailable
from tests.support.waiting import until

TREE: Final = Path(__file__).resolve().parents[2]
WITHIN_S: Final = 40.0


class HelperProcess:
    """Its code, and what it has said on the screen."""

    def __init__(self, directory: Path, socket: Path, origin: str, port: int, *words: str) -> None:
        self.port, self._origin = port, origin
        self._code_file, self.journal = directory / "desk-reader.code", directory / "desk-reader.err"
        self.code = self._run("pair").strip()
        command = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "deskreader", "run"]
        options = ["--office", origin, "--port", str(port), "--code-file", str(self._code_file), *words]
        with self.journal.open("wb") as journal:
            self.process = subprocess.Popen(
                [*command, *options],
                cwd=TREE,
                env={**os.environ, SOCKET_VARIABLE: str(socket)},
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=journal,
            )
        until(
            "the helper listens",
            lambda: "at http://127.0.0.1" in self.said() or self.process.poll() is not None,
        )
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.journal.read_text("utf-8")

    def ask(self, known: str = "ready") -> dict[str, Any]:
        """Ask as the page does, and check the helper's own proof; what is told."""
        code, nonce = plain(self.code), os.urandom(16).hex()
        challenge = self._post("/hello", {})["challenge"]
        said = proof(code, "page", challenge, nonce, known)
        answer = self._post("/wait", {"challenge": challenge, "nonce": nonce, "known": known, "proof": said})
        assert answer["proof"] == proof(code, "helper", nonce, answer["told"])
        told = json.loads(answer["told"])
        assert isinstance(told, dict)
        return told

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(WITHIN_S)

    def _post(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN_S)
        try:
            fields = {"Origin": self._origin, "Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body), fields)
            answer = connection.getresponse()
            assert answer.status == 200, answer.status
            told = json.loads(answer.read())
        finally:
            connection.close()
        assert isinstance(told, dict)
        return told

    def _run(self, *words: str) -> str:
        command = [sys.executable, "-m", "deskreader", *words, "--code-file", str(self._code_file)]
        return subprocess.run(command, cwd=TREE, check=True, capture_output=True, text=True).stdout


@contextmanager
def real_service() -> Iterator[VirtualPcsc]:
    """A pcscd with a virtual reader; skips the test where there can be none."""
    if cause := why_unavailable():
        pytest.skip(cause)
    with VirtualPcsc() as running:
        yield running


@contextmanager
def helper_process(
    directory: Path, socket: Path, origin: str, port: int, *words: str
) -> Iterator[HelperProcess]:
    """It ends with the block."""
    helper = HelperProcess(directory, socket, origin, port, *words)
    try:
        yield helper
    finally:
        helper.end()
