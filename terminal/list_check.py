"""Checks the permission list in force, whole, outside the gate process.

Reading every page and digest takes seconds on a large list, so a child process of low
priority does it: some time after READY, then daily. It changes nothing. When the list
in force is damaged, the gate turns to the one before it, with all that was changed since.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from terminal.loop import Loop
from terminal.stores.list_verify import verify_lists

FIRST_AFTER_S = 30.0
"""Not while the rest of the machine is starting."""
EVERY_S = 86_400.0
EXIT_DAMAGED = 3
MAX_CAUSE = 400
NICENESS = 15


class ListCheck:
    """Runs the check in the background; ``on_damage`` hears the cause."""

    def __init__(
        self,
        directory: Path,
        loop: Loop,
        on_damage: Callable[[str], None],
        *,
        first_after_s: float = FIRST_AFTER_S,
    ) -> None:
        self._directory = directory
        self._loop = loop
        self._on_damage = on_damage
        self._child: subprocess.Popen[str] | None = None
        self._descriptor = -1
        self._timer = loop.call_at(loop.monotonic() + first_after_s, self._start)

    @property
    def is_running(self) -> bool:
        """Whether a check is under way."""
        return self._child is not None

    def close(self) -> None:
        """End a check that is under way."""
        self._timer.cancel()
        child, self._child = self._child, None
        if child is not None:
            self._loop.unwatch(self._descriptor)
            os.close(self._descriptor)
            child.kill()
            child.communicate()

    def _start(self) -> None:
        self._timer = self._loop.call_at(self._loop.monotonic() + EVERY_S, self._start)
        if self._child is not None:
            return  # a check that takes longer than a day: the disk's trouble, not a reason for two
        child: subprocess.Popen[str] | None = None
        try:
            child = subprocess.Popen(  # noqa: S603 - our own module, our own directory
                [sys.executable, "-m", "terminal.list_check", str(self._directory)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._descriptor = os.pidfd_open(child.pid)
        except OSError:
            if child is not None:
                child.kill()
                child.communicate()
            return  # no memory or descriptor for it now; taps still check each row they touch
        self._child = child
        self._loop.watch(self._descriptor, self._ended)

    def _ended(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        self._loop.unwatch(self._descriptor)
        os.close(self._descriptor)
        cause, _ = child.communicate()
        if child.returncode == EXIT_DAMAGED:
            self._on_damage(cause.strip()[:MAX_CAUSE])


def main() -> int:
    """``python -m terminal.list_check DIRECTORY``: one line and exit code 3 for a damaged list in force."""
    os.nice(NICENESS)
    report = verify_lists(Path(sys.argv[1]))
    problems = [text for side in report.sides if side.in_force for text in side.problems]
    if not problems:
        return 0
    sys.stdout.write(f"{len(problems)} damaged parts, the first: {problems[0]}\n")
    return EXIT_DAMAGED


if __name__ == "__main__":
    sys.exit(main())
