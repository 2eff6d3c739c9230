"""Work done in a child process that is killed in the middle of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from terminal.stores.files import Checkpoint


def kill_at(number: int, work: Callable[[Checkpoint], None]) -> bool:
    """Run ``work`` in a forked child; SIGKILL it at its ``number``-th checkpoint (from 0).

    Returns whether it got there; otherwise ``work`` must have ended without an error.
    """
    child = os.fork()
    if child == 0:
        seen = 0

        def checkpoint(step: str) -> None:
            nonlocal seen
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

        try:
            work(checkpoint)
        except BaseException:  # noqa: BLE001  # a forked child must never return into pytest
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) == signal.SIGKILL
    assert os.WEXITSTATUS(status) == 0, "the work failed in the child"
    return False
