"""Checks the permission list in force, whole, outside the gate process.

Reading every page and digest takes seconds on a large list, so a child process of low
priority does it: some time after READY, then daily. It changes nothing. When the list
in force is damaged, the gate turns to the one before it, with all that was changed since.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from terminal.helper_process import NICENESS, HelperProcess
from terminal.loop import Loop
from terminal.stores.list_verify import verify_lists

FIRST_AFTER_S = 30.0
"""Not while the rest of the machine is starting."""
EVERY_S = 86_400.0
EXIT_DAMAGED = 3
MAX_CAUSE = 400


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
        self._helper: HelperProcess | None = None
        self._timer = loop.call_at(loop.monotonic() + first_after_s, self._start)

    @property
    def is_running(self) -> bool:
        """Whether a check is under way."""
        return self._helper is not None

    def close(self) -> None:
        """End a check that is under way."""
        self._timer.cancel()
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.close()

    def _start(self) -> None:
        self._timer = self._loop.call_at(self._loop.monotonic() + EVERY_S, self._start)
        if self._helper is not None:
            return  # a check that takes longer than a day: the disk's trouble, not a reason for two
        # No memory or descriptor for it now: taps still check each row they touch.
        with contextlib.suppress(OSError):
            self._helper = HelperProcess("terminal.list_check", str(self._directory), self._loop, self._ended)

    def _ended(self, code: int, output: bytes) -> None:
        self._helper = None
        if code == EXIT_DAMAGED:
            self._on_damage(output.decode(errors="replace").strip()[:MAX_CAUSE])


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
