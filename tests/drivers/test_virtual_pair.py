"""A pair of wires that is cut: what is sent is lost, and nothing of it comes later."""

from __future__ import annotations

import os
import select
import time

from drivers.virtual_pair import PtyBus
from tests.support.waiting import WITHIN_S

QUIET_S = 0.1
"""Ten times what the bytes take at this speed."""


def test_a_cut_pair_carries_nothing_and_a_mended_one_the_rest() -> None:
    with PtyBus(2, 9_600, time.monotonic) as pair:
        near, far = (os.open(path, os.O_RDWR | os.O_NOCTTY) for path in pair.paths)
        pair.is_cut = True
        os.write(near, b"lost")
        assert not select.select([far], [], [], QUIET_S)[0]
        pair.is_cut = False
        os.write(near, b"A")
        assert select.select([far], [], [], WITHIN_S)[0]
        assert os.read(far, 10) == b"A"
        for one in (near, far):
            os.close(one)
