"""A scripted pcscd: the real libpcsclite and pyscard talk to it, faults and all.

The daemon (`scripted_pcscd.py`) is a process of its own, so that it can be frozen and killed as
the real one. ``FakePcscd`` starts and scripts it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final, Self

DAEMON: Final = Path(__file__).with_name("scripted_pcscd.py")

MIFARE_CLASSIC_ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
SRIX4K_ATR = bytes.fromhex("3B8F8001804F0CA000000306070007000000006A")
ICODE_ATR = bytes.fromhex("3B8F8001804F0CA0000003060B00140000000077")
"""Of ISO 14443 A, 14443 B and 15693 (PC/SC part 3)."""


class FakePcscd:
    """The test's side: every call returns once the daemon has done it."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start the daemon with no reader and no card."""
        self._process = subprocess.Popen(
            [sys.executable, str(DAEMON), str(self.socket_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._answer() == "ok"

    def plug(self, reader: str, *, holding: bytes | None = None) -> None:
        """Plug a reader in, with a card on it already or without."""
        self._command("plug", reader, *([] if holding is None else card(holding)))

    def unplug(self, reader: str) -> None:
        """Pull a reader out."""
        self._command("unplug", reader)

    def lay(
        self, reader: str, number: bytes, *, answer: bytes | None = None, atr: bytes = MIFARE_CLASSIC_ATR
    ) -> None:
        """Lay a card on a reader; ``answer`` stands in for its number and status bytes."""
        reply = number + b"\x90\x00" if answer is None else answer
        self._command("lay", reader, atr.hex(), reply.hex() or "-")

    def lay_mute(self, reader: str) -> None:
        """Lay a card on a reader that never answers."""
        self._command("mute", reader)

    def lift(self, reader: str) -> None:
        """Take the card away."""
        self._command("lift", reader)

    def swap(self, reader: str, number: bytes, *, atr: bytes = MIFARE_CLASSIC_ATR) -> None:
        """One card away and another there before the client can have seen the gap."""
        self._command("swap", reader, *card(number, atr))

    def fail_transmits(self, reader: str, code: int, times: int) -> None:
        """The next ``times`` exchanges with the card fail with ``code``."""
        self._command("fail", reader, str(code), str(times))

    def before(self, request: str, reader: str, happens: str, *words: str) -> None:
        """Just before the next ``connect`` or ``transmit`` is served, one of the verbs of the script.

        ``lift``, ``swap`` (with the new `card`), ``unplug``; ``freeze`` and ``die`` of the daemon.
        """
        self._command("before", reader, request, happens, *words)

    def answered_at(self) -> float:
        """Monotonic second at which a card's answer last went out to a client."""
        stdin = self._running().stdin
        assert stdin is not None
        stdin.write("answered\n")
        return float(self._answer())

    def freeze(self) -> None:
        """Stop the daemon without ending it; returns when it has stopped."""
        self._running().send_signal(signal.SIGSTOP)
        self.await_freeze()

    def await_freeze(self) -> None:
        """Wait until it has stopped, as it was told to `before` a request."""
        os.waitid(os.P_PID, self._running().pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let it run again."""
        self._running().send_signal(signal.SIGCONT)

    def die(self) -> None:
        """Kill it, leaving a dead socket behind as a crash does."""
        process, self._process = self._running(), None
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.die()

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the daemon was killed"
        return self._process

    def _command(self, *words: str) -> None:
        stdin = self._running().stdin
        assert stdin is not None
        stdin.write("\t".join(words) + "\n")
        answer = self._answer()
        assert answer == "ok", answer

    def _answer(self) -> str:
        stdout = self._running().stdout
        assert stdout is not None
        return stdout.readline().strip()


def card(number: bytes, atr: bytes = MIFARE_CLASSIC_ATR) -> tuple[str, str]:
    """A card as it stands in the script."""
    return atr.hex(), (number + b"\x90\x00").hex()
