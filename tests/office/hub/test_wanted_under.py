"""What is wanted under many credentials, read at once: the same as under each of them."""

from __future__ import annotations

import pytest

from office.hub import wanted_rows
from sync.records import Grant
from tests.support.estate import card, resident
from tests.support.hub import HubRig, lost


@pytest.mark.parametrize("asked", [0, 1, 7, wanted_rows.KEYS_AT_ONCE + 1])
def test_many_credentials_are_read_as_each_of_them(rig: HubRig, asked: int) -> None:
    rig.want(1, *(resident(number) for number in range(1, 21)))
    rig.exchange(1)
    rig.want(1, lost(3), urgent=True)
    rig.store.wanted.put(
        1, removed=[(card(4).key, 1004)], urgent=False, at=rig.now
    )  # differs from what is held
    second: Grant = resident(5, door=2)
    rig.want(1, type(second)(9_005, 8_005, second.credential, second.kind, second.access))
    keys = [card(number).key for number in range(asked)]
    content = rig.store.wanted.content(1)
    expected = sorted(one for key in keys for one in content.credential(key))
    assert sorted(rig.store.wanted.under(1, keys)) == expected
    if asked == 7:
        assert len(expected) == 1 + 1 + 1 + 0 + 2 + 1  # of 1, 2, the lost 3, the removed 4, twice 5, 6
    assert rig.store.wanted.under(2, keys) == []
