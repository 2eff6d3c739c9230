"""Any way to a list gives the same digest; any bytes at all give a refusal or nothing."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sync import codec
from sync.content import MemoryContent
from sync.encoding import stored
from sync.envelope import countersign, seal
from sync.keys import LIST_DOMAIN, SigningKey
from sync.publishing import content_after, snapshot, steps_between
from sync.records import Record, RevocationReason, Tombstone
from sync.snapshot import MAX_CONTENT_BYTES
from sync.trust import ListRefusedError
from sync.update import ListVersion
from tests.support.estate import (
    CHAIN,
    ESTATE_ID,
    GATE_ID,
    HERE,
    LISTS,
    MANAGER,
    NOW,
    Gate,
    card,
    content,
    first_list,
    gate_with,
    resident,
    signed_snapshot,
    withdraw,
)

NUMBERS = st.integers(1, 12)


def ended(number: int, reason: RevocationReason) -> Tombstone:
    return Tombstone(1000 + number, 2000 + number, card(number), reason, NOW)


RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        resident, NUMBERS, schedule=st.sampled_from([None, 1, 2]), until=st.sampled_from([None, 2 * NOW])
    ),
    st.builds(ended, NUMBERS, st.sampled_from(RevocationReason)),
)
LISTS_OF_RECORDS = st.lists(RECORDS, max_size=8, unique_by=lambda one: one.grant_id)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(LISTS_OF_RECORDS, st.booleans()), min_size=1, max_size=6))
def test_every_way_to_a_list_ends_at_the_same_digest(ways: list[tuple[Sequence[Record], bool]]) -> None:
    gate = gate_with(content(ways[0][0]))
    for records, by_delta in ways[1:]:
        assert gate.content is not None
        assert gate.current is not None
        target = content(records)
        steps = steps_between(gate.content, target)
        if by_delta and steps:
            gate.offer(gate.signed_delta(steps, LISTS, MANAGER))
        else:
            gate.offer(signed_snapshot(target, gate.current.version.revision + 1, LISTS, MANAGER))
        scratch = MemoryContent(target.settings(), [stored(one) for one in records])
        version = gate.current.version
        assert gate.current.digest == scratch.digest(estate_id=ESTATE_ID, gate_id=GATE_ID, version=version)
        assert list(gate.content.records()) == list(scratch.records())


@settings(max_examples=40, deadline=None)
@given(LISTS_OF_RECORDS, LISTS_OF_RECORDS)
def test_steps_between_two_lists_lead_from_one_to_the_other(a: list[Record], b: list[Record]) -> None:
    before, after = content(a), content(b)
    steps = steps_between(before, after)
    assert list(content_after(before, steps).records()) == list(after.records())
    assert steps_between(after, after) == ()


GATE = gate_with(first_list())
SNAPSHOT = countersign(signed_snapshot(first_list(19), 2, withdrawals=withdraw(1)), MANAGER)
DELTA = GATE.signed_delta(steps_between(first_list(), first_list(22)), chain=CHAIN)


def refused(data: bytes) -> str:
    """The attack's word; anything but a refusal fails the test."""
    gate = Gate(GATE.current, GATE.content, kept=list(GATE.kept))
    with pytest.raises(ListRefusedError) as error:
        gate.offer(data)
    assert gate.image() == GATE.image()
    return error.value.attack


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([SNAPSHOT, DELTA]), st.data())
def test_changed_bytes_are_only_ever_refused(envelope: bytes, data: st.DataObject) -> None:
    places = st.integers(0, len(envelope) - 1)
    changed = bytearray(envelope)
    for place, mask in data.draw(st.lists(st.tuples(places, st.integers(1, 255)), min_size=1, max_size=3)):
        changed[place] = envelope[place] ^ mask
    refused(bytes(changed))


@pytest.mark.parametrize("envelope", [SNAPSHOT, DELTA], ids=["snapshot", "delta"])
def test_cut_envelopes_are_only_ever_refused(envelope: bytes) -> None:
    assert {refused(envelope[:size]) for size in range(len(envelope))} == {"malformed"}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_only_ever_refused(noise: bytes) -> None:
    refused(noise)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([SNAPSHOT, DELTA]), st.data())
def test_even_signed_nonsense_is_only_ever_refused(envelope: bytes, data: st.DataObject) -> None:
    """A stolen list key signs a damaged payload: the parsers behind the signature hold too."""
    row = codec.decode(envelope, max_bytes=1 << 20)
    assert isinstance(row, list)
    parts = codec.decode(row[0], max_bytes=1 << 20)
    assert isinstance(parts, list)
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place] = data.draw(
        st.one_of(
            st.none(), st.booleans(), st.integers(-1, 2**64 - 1), st.binary(max_size=64), st.just([[1, 2]])
        )
        if place != 9
        else st.one_of(st.binary(max_size=64), st.binary(max_size=64).map(zlib.compress))
    )
    if parts == codec.decode(row[0], max_bytes=1 << 20):
        return
    payload = codec.encode(parts)
    if place == 6 and type(parts[6]) is int and 0 <= parts[6] < 1 << 63:
        return  # another issue time is a valid list: no digest covers it
    assert refused(signed(payload)) != "wrong_signature"


def signed(payload: bytes, key: SigningKey = LISTS) -> bytes:
    return codec.encode([payload, [[key.key_id, key.sign(LIST_DOMAIN, payload)]], list(CHAIN), None])


def test_bombs_are_bounded() -> None:
    statement = snapshot(HERE, first_list(), ListVersion(1, 2), issued_at=NOW)
    bomb = zlib.compress(bytes(MAX_CONTENT_BYTES + 1), 9)
    assert refused(seal(replace(statement, content=bomb), [LISTS])) == "malformed"
    assert refused(b"\x91" * 100_000) == "malformed"
    assert refused(b"\xdd\xff\xff\xff\xff" * 1000) == "malformed"
    assert refused(b"\x94\xc6\xff\xff\xff\xff") == "malformed"
    assert refused(signed(b"\x91" * 100_000)) == "malformed"
