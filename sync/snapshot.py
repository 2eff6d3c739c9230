"""A whole list as compact bytes: columns of differences, then zlib.

    varint length, settings
    varint classes, then each: varint length, bytes      (record bytes without issue id)
    varint groups, then each: technology, number length, varint count
    columns over all records, group by group, each group by number, then grant id:
        number gaps · class index · grant id differences · differences of (issue - grant)

Differences are zigzag varints. Most cards of an estate share a handful of classes, and
ids given in sequence differ by the same step, so these columns nearly vanish.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Final

from msgspec import Struct

from sync.buckets import Buckets
from sync.codec import CodecError
from sync.encoding import decode_record, decode_settings, join_issue, split_issue
from sync.records import Credential, RecordError
from sync.records.grant import MAX_ID
from sync.update import StoredRecord
from sync.varint import VarintReader, append_varint, append_varints, unzigzag, zigzag

MAX_CONTENT_BYTES: Final = 32 * 1024 * 1024
"""Cap before and after decompression; a million cards take about 12 MB."""
MAX_RECORDS: Final = 1_000_000
MAX_GROUPS: Final = 8 * 64
"""Technologies times number lengths."""

_LEVEL: Final = 5
"""Level 9 makes lists 0.2 % shorter and takes twice the time."""
_EXAMPLE_KEY: Final = b"\x01\x00"
_KEY: Final = attrgetter("key")
_BY_KEY: Final = attrgetter("key", "grant_id")


class _Group(Struct, frozen=True):
    """Records whose numbers are of one technology and length."""

    technology: bytes
    length: int
    count: int


def encode_content(settings: bytes, records: Iterable[StoredRecord]) -> bytes:
    """The content of a snapshot; ``records`` in any order, each (key, grant id) once.

    Raises:
        CodecError: more records than a list may hold, or a repeated one.
    """
    groups = _grouped(records)
    ordered = [one for members in groups.values() for one in members]
    if len(ordered) > MAX_RECORDS:
        raise CodecError(f"too many records: {len(ordered)}, allowed are {MAX_RECORDS}")
    _check_distinct(ordered)
    split = [split_issue(one.data) for one in ordered]
    counts = Counter(shared for shared, _ in split)
    classes = sorted(counts, key=lambda shared: (-counts[shared], shared))
    body = bytearray()
    _append_bytes(body, settings)
    append_varint(body, len(classes))
    for shared in classes:
        _append_bytes(body, shared)
    _append_numbers(body, groups)
    index = {shared: number for number, shared in enumerate(classes)}
    append_varints(body, [index[shared] for shared, _ in split])
    grant_ids = [one.grant_id for one in ordered]
    _append_differences(body, grant_ids)
    _append_differences(body, [issue - grant for (_, issue), grant in zip(split, grant_ids, strict=True)])
    return zlib.compress(body, _LEVEL)


def decode_content(data: bytes) -> tuple[bytes, list[StoredRecord]]:
    """Settings and records, in canonical order; each of them decodes by `sync.encoding`.

    Raises:
        CodecError: oversize before or after decompression, damaged, trailing bytes,
            repeated records, or records and settings that break their rules.
    """
    settings, unordered = _read(data)
    records = sorted(unordered, key=_BY_KEY)
    _check_distinct(records)
    return settings, records


def decode_buckets(data: bytes) -> tuple[bytes, Buckets]:
    """As ``decode_content``, in a tenth of the memory."""
    settings, records = _read(data)
    return settings, Buckets(records)


def _read(data: bytes) -> tuple[bytes, Iterator[StoredRecord]]:
    """Settings, and the records as they are asked for: what is wrong with one is found out then."""
    reader = VarintReader(_decompress(data))
    settings = reader.take(reader.number())
    decode_settings(settings)
    shared = [_class(reader.take(reader.number())) for _ in range(reader.count(MAX_RECORDS))]
    groups = _read_groups(reader)
    count = sum(one.count for one in groups)
    numbers, classes, grant_ids, offsets = (reader.split(count) for _ in range(4))
    if not reader.at_end():
        raise CodecError("content: trailing bytes")
    columns = (
        _keys(numbers, groups),
        _numbers(classes, count),
        _differences(grant_ids, count),
        _differences(offsets, count),
    )
    return settings, _join(shared, columns)


def _join(
    shared: Sequence[bytes], columns: tuple[Iterator[bytes], Iterator[int], Iterator[int], Iterator[int]]
) -> Iterator[StoredRecord]:
    for key, index, grant_id, offset in zip(*columns, strict=True):
        if index >= len(shared):
            raise CodecError("content: a record of no class")
        if not (1 <= grant_id <= MAX_ID and 1 <= grant_id + offset <= MAX_ID):
            raise CodecError("content: an id is out of range")
        yield StoredRecord(key, grant_id, join_issue(shared[index], grant_id + offset))


def _grouped(records: Iterable[StoredRecord]) -> dict[tuple[int, int], list[StoredRecord]]:
    """Records by technology and number length, groups and members in the order of the format."""
    groups: dict[tuple[int, int], list[StoredRecord]] = {}
    for one in records:
        name = one.key[0], len(one.key) - 1
        if (members := groups.get(name)) is None:
            members = groups[name] = []
        members.append(one)
    for members in groups.values():
        members.sort(key=_KEY)  # bytes alone: comparing pairs takes three times as long
        if not _all_differ(members):
            members.sort(key=_BY_KEY)
    return dict(sorted(groups.items()))


def _all_differ(records: Sequence[StoredRecord]) -> bool:
    """Whether each record has a key of its own."""
    return len({one.key for one in records}) == len(records)


def _check_distinct(ordered: list[StoredRecord]) -> None:
    if _all_differ(ordered):  # as nearly everywhere
        return
    if any(a.grant_id == b.grant_id and a.key == b.key for a, b in pairwise(ordered)):
        raise CodecError("content: a record is repeated")


def _decompress(data: bytes) -> bytes:
    if len(data) > MAX_CONTENT_BYTES:
        raise CodecError(f"oversize: content has {len(data)} bytes, allowed are {MAX_CONTENT_BYTES}")
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(data, MAX_CONTENT_BYTES)
    except zlib.error as error:
        raise CodecError(f"content: damaged ({error})") from None
    if inflater.unconsumed_tail:
        raise CodecError(f"oversize: content grows beyond {MAX_CONTENT_BYTES} bytes")
    if not inflater.eof or inflater.unused_data:
        raise CodecError("content: cut short, or trailing bytes")
    return body


def _class(shared: bytes) -> bytes:
    """The class, if any record of it decodes; the rest of a record is checked elsewhere."""
    decode_record(StoredRecord(_EXAMPLE_KEY, 1, join_issue(shared, 1)))
    return shared


def _append_bytes(body: bytearray, data: bytes) -> None:
    append_varint(body, len(data))
    body += data


def _append_differences(body: bytearray, values: Sequence[int]) -> None:
    append_varints(body, [zigzag(b - a) for a, b in pairwise([0, *values])])


def _numbers(reader: VarintReader, count: int) -> Iterator[int]:
    return (reader.number() for _ in range(count))


def _differences(reader: VarintReader, count: int) -> Iterator[int]:
    value = 0
    for _ in range(count):
        value += unzigzag(reader.number())
        yield value


def _append_numbers(body: bytearray, groups: Mapping[tuple[int, int], Sequence[StoredRecord]]) -> None:
    append_varint(body, len(groups))
    for (technology, length), members in groups.items():
        body += bytes((technology, length))
        append_varint(body, len(members))
    for members in groups.values():
        numbers = [int.from_bytes(one.key[1:], "big") for one in members]
        append_varints(body, [b - a for a, b in pairwise([0, *numbers])])


def _read_groups(reader: VarintReader) -> list[_Group]:
    groups = []
    total = 0
    for _ in range(reader.count(MAX_GROUPS)):
        technology, length = reader.take(1), reader.take(1)[0]
        _check_group(technology, length)
        count = reader.count(MAX_RECORDS)
        total += count
        groups.append(_Group(technology, length, count))
    if total > MAX_RECORDS:
        raise CodecError(f"too many records: {total}, allowed are {MAX_RECORDS}")
    return groups


def _keys(reader: VarintReader, groups: Iterable[_Group]) -> Iterator[bytes]:
    for one in groups:
        number = 0
        for _ in range(one.count):
            number += reader.number()
            yield one.technology + _number_bytes(number, one.length)


def _check_group(technology: bytes, length: int) -> None:
    try:
        Credential.from_key(technology + bytes(length))
    except RecordError as error:
        raise CodecError(f"content: {error}") from None


def _number_bytes(number: int, length: int) -> bytes:
    try:
        return number.to_bytes(length, "big")
    except OverflowError:
        raise CodecError("content: a number is longer than its group says") from None
