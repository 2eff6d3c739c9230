"""An end that is asked for by a signal is kept, whatever the signal meets."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

import pytest

from office.site.ending import Ending
from tests.support.waiting import WITHIN_S


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_end_is_kept_however_often_it_is_asked_for(ending: Ending, number: int) -> None:
    assert not ending.asked()
    for _ in range(100_000):  # more than the pipe holds
        signal.raise_signal(number)
    signal.raise_signal(signal.SIGTERM)
    assert ending.asked()
    assert ending.asked()
    assert ending.by == number


def test_a_finalizer_that_meets_the_signal_loses_nothing(ending: Ending) -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)  # whatever is raised here is swallowed

    Finalized()
    assert ending.asked()


def test_who_waits_is_woken(ending: Ending) -> None:
    other = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGTERM))
    other.start()
    assert ending.asked(within_s=WITHIN_S)
    other.join()


def test_a_signal_on_the_way_into_the_wait_is_noticed_there(ending: Ending) -> None:
    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code is not Ending.asked.__code__:
            return None
        if event == "line":
            sys.settrace(None)
            signal.raise_signal(signal.SIGINT)
        return trace

    sys.settrace(trace)
    try:
        assert ending.asked(within_s=WITHIN_S)
    finally:
        sys.settrace(None)
