"""Small durable files: written whole or not at all, and one writing process for each."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from terminal.stores.errors import StoreError

FILE_MODE: Final = 0o660
"""Both processes of the gate share the directory's group; nobody else reads."""

Checkpoint = Callable[[str], None]
"""Called with the name of each step of a write; fault tests end the process there."""


class StoreBusyError(StoreError):
    """Another process is the one writer of this store now."""


class OversizeFileError(StoreError):
    """The file is larger than one of ours ever is."""


def pass_by(step: str) -> None:
    """The checkpoint of ordinary runs: nothing happens."""


def write_atomic(path: Path, data: bytes, *, checkpoint: Checkpoint = pass_by) -> None:
    """Replace ``path`` durably; a power cut leaves the old or the new content.

    Raises:
        StoreError: the directory is missing, full or read-only; the old content stands.
    """
    temporary = path.with_name(f"{path.name}.new")
    try:
        _write_new(temporary, data)
        checkpoint("file: written")
        temporary.rename(path)
        checkpoint("file: renamed")
        sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); check free space, owner and mode of its directory"
        ) from error


def read_small(path: Path, *, max_bytes: int) -> bytes | None:
    """Content of a small file; ``None`` when there is none.

    Raises:
        OversizeFileError: it is larger than ``max_bytes``.
        StoreError: it cannot be read.
    """
    try:
        with open_plain(path) as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be read ({error.strerror}); check owner and mode of it and its directory"
        ) from error
    if len(data) > max_bytes:
        raise OversizeFileError(f"{path}: has more than {max_bytes} bytes; it is not one of ours, remove it")
    return data


def open_plain(path: Path) -> BinaryIO:
    """A small file for reading; raises ``OSError``.

    Root reads in these directories too: no link leads it elsewhere, and a pipe keeps nobody waiting.
    """
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def is_there(path: Path) -> bool:
    """Whether there is a file; one that cannot be looked at is there, so that opening it tells why not."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def sync_directory(directory: Path) -> None:
    """Make created and renamed names of ``directory`` durable; raises ``OSError``."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class WriterLock:
    """Held by the one process that writes a store; the kernel frees it at any exit."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            StoreBusyError: another process holds it.
            StoreError: the lock file cannot be made.
        """
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
            if os.fstat(self._handle).st_uid == os.geteuid():
                os.fchmod(
                    self._handle, FILE_MODE
                )  # whatever the umask says: the next writer may be another user
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be opened ({error.strerror}); check owner and mode of its directory"
            ) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise StoreBusyError(
                f"{path.parent}: another process writes here (a gate or its sync service that still"
                " runs); stop it first, or let it do the work"
            ) from error

    def release(self) -> None:
        """Let the next writer in. May be called twice."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _write_new(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)  # what lies there may be a link of another user, and we may be root
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        os.fchmod(handle, FILE_MODE)  # whatever the umask says
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
