"""Ends that are asked for by signals, in the process of the tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from office.site.ending import Ending


@pytest.fixture
def ending() -> Iterator[Ending]:
    """What takes this process's signals during one test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield Ending()
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)
