"""What libosdp's binding forgets is given back, and nothing else is."""

from __future__ import annotations

import ctypes
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from drivers.readers import _osdp_link
from drivers.readers._osdp_leak import give_back
from drivers.readers.osdp import Settings, open_reader
from drivers.virtual_osdp import OsdpBus
from tests.drivers.readers.rig_osdp import KEY, write_key
from tests.support.waiting import next_health, next_read

EMPTY_DICTIONARY_BYTES = sys.getsizeof({})


def event(*, forgotten: bool) -> dict[str, Any]:
    made = {"event": 1, "data": bytes(4)}
    if forgotten:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(made))
    return made


def holders(events: list[dict[str, Any]], index: int) -> int:
    return sys.getrefcount(events[index])


@pytest.mark.parametrize("forgotten", [[], [True], [False], [True, False, True]])
def test_only_what_was_forgotten_is_let_go(forgotten: list[bool]) -> None:
    events = [event(forgotten=one) for one in forgotten]
    assert give_back(events) == sum(forgotten)
    clean = [event(forgotten=False)]
    assert [holders(events, index) for index in range(len(events))] == [holders(clean, 0)] * len(events)
    assert give_back(events) == 0
    assert all(one == {"event": 1, "data": bytes(4)} for one in events)


def test_what_two_others_hold_is_left_alone() -> None:
    events = [event(forgotten=True)]
    also_held = events[0]
    assert give_back(events) == 0
    del also_held
    assert give_back(events) == 1


@pytest.mark.real_part("libosdp")
def test_no_tap_leaves_memory_behind(tmp_path: Path) -> None:
    taps = 12
    with OsdpBus({1: KEY}) as bus:
        reader = open_reader(Settings(port=bus.path, key=write_key(tmp_path), address=1), time.monotonic)
        try:
            next_health(reader, ok=True)
            tracemalloc.start()
            for number in range(taps):
                bus.tell("card", 1, data=f"{number:08x}")
                assert int.from_bytes(next_read(reader).number, "big") == number
            made = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, _osdp_link.__file__)])
        finally:
            tracemalloc.stop()
            reader.close()
    # Smaller things are the names of the channel's methods, of which Python's cache keeps a hundred or so.
    kept = [one for one in made.traces if one.size >= EMPTY_DICTIONARY_BYTES]
    assert len(kept) < taps / 2
