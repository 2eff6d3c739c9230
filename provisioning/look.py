"""What is at a path: kind, content, mode and owner, small enough to be kept in the journal."""

from __future__ import annotations

import hashlib
import stat
from enum import Enum, unique
from pathlib import Path
from typing import Final

from msgspec import Struct

from provisioning.durable import disk_error
from provisioning.errors import DiskError


@unique
class Kind(Enum):
    """What can be at a path."""

    ABSENT = "absent"
    FILE = "file"
    LINK = "link"
    DIRECTORY = "directory"


class Look(Struct, frozen=True, forbid_unknown_fields=True):
    """What is at a path, or was, or should be."""

    kind: Kind
    mode: int = 0
    uid: int = 0
    gid: int = 0
    content: str = ""
    """A file: SHA-256 of its content. A link: its target."""


ABSENT: Final = Look(Kind.ABSENT)


def look_at(path: Path) -> Look:
    """What is at ``path`` now; a link is not followed.

    Raises:
        DiskError: it cannot be read, or is a device, socket or pipe.
    """
    try:
        status = path.lstat()
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISLNK(status.st_mode):
            return Look(Kind.LINK, content=str(path.readlink()))
        if stat.S_ISDIR(status.st_mode):
            return Look(Kind.DIRECTORY, mode, status.st_uid, status.st_gid)
        if stat.S_ISREG(status.st_mode):
            return Look(Kind.FILE, mode, status.st_uid, status.st_gid, digest(path.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except OSError as error:
        raise disk_error(path, "cannot be read", error) from error
    raise DiskError(
        f"{path}: is neither a file nor a directory nor a link; see what put it there, and remove it"
    )


def digest(data: bytes) -> str:
    """A file's content as the journal names it."""
    return hashlib.sha256(data).hexdigest()
