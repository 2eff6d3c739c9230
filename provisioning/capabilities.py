"""What this thread may still do after it became another user: capset(2), which Python does not have."""

from __future__ import annotations

import ctypes
import os
from typing import Final

CAP_DAC_READ_SEARCH: Final = 2
"""capabilities(7): pass through any directory and read any file. It writes nothing."""
_VERSION_3: Final = 0x20080522
"""linux/capability.h."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("thread", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def pass_directories() -> None:
    """Let this thread reach files below directories that are not its user's, if it may. Raises ``OSError``.

    For who was root and became another user by ``seteuid``: becoming root again gives all back.
    """
    library = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(_VERSION_3, 0), (_Set * 2)()
    _call(library.capget, header, sets)
    bit = 1 << CAP_DAC_READ_SEARCH
    if sets[0].permitted & bit:
        sets[0].effective |= bit
        _call(library.capset, header, sets)


def _call(function: ctypes._NamedFuncPointer, header: _Header, sets: ctypes.Array[_Set]) -> None:
    if function(ctypes.byref(header), sets) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), function.__name__)
