"""A half-received list, also on disk: after a restart of the sync process the office goes on where it was."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from sync.transfer import MemoryPieces
from terminal.stores.files import FILE_MODE

FILE_NAME: Final = "incoming"


class FilePieces:
    """A `sync.transfer.PieceStore` whose bytes outlive the process where the disk lets them.

    Nothing here need be durable: the whole is judged by its SHA-256 before it is used, so
    a torn file or a full disk costs a new transfer and no more.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path: Path | None = None
        self._has_hole = False
        """The file lacks bytes that are in memory."""
        self._memory = MemoryPieces()

    def begin(self, digest: bytes, total: int) -> int:
        """See `PieceStore`."""
        path = self._directory / f"{FILE_NAME}-{digest.hex()[:32]}-{total}"
        if path != self._path:
            self._path, self._has_hole = path, False
            self._memory.begin(digest, total)
            self._memory.append(self._left_behind(path, total))
        return self._memory.begin(digest, total)

    def append(self, data: bytes) -> None:
        """See `PieceStore`."""
        self._memory.append(data)
        if self._path is not None and not self._has_hole:
            try:
                _append(self._path, data)
            except OSError:
                self._has_hole = True
                _remove(self._path)  # with a hole it is worth nothing

    def whole(self) -> bytes:
        """See `PieceStore`."""
        return self._memory.whole()

    def forget(self) -> None:
        """See `PieceStore`."""
        self._memory.forget()
        if self._path is not None:
            _remove(self._path)
            self._path = None

    def _left_behind(self, path: Path, total: int) -> bytes:
        for other in self._directory.glob(f"{FILE_NAME}-*"):
            if other != path:
                _remove(other)
        try:
            data = path.read_bytes() if path.stat().st_size <= total else b""
        except OSError:
            data = b""
        if not data:
            _remove(path)
        return data


def _append(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        if os.write(handle, data) != len(data):
            raise OSError("a short write")
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # in the way at worst: the next list finds it again
        path.unlink(missing_ok=True)
