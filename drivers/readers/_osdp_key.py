"""A reader's key (SCBK): 32 hex digits in a file that nobody else can read. It is never shown."""

from __future__ import annotations

import os
import stat
from typing import Final

from drivers.ports import DriverPermissionError, DriverUnavailableError

KEY_BYTES: Final = 16
FACTORY_KEY: Final = bytes(range(0x30, 0x40))
"""SCBK-D of IEC 60839-11-5: every reader leaves its factory with it, and everybody knows it."""
_CURE: Final = "make one: (umask 077; openssl rand -hex 16 >FILE)"


def read_key(path: str) -> bytes:
    """The key at ``path``.

    Raises:
        DriverUnavailableError: no such file, or no key in it.
        DriverPermissionError: others may read it, or this user may not.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            mode = os.fstat(fd).st_mode
            text = file.read(4 * KEY_BYTES)
    except PermissionError as error:
        raise DriverPermissionError(f"{path}: this user may not read the reader's key; chown it") from error
    except OSError as error:
        raise DriverUnavailableError(f"{path}: no key ({error.strerror}); {_CURE}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise DriverPermissionError(
            f"{path}: others may read the reader's key; chmod 600, or better a new key"
        )
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        # Without the cause: its text would show what the file holds.
        key = b""
    if len(key) != KEY_BYTES:
        raise DriverUnavailableError(f"{path}: a key has {2 * KEY_BYTES} hex digits; {_CURE}")
    if key == FACTORY_KEY or len(set(key)) == 1:
        raise DriverUnavailableError(f"{path}: this key is known to everybody; {_CURE}")
    return key
