"""Gives back what libosdp's Python binding forgets: one reference to the dictionary of every event.

Its ``pyosdp_cp_event_cb`` (3.2.9, and still its newest source in 2026) makes the dictionary, hands it to
the callback and never lets go of its own reference: 300 bytes a tap for as long as the process lives,
whatever becomes of the control panel. Whether a dictionary was really forgotten is counted for each one,
so a binding that is mended one day loses nothing here.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any


def give_back(events: list[dict[str, Any]]) -> int:
    """Let go of each dictionary that somebody besides ``events`` holds; how many those were.

    To be called when libosdp has returned, by the only holder of ``events``.
    """
    # What the same expression counts for a dictionary that nobody else holds, whichever Python this is.
    control: list[dict[str, Any]] = [{}]
    ours = sys.getrefcount(control[0])
    found = 0
    for index in range(len(events)):
        if sys.getrefcount(events[index]) == ours + 1:
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(events[index]))
            found += 1
    return found
