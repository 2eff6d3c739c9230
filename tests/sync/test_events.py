"""Usage events: round trip, caps, hostile bytes, the chain."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.events import (
    GENESIS,
    MAX_EVENT_BYTES,
    MAX_TEXT,
    Detail,
    Event,
    EventError,
    EventKind,
    decode_event,
    encode_event,
    link,
    payload_hash,
)
from sync.records import ClockState, Credential, Direction, Reason, Technology

BOOT = bytes(range(16))
TAP = Event(
    kind=EventKind.TAP,
    boot_id=BOOT,
    boottime_ms=123_456,
    wall_ms=1_794_000_000_123,
    clock=ClockState.TRUSTED,
    door=1,
    reader=2,
    direction=Direction.IN,
    credential=Credential(Technology.ISO14443A, b"\x04\xa2\x24\x5b\x12\x34\x80"),
    issue_id=77,
    grant_id=78,
    reason=Reason.GRANTED,
    detail={"operator": "desk-2", "count": 3},
)

ids = st.none() | st.integers(1, 2**53 - 1)
events = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    boot_id=st.binary(min_size=16, max_size=16),
    boottime_ms=st.integers(0, 2**45),
    wall_ms=st.none() | st.integers(0, 2**45),
    clock=st.sampled_from(ClockState),
    door=ids,
    reader=ids,
    direction=st.none() | st.sampled_from([Direction.IN, Direction.OUT, Direction.BOTH]),
    credential=st.none()
    | st.builds(Credential, st.sampled_from(Technology), st.binary(min_size=1, max_size=10)),
    issue_id=ids,
    grant_id=ids,
    reason=st.none() | st.sampled_from(Reason),
    detail=st.dictionaries(
        st.text(min_size=1, max_size=8), st.integers(0, 2**31) | st.text(max_size=20), max_size=4
    ),
)


@given(events)
def test_an_event_survives_encoding(event: Event) -> None:
    assert decode_event(encode_event(event)) == event


def test_a_tap_is_small_enough_for_its_share_of_a_burst() -> None:
    assert len(encode_event(TAP)) < 128


@pytest.mark.parametrize("letter", ["a", "值", "🚪"])
def test_an_operator_and_his_reason_fit_in_any_script(letter: str) -> None:
    texts: dict[str, Detail] = {"operator": letter * MAX_TEXT, "reason": letter * MAX_TEXT}
    longest = Credential(Technology.CODE, bytes(64))
    event = replace(TAP, credential=longest, issue_id=2**53 - 1, grant_id=2**53 - 1, detail=texts)
    assert decode_event(encode_event(event)) == event


@given(st.binary(max_size=MAX_EVENT_BYTES + 10))
def test_only_our_error_escapes_from_any_bytes(data: bytes) -> None:
    try:
        decode_event(data)
    except EventError:
        return


@given(st.data())
def test_only_our_error_escapes_from_a_damaged_event(data: st.DataObject) -> None:
    payload = bytearray(encode_event(TAP))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] = data.draw(st.integers(0, 255))
    try:
        decode_event(bytes(payload))
    except EventError:
        return


ROW = msgpack.unpackb(encode_event(TAP))


@pytest.mark.parametrize(
    ("position", "value", "says"),
    [
        (0, 2, "version 1"),
        (1, 200, "200 is not a valid EventKind"),
        (1, True, "kind must be a whole number"),
        (2, b"short", "boot id"),
        (3, -1, "boottime"),
        (5, 9, "ClockState"),
        (8, 9, "direction"),
        (9, "text", "credential must be bytes"),
        (9, b"", "empty key"),
        (12, 99, "Reason"),
        (13, [1], "detail must be a map"),
        (13, {"name": 1.5}, "words with numbers"),
        (13, {"name": "x" * 121}, "too long"),
        (13, {1: 1}, "map key"),
    ],
)
def test_a_wrong_field_is_named(position: int, value: object, says: str) -> None:
    row = list(ROW)
    row[position] = value
    with pytest.raises(EventError, match=says):
        decode_event(msgpack.packb(row))


def test_trailing_bytes_are_refused() -> None:
    with pytest.raises(EventError):
        decode_event(encode_event(TAP) + b"\x00")


def test_an_oversize_event_is_refused_before_it_is_stored() -> None:
    with pytest.raises(EventError, match="allowed are"):
        encode_event(
            Event(
                EventKind.STARTED,
                BOOT,
                0,
                None,
                ClockState.UNKNOWN,
                detail={f"key{n}": "x" * MAX_TEXT for n in range(10)},
            )
        )


def test_the_chain_binds_order_number_and_payload() -> None:
    first, second = payload_hash(b"first"), payload_hash(b"second")
    chained = link(link(GENESIS, 1, first), 2, second)
    assert chained != link(link(GENESIS, 1, second), 2, first)
    assert chained != link(link(GENESIS, 1, first), 3, second)
    # The formula is the contract with other languages: SHA-256 over 32 + 8 + 32 bytes.
    assert link(GENESIS, 1, bytes(32)).hex() == (
        "f82db6e0de46a257154926d5afb61585e77eab5df7f4c552ddb8cce2ea7e0d9a"
    )
