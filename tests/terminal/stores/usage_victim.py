"""A process that writes a usage log until it is killed: run by the kill tests.

``python -m tests.terminal.stores.usage_victim DIRECTORY POINT OCCURRENCE [MAX_FILE_BYTES]``
prints each number as soon as it is durable, and ends itself by SIGKILL at the n-th
time it passes the named point; with a limit, the disk seems full beyond it.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from terminal.stores.errors import StoreError
from terminal.stores.usage_log import Limits
from tests.terminal.stores.usage_support import open_log, plain, spending

COUNTED = 5


class KillSwitch:
    """Ends this process without any clean-up at the chosen point."""

    def __init__(self, point: str, occurrence: int) -> None:
        self._point = point
        self._left = occurrence

    def __call__(self, step: str) -> None:
        self._left -= step == self._point
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def tell(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(directory: str, point: str, occurrence: str, max_file_bytes: str = "") -> None:
    switch = KillSwitch(point, int(occurrence))
    log = open_log(Path(directory), first_epoch=os.getpid(), limits=Limits(max_events=8), checkpoint=switch)
    if max_file_bytes:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(max_file_bytes), int(max_file_bytes)))
    for round_ in range(200 if max_file_bytes else 6):
        try:
            for number in log.commit([spending(COUNTED, limit=1000), plain()]):
                tell(number)
            log.acknowledge(log.head.last.number - 1, round_ * 4000)
            log.purge(round_ * 4000)
            if not max_file_bytes:
                log.tidy()
        except StoreError as error:
            tell(type(error).__name__)
            break
    log.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
