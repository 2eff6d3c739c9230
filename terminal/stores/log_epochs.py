"""The marker file `log-epochs`: tells a gate's first start from the loss of its log.

One line of hexadecimal for each log epoch this gate ever began, append-only. If it
names an epoch and the database is gone, spends were lost with it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from terminal.stores.database import create_private
from terminal.stores.errors import StoreError

FILE_NAME: Final = "log-epochs"
MAX_FILE_BYTES: Final = 1 << 20
"""33 bytes an epoch: more than 30,000 losses of the log."""


class LogEpochs:
    """Reads and extends the marker file of one state directory."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    def any_begun(self) -> bool:
        """Whether a usage log was ever begun here; a torn line counts."""
        return bool(self._read())

    def before(self, epoch: bytes) -> bytes | None:
        """The epoch begun before this one; ``None`` if it was the first, or the file does not tell.

        Raises:
            StoreError: the file cannot be read.
        """
        lines = [line for line in self._read().split(b"\n") if len(line) == 2 * len(epoch)]
        wanted = epoch.hex().encode()
        at = lines.index(wanted) if wanted in lines else 0
        try:
            return bytes.fromhex(lines[at - 1].decode("ascii")) if at else None
        except ValueError:
            return None

    def remember(self, epoch: bytes) -> None:
        """Make ``epoch`` durable in the file, unless it stands there already.

        Raises:
            StoreError: the file cannot be written.
        """
        if epoch.hex().encode() in self._read().split(b"\n"):
            return
        create_private(self._path)
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            try:
                # The leading line end closes a line torn by an earlier power cut.
                os.write(handle, b"\n" + epoch.hex().encode() + b"\n")
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written ({error.strerror})") from error

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                return file.read(MAX_FILE_BYTES)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read ({error.strerror}); check its owner") from error
