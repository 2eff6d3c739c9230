"""Threads and child processes that outlive whoever should have ended them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

GRACE_S: Final = 10.0
"""For what has been told to end and is about to."""
_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h


class Leftovers(Struct, frozen=True):
    """The threads and child processes of one moment; later, `remaining` names what came since."""

    threads: frozenset[threading.Thread]
    processes: frozenset[int]

    @classmethod
    def now(cls) -> Leftovers:
        """What runs at this moment."""
        return cls(frozenset(threading.enumerate()), children())

    def remaining(self, grace_s: float = GRACE_S) -> list[str]:
        """Names of threads and processes that came since and do not end within ``grace_s``.

        The processes are killed, so that one bad test is not the failure of all that follow.
        """
        deadline = time.monotonic() + grace_s
        threads = [thread for thread in threading.enumerate() if thread not in self.threads]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        found = [f"thread {thread.name}" for thread in threads if thread.is_alive()]
        while (processes := self._living_since()) and time.monotonic() < deadline:
            time.sleep(0.01)
        for pid in sorted(processes):
            found.append(f"process {pid} ({_command(pid)})")
            with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it ended by itself meanwhile
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        return found

    def _living_since(self) -> frozenset[int]:
        """New children; the dead among them are reaped: an adopted orphan has nobody else to do it."""
        new = children() - self.processes
        return frozenset(pid for pid in new if _lives(pid))

    @staticmethod
    def adopt_orphans() -> None:
        """Make this process the parent of its descendants' orphans: a grandchild cannot slip away."""
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> frozenset[int]:
    """Child processes, living and unreaped."""
    try:
        # The kernel's quick answer for the usual case of no child at all.
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return frozenset()
    me = str(os.getpid())
    return frozenset(
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == me
    )


def _lives(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:  # a thread that waits for it was quicker
        return False


def _parent(entry: Path) -> str | None:
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()[1]
    except (FileNotFoundError, ProcessLookupError):
        return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except FileNotFoundError:
        return "gone"
