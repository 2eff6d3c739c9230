"""Processes a bench starts, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from bench.rig import SOURCES, GateRig, Workshop

READY_WITHIN_S: Final = 120.0


@contextlib.contextmanager
def running(
    workshop: Workshop, arguments: Sequence[str], **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """``python ARGUMENTS`` from our sources, with its input and output; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=SOURCES,
        env={**workshop.environment, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def output_of(workshop: Workshop, arguments: Sequence[str]) -> str:
    """What ``python ARGUMENTS`` prints; raises ``CalledProcessError`` if it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=SOURCES,
        env=workshop.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


@contextlib.contextmanager
def gate(workshop: Workshop, rig: GateRig, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The gate process itself, READY."""
    with listening(workshop.directory / "notify") as messages:
        arguments = ["-m", "terminal", "gate", "--config", str(rig.config)]
        environment["NOTIFY_SOCKET"] = messages.getsockname()
        with running(workshop, arguments, **environment) as process:
            wait_ready(messages)
            yield process
            process.terminate()
            process.wait(READY_WITHIN_S)


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A service manager's socket: what is sent to ``NOTIFY_SOCKET`` arrives here."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as messages:
        messages.settimeout(READY_WITHIN_S)
        messages.bind(str(path))
        try:
            yield messages
        finally:
            path.unlink()


def wait_ready(messages: socket.socket) -> None:
    """Return when READY=1 has come."""
    while b"READY=1" not in messages.recv(4096):
        pass


@contextlib.contextmanager
def replacing(workshop: Workshop, rig: GateRig) -> Iterator[None]:
    """Another process replaces the whole list, over and over, as the sync process would."""
    with running(workshop, ["-m", "bench.replacing", str(rig.directory), str(rig.count)]) as process:
        output = process.stdout
        if output is None or _next_line(output) != "replacing":
            raise RuntimeError("the replacing process has ended")
        yield
        if process.poll() is not None:
            raise RuntimeError("the replacing process has ended before the measurement")


def connect(client: socket.socket, path: str) -> None:
    """Connect as soon as the socket is there: a gate opens it after READY, for no tap needs it."""
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            return client.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def memory_bytes(pid: int) -> int:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def _next_line(output: IO[str]) -> str:
    return output.readline().strip()
