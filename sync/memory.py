"""What trust remembers from one update to the next, besides the list itself.

    [version, number of the last withdrawals, [withdrawn key id, …], [delegation, …], brake]
    brake   [horizon, forever, [day, count, …], [issue time, openers, …], [mark, until, …]]

A list store keeps these bytes in the same step as the list; nobody else reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from sync.brake import MARK_BYTES, MAX_LOST, BrakeState, Census
from sync.codec import CodecError, decode, encode
from sync.delegation import MAX_WITHDRAWN
from sync.fields import array, octets, whole
from sync.keys import KEY_ID_BYTES

MEMORY_VERSION: Final = 1
MAX_MEMORY_BYTES: Final = 1 << 20
MAX_KNOWN_DELEGATIONS: Final = 16


class TrustMemory(Struct, frozen=True):
    """Withdrawals, delegations and the brake's state as of the list in force."""

    brake: BrakeState
    withdrawals_version: int = 0
    """0 as long as none was ever seen."""
    withdrawn: frozenset[bytes] = frozenset()
    delegations: tuple[bytes, ...] = ()
    """Signed bytes, so that a slow line need not carry them again."""

    def encode(self) -> bytes:
        """Bytes for ``decode``."""
        brake = self.brake
        return encode(
            [
                MEMORY_VERSION,
                self.withdrawals_version,
                sorted(self.withdrawn),
                list(self.delegations),
                [
                    brake.census.horizon,
                    brake.census.forever,
                    list(chain.from_iterable(sorted(brake.census.ends.items()))),
                    list(chain.from_iterable(brake.history)),
                    list(chain.from_iterable(sorted(brake.lost.items()))),
                ],
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> TrustMemory:
        """Inverse of ``encode``; raises ``CodecError`` for anything else."""
        value = decode(data, max_bytes=MAX_MEMORY_BYTES, max_depth=3, max_items=3 * MAX_LOST)
        row = array(value, "trust memory", length=5)
        if whole(row[0], "trust memory: version") != MEMORY_VERSION:
            raise CodecError(f"trust memory: not of version {MEMORY_VERSION}")
        withdrawn = array(row[2], "trust memory: withdrawn keys", at_most=MAX_WITHDRAWN)
        delegations = array(row[3], "trust memory: delegations", at_most=MAX_KNOWN_DELEGATIONS)
        return cls(
            _brake(row[4]),
            whole(row[1], "trust memory: withdrawals"),
            frozenset(octets(one, "trust memory: key id", KEY_ID_BYTES) for one in withdrawn),
            tuple(octets(one, "trust memory: delegation") for one in delegations),
        )


def _brake(value: object) -> BrakeState:
    row = array(value, "brake", length=5)
    census = Census(whole(row[0], "brake: horizon"), whole(row[1], "brake: openers"), dict(_numbers(row[2])))
    history = tuple(_numbers(row[3]))
    if not history:
        raise CodecError("brake: history is empty")
    lost = {
        octets(mark, "brake: mark", MARK_BYTES): whole(until, "brake: until")
        for mark, until in _pairs(row[4])
    }
    return BrakeState(census, history, lost)


def _pairs(value: object) -> Sequence[tuple[object, object]]:
    row = array(value, "brake: pairs")
    if len(row) % 2:
        raise CodecError("brake: pairs are cut short")
    return list(zip(row[::2], row[1::2], strict=True))


def _numbers(value: object) -> Sequence[tuple[int, int]]:
    return [(whole(a, "brake: pair"), whole(b, "brake: pair")) for a, b in _pairs(value)]
