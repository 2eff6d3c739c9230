"""Records and settings as bytes: compact, canonical, and closed to anything else."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.codec import CodecError, encode
from sync.encoding import (
    MAX_RECORD_BYTES,
    decode_record,
    decode_settings,
    encode_record,
    encode_settings,
    join_issue,
    split_issue,
    stored,
)
from sync.records import (
    Access,
    Credential,
    DoorPolicy,
    Grant,
    GrantKind,
    Holiday,
    ListSettings,
    Pin,
    PinOnly,
    Record,
    Schedule,
    Technology,
    Window,
)
from sync.records.grant import MAX_ACCESSES, MAX_ID, MAX_USES
from sync.records.settings import DEFAULT_POLICIES
from sync.settings_encoding import MAX_SETTINGS_BYTES
from sync.update import StoredRecord
from tests.support import strategies

CARD = Credential(Technology.ISO14443A, bytes.fromhex("04a1b2c3"))


def as_record(row: object, *, key: bytes = CARD.key, grant_id: int = 7) -> StoredRecord:
    return StoredRecord(key, grant_id, encode(row))


@given(strategies.records())
def test_a_record_comes_back_equal(record: Record) -> None:
    assert decode_record(stored(record)) == record


@given(strategies.records())
def test_the_issue_id_can_be_taken_out_and_put_back(record: Record) -> None:
    data = encode_record(record)
    shared, issue_id = split_issue(data)
    assert issue_id == record.issue_id
    assert join_issue(shared, issue_id) == data


def test_the_bytes_of_a_common_grant_are_pinned_and_few() -> None:
    grant = Grant(7, 123_456, CARD, GrantKind.RESIDENT, (Access(1),))
    assert encode_record(grant).hex() == "9301ce0001e2409107"


def test_the_largest_grant_stays_below_the_cap() -> None:
    access = tuple(Access(MAX_ID - MAX_ACCESSES + number) for number in range(MAX_ACCESSES))
    grant = Grant(
        MAX_ID,
        MAX_ID,
        CARD,
        GrantKind.VISITOR,
        access,
        schedule=MAX_ID,
        valid_from=MAX_ID - 1,
        valid_until=MAX_ID,
        uses=MAX_USES,
        companion=frozenset(GrantKind),
        pin=Pin(bytes(16), bytes(32), bytes(32)),
        long_opening=True,
    )
    assert len(encode_record(grant)) < MAX_RECORD_BYTES
    assert decode_record(stored(grant)) == grant


@given(st.binary(max_size=80), st.binary(max_size=70), st.integers(-2, 1 << 60))
def test_noise_gives_a_record_or_a_codec_error(data: bytes, key: bytes, grant_id: int) -> None:
    try:
        record = decode_record(StoredRecord(key, grant_id, data))
    except CodecError:
        return
    assert stored(record) == StoredRecord(key, grant_id, data)


@given(strategies.records(), st.data())
def test_a_flipped_byte_gives_another_record_or_a_codec_error(record: Record, draw: st.DataObject) -> None:
    whole = stored(record)
    changed = bytearray(whole.data)
    changed[draw.draw(st.integers(0, len(changed) - 1))] ^= draw.draw(st.integers(1, 255))
    damaged = StoredRecord(whole.key, whole.grant_id, bytes(changed))
    try:
        found = decode_record(damaged)
    except CodecError:
        return
    assert found != record
    assert stored(found) == damaged


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (7, "array of 3 or 4"),
        ([1, 2], "array of 3 or 4"),
        ([1, 2, [7], {}], "must be a map that is not empty"),
        ([1, 2, [7], {1: 1}, 0], "array of 3 or 4"),
        ([12, 2, [7]], "grant kind: 12 is unknown"),
        ([True, 2, [7]], "record tag"),
        ([-1, 2, [7]], "record tag"),
        ([1, 0, [7]], "issue_id is 0"),
        ([1, "2", [7]], "issue id"),
        ([1, 2, 7], "access"),
        ([1, 2, []], "access needs"),
        ([1, 2, [4]], "directions: 0 is unknown"),
        ([1, 2, [7, 6]], "each once"),
        ([1, 2, [3]], "access: door"),
        ([1, 2, [7], [1]], "must be a map"),
        ([1, 2, [7], {8: 1}], "unknown extra"),
        ([1, 2, [7], {0: 1}], "unknown extra"),
        ([1, 2, [7], {"1": 1}], "extra: must be"),
        ([1, 2, [7], {1: None}], "extra 1"),
        ([1, 2, [7], {2: 9, 3: 9}], "valid_until is not after"),
        ([1, 2, [7], {4: 0}], "uses is 0"),
        ([1, 2, [7], {4: MAX_USES + 1}], "uses is"),
        ([1, 2, [7], {5: 0}], "extra 5"),
        ([1, 2, [7], {5: 1}], "extra 5"),
        ([1, 2, [7], {6: [b"", b""]}], "pin must be"),
        ([1, 2, [7], {6: [b"", b"", b""]}], "pin: salt"),
        ([1, 2, [7], {7: 0}], "extra 7"),
        ([1, 2, [7], {7: 16}], "extra 7"),
        ([0, 2, 1], "array of 4"),
        ([0, 2, 7, 9], "revocation reason: 7 is unknown"),
        ([0, 2, 1, -1], "since"),
        ([0, 2, 1, MAX_ID + 1], "out of range"),
        ([1, 2, [b"x" * MAX_RECORD_BYTES]], "oversize"),
    ],
)
def test_a_record_outside_the_format_is_refused_by_name(row: object, named: str) -> None:
    with pytest.raises(CodecError, match=named):
        decode_record(as_record(row))


def test_extras_out_of_order_are_refused() -> None:
    ordered = encode([1, 2, [7], {1: 3, 2: 4}])
    swapped = ordered[:-4] + bytes((2, 4, 1, 3))
    with pytest.raises(CodecError, match="must ascend"):
        decode_record(StoredRecord(CARD.key, 7, swapped))


@pytest.mark.parametrize("key", [b"", b"\x01", b"\x00abcd", b"\x09abcd", b"\x01" + bytes(65)])
def test_a_key_that_is_no_credential_is_refused(key: bytes) -> None:
    with pytest.raises(CodecError, match="credential"):
        decode_record(as_record([1, 2, [7]], key=key))


@pytest.mark.parametrize("grant_id", [0, -1, MAX_ID + 1])
def test_a_grant_id_out_of_range_is_refused(grant_id: int) -> None:
    with pytest.raises(CodecError, match="grant_id"):
        decode_record(as_record([1, 2, [7]], grant_id=grant_id))


@pytest.mark.parametrize("data", [b"", b"\x93\x01", b"\x93\x01\xa1a\x91\x07", b"\x93\x01\xcc\x01\x91\x07"])
def test_bytes_without_an_issue_id_cannot_be_split(data: bytes) -> None:
    with pytest.raises(CodecError):
        split_issue(data)


@settings(max_examples=50)
@given(strategies.settings())
def test_settings_come_back_equal(value: ListSettings) -> None:
    assert decode_settings(encode_settings(value)) == value


@settings(max_examples=50)
@given(strategies.settings(), st.data())
def test_a_flipped_byte_gives_other_settings_or_a_codec_error(
    value: ListSettings, draw: st.DataObject
) -> None:
    changed = bytearray(encode_settings(value))
    changed[draw.draw(st.integers(0, len(changed) - 1))] ^= draw.draw(st.integers(1, 255))
    try:
        found = decode_settings(bytes(changed))
    except CodecError:
        return
    assert found != value
    assert encode_settings(found) == changed


def settings_row(**changed: object) -> bytes:
    """Valid settings with some parts replaced, in the order of the format."""
    row: dict[str, object] = {
        "zone": "Asia/Shanghai",
        "doors": [[1, None, [], 60]],
        "schedules": [],
        "holidays": [],
        "areas": [],
        "interlocks": [],
        "policies": [
            [int(one.kind), one.max_list_age_s, one.opens_without_clock] for one in DEFAULT_POLICIES
        ],
        "outages": [],
        "mappings": [],
    }
    return encode(list((row | changed).values()))


def test_the_layout_of_settings_is_pinned() -> None:
    assert decode_settings(settings_row()) == ListSettings("Asia/Shanghai", (DoorPolicy(1),))
    with_holiday = decode_settings(settings_row(holidays=[[738_886, 1]]))
    assert with_holiday.holidays == (Holiday(date(2024, 1, 1)),)
    by_pin = decode_settings(settings_row(pin_only=[bytes(16), [1]]))
    assert by_pin.pin_only == PinOnly(bytes(16), (1,))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"zone": b"UTC"}, "time zone"),
        ({"zone": ""}, "time_zone"),
        ({"doors": 1}, "doors"),
        ({"doors": [[1, None, []]]}, "door"),
        ({"doors": [[1, None, [], 60], [1, None, [], 60]]}, "each once"),
        ({"doors": [[1, None, [[1, 9, False]], 60]]}, "door mode: 9 is unknown"),
        ({"doors": [[1, None, [[1, 2, 0]], 60]]}, "first card: must be true or false"),
        ({"schedules": [[1, [[1, 0, 1]], [], 1]]}, "observes holidays"),
        ({"schedules": [[1, [[0, 0, 1]], [], True]]}, "weekdays"),
        ({"holidays": [[0, 1]]}, "in no calendar"),
        ({"holidays": [[1 << 40, 1]]}, "in no calendar"),
        ({"holidays": [[9, 1], [8, 1]]}, "in order"),
        ({"areas": [[1, 5, None, None]]}, "passback mode: 5 is unknown"),
        ({"areas": [[1, 4, None, None]]}, "timeout_s goes with"),
        ({"interlocks": [[True]]}, "door: must be"),
        ({"policies": []}, "every grant kind"),
        ({"policies": [[99, None, True]]}, "grant kind: 99 is unknown"),
        ({"outages": [[5, 5, 1, 1]]}, "outage"),
        ({"outages": [[5, 6, 9, 1]]}, "utility: 9 is unknown"),
        ({"mappings": [[1, False, 4, False, None]]}, "low_bits"),
        ({"mappings": [[1, False, None, True, None]]}, "width_bytes"),
        ({"pin_only": None}, "pin only: must be an array"),
        ({"pin_only": [bytes(16)]}, "pin only: has 1 parts"),
        ({"pin_only": [bytes(15), [1]]}, "salt of 16 bytes"),
        ({"pin_only": [bytes(16), []]}, "and doors"),
        ({"pin_only": [bytes(16), [2, 1]]}, "in order"),
        ({"pin_only": [bytes(16), [1]], "extra": 1}, "settings: has 11 parts"),
    ],
)
def test_settings_outside_the_format_are_refused_by_name(changed: dict[str, object], named: str) -> None:
    with pytest.raises(CodecError, match=named):
        decode_settings(settings_row(**changed))


def test_settings_beyond_their_cap_are_refused_in_both_directions() -> None:
    with pytest.raises(CodecError, match="oversize"):
        decode_settings(bytes(MAX_SETTINGS_BYTES + 1))
    windows = tuple(Window(1, 0, 1 + number) for number in range(256))
    schedules = tuple(Schedule(number, windows) for number in range(1, 200))
    with pytest.raises(CodecError, match=r"too many items|oversize"):
        encode_settings(ListSettings("UTC", (), schedules))
