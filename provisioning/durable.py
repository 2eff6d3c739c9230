"""Single durable changes of a file tree: after a power cut each is made or not made, never half."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from provisioning.errors import DiskError
from terminal.stores.files import Checkpoint, pass_by, sync_directory

TEMPORARY_SUFFIX: Final = ".gatehouse-new"
"""Always the same for a file, so that the next try writes over what a power cut left. No service reads such
names: udev, modprobe.d, sysctl.d and systemd all go by another ending.
"""


def write_file(path: Path, data: bytes, *, mode: int, owner: tuple[int, int] | None, at: Checkpoint) -> None:
    """Replace ``path`` by a file of this content, mode and (unless None) owner and group.

    Raises:
        DiskError: the old content stands.
    """
    temporary = temporary_of(path)
    try:
        _write_new(temporary, data, mode, owner)
        at("file: written")
        temporary.replace(path)
        at("file: renamed")
        sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise disk_error(path, "cannot be written", error) from error


def make_directory(path: Path, *, mode: int, owner: tuple[int, int] | None, at: Checkpoint = pass_by) -> None:
    """Make ``path`` in a parent that is there, or give it this mode and owner. Raises ``DiskError``."""
    try:
        if path.is_dir():
            _open_up(path, mode, owner)
        else:
            temporary = temporary_of(path)
            temporary.mkdir(mode=0o700, exist_ok=True)
            _open_up(temporary, mode, owner)
            at("directory: made")
            temporary.rename(path)
        at("directory: there")
        sync_directory(path.parent)
    except OSError as error:
        raise disk_error(path, "cannot be made", error) from error


def make_link(path: Path, target: str, *, at: Checkpoint = pass_by) -> None:
    """Make ``path`` a symbolic link to ``target``, in place of what was there. Raises ``DiskError``."""
    temporary = temporary_of(path)
    try:
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        at("link: made")
        temporary.replace(path)
        at("link: renamed")
        sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise disk_error(path, "cannot be made", error) from error


def remove_file(path: Path, *, at: Checkpoint = pass_by) -> None:
    """Remove a file or link. Raises ``DiskError``."""
    try:
        if not path.parent.is_dir():
            return
        path.unlink(missing_ok=True)
        at("file: removed")
        sync_directory(path.parent)
    except OSError as error:
        raise disk_error(path, "cannot be removed", error) from error


def temporary_of(path: Path) -> Path:
    """Where the new content of ``path`` lies until it is whole."""
    return path.with_name(f".{path.name}{TEMPORARY_SUFFIX}")


def remove_temporary(path: Path) -> None:
    """Remove what an interrupted write left beside ``path``. Raises ``DiskError``."""
    temporary = temporary_of(path)
    try:
        if temporary.is_dir() and not temporary.is_symlink():
            temporary.rmdir()
        elif path.parent.is_dir():
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(temporary, "cannot be removed", error) from error


def disk_error(path: Path, what: str, error: OSError) -> DiskError:
    """The error that tells what of ``path`` cannot be done, and the cure."""
    cure = _CURES.get(error.errno or 0, "see whether the disk is sound: dmesg tells")
    return DiskError(f"{path}: {what} ({error.strerror}); {cure}")


_CURES: Final = {
    1: "run it as root: sudo",
    13: "run it as root: sudo",
    27: "the size of files is limited here (ulimit -f)",
    28: "free some space on the disk",
    30: "the disk is read-only: mount it for writing (mount -o remount,rw …), or replace a worn SD card",
    122: "the disk quota is used up",
}
"""By errno: EPERM, EACCES, EFBIG, ENOSPC, EROFS, EDQUOT."""


def _write_new(temporary: Path, data: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    # Always a file of our own: one that lies there may be somebody's link, or open in somebody's hands.
    temporary.unlink(missing_ok=True)
    # Closed to others until the content is whole and the owner is right.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        _set_access(handle, mode, owner)
        os.fsync(handle)
    finally:
        os.close(handle)


def _open_up(directory: Path, mode: int, owner: tuple[int, int] | None) -> None:
    """Give a directory, never what a link leads to, its mode and owner. Raises ``OSError``."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _set_access(handle, mode, owner)
    finally:
        os.close(handle)


def _set_access(handle: int, mode: int, owner: tuple[int, int] | None) -> None:
    """Mode and owner where they differ (FAT allows no change), by handle: a name may come to mean another."""
    status = os.fstat(handle)
    if owner is not None and (status.st_uid, status.st_gid) != owner:
        os.fchown(handle, *owner)
    # After the owner: chown takes set-group-id away.
    if os.fstat(handle).st_mode & 0o7777 != mode:
        os.fchmod(handle, mode)
