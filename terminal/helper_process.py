"""Work of ours that would keep taps waiting, done in a process of low priority beside the gate."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from terminal.loop import Loop

NICENESS = 15
"""What such a process gives itself first of all."""


class HelperProcess:
    """One run of a module; ``on_end`` hears its exit code and all that it wrote."""

    def __init__(self, module: str, argument: str, loop: Loop, on_end: Callable[[int, bytes], None]) -> None:
        """Start ``python -m MODULE ARGUMENT``; raises ``OSError`` without memory or descriptors for it."""
        self._loop = loop
        self._on_end = on_end
        self._closed = False
        # A file in memory: a pipe would be full at 64 KiB, and somebody would have to empty it.
        self._output = os.memfd_create(module, os.MFD_CLOEXEC)
        child: subprocess.Popen[bytes] | None = None
        try:
            child = subprocess.Popen(  # noqa: S603 - our own module, our own directory
                [sys.executable, "-m", module, argument], stdin=subprocess.DEVNULL, stdout=self._output
            )
            self._descriptor = os.pidfd_open(child.pid)
        except OSError:
            if child is not None:
                child.kill()
                child.wait()
            os.close(self._output)
            raise
        self._child = child
        loop.watch(self._descriptor, self._ended)

    def close(self) -> None:
        """End the work if it is still under way; nobody hears of it. May be called twice."""
        if not self._closed:
            self._closed = True
            self._loop.unwatch(self._descriptor)
            os.close(self._descriptor)
            os.close(self._output)
            self._child.kill()
            self._child.wait()

    def _ended(self) -> None:
        code = self._child.wait()
        output = os.pread(self._output, os.fstat(self._output).st_size, 0)
        self.close()
        self._on_end(code, output)
