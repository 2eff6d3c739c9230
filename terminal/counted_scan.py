"""Finds out which counted grants the lists hold, after their spends were lost, outside the gate process.

Reading every record takes seconds on a large list. Until the answer is there, and written
down, every counted grant refuses `fault`; all others open as always.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from terminal.helper_process import NICENESS, HelperProcess
from terminal.loop import Loop
from terminal.stores.counted_grants import counted_grants
from terminal.stores.errors import StoreError

RETRY_S = 60.0
ID_BYTES = 8


class CountedScan:
    """Runs until it has succeeded once; ``on_known`` hears the grants' ids."""

    def __init__(self, directory: Path, loop: Loop, on_known: Callable[[frozenset[int]], None]) -> None:
        self._directory = directory
        self._loop = loop
        self._on_known = on_known
        self._helper: HelperProcess | None = None
        self._timer = loop.call_at(loop.monotonic(), self._start)

    def close(self) -> None:
        """End a scan that is under way."""
        self._timer.cancel()
        if self._helper is not None:
            self._helper.close()

    def _start(self) -> None:
        try:
            self._helper = HelperProcess(
                "terminal.counted_scan", str(self._directory), self._loop, self._ended
            )
        except OSError:
            self._again()  # no memory or descriptor for it now

    def _ended(self, code: int, output: bytes) -> None:
        if code != 0:
            self._again()
            return
        ids = (output[at : at + ID_BYTES] for at in range(0, len(output), ID_BYTES))
        self._on_known(frozenset(int.from_bytes(one, "big") for one in ids))

    def _again(self) -> None:
        self._timer = self._loop.call_at(self._loop.monotonic() + RETRY_S, self._start)


def main() -> int:
    """``python -m terminal.counted_scan DIRECTORY``: the ids on standard output, eight bytes each."""
    os.nice(NICENESS)
    try:
        found = counted_grants(Path(sys.argv[1]))
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(b"".join(one.to_bytes(ID_BYTES, "big") for one in sorted(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
