"""The newest list this gate has ever had, kept beside the list databases and written before them.

Version, digest, issue time and trust memory in one small file: with both databases lost,
no older list comes first, and a withdrawn key stays withdrawn.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sync.codec import CodecError, decode, encode
from sync.digest import DIGEST_BYTES, ESTATE_ID_BYTES
from sync.fields import array, octets, whole
from sync.memory import MAX_MEMORY_BYTES, TrustMemory
from sync.succession import Current
from sync.update import Accepted, ListVersion
from terminal.stores.database import DamagedError
from terminal.stores.files import Checkpoint, OversizeFileError, pass_by, read_small, write_atomic

FILE_NAME: Final = "highest-list"
FORMAT_VERSION: Final = 1
MAX_FILE_BYTES: Final = MAX_MEMORY_BYTES + 256
_SEAL_BYTES: Final = 4
_KNOWN_OTHERWISE: Final = "which list was the newest is known from the databases alone"


class HighestList(Struct, frozen=True):
    """Contents of the file."""

    estate_id: bytes
    gate_id: int
    newest: Current


def save_highest(directory: Path, highest: HighestList, *, checkpoint: Checkpoint = pass_by) -> None:
    """Make ``highest`` durable, the old or the new; raises ``StoreError``."""
    newest = highest.newest
    body = encode(
        [
            FORMAT_VERSION,
            highest.estate_id,
            highest.gate_id,
            newest.version.epoch,
            newest.version.revision,
            newest.issued_at,
            newest.digest,
            newest.memory,
        ]
    )
    seal = zlib.crc32(body).to_bytes(_SEAL_BYTES, "big")
    write_atomic(directory / FILE_NAME, body + seal, checkpoint=checkpoint)


def load_highest(directory: Path) -> HighestList | None:
    """Read the file; ``None`` when there is none.

    Raises:
        DamagedError: it cannot be believed.
        StoreError: it cannot be read.
    """
    path = directory / FILE_NAME
    try:
        data = read_small(path, max_bytes=MAX_FILE_BYTES)
        return None if data is None else _parse(data)
    except (CodecError, OversizeFileError) as error:
        raise DamagedError(f"{path}: damaged ({error})") from error


def read_highest(directory: Path, current: Current | None) -> tuple[HighestList | None, str]:
    """What is kept, or ``None`` and what is wrong with it beside the list in force; nothing at first."""
    path = directory / FILE_NAME
    try:
        kept = load_highest(directory)
    except DamagedError as error:
        return None, f"{error}; {_KNOWN_OTHERWISE}"
    if kept is None:
        return None, "" if current is None else f"{path}: missing; {_KNOWN_OTHERWISE}"
    if current is not None and kept.newest.version < current.version:
        return None, f"{path}: older than the list in force; {_KNOWN_OTHERWISE}"
    return kept, ""


def after_update(before: Current | None, accepted: Accepted) -> Current:
    """The newest ever once ``accepted`` is in force, which may be older: over a list that stands in."""
    newest = Current(accepted.version, accepted.digest, accepted.issued_at, accepted.memory)
    if before is not None and newest.version < before.version:
        return replace(before, memory=newest.memory)
    return newest


def with_memory(newest: Current, memory: bytes) -> Current:
    """The newest ever with what trust remembers now; a list that stands in may know of fewer withdrawals."""
    known, offered = TrustMemory.decode(newest.memory), TrustMemory.decode(memory)
    return (
        newest if offered.withdrawals_version < known.withdrawals_version else replace(newest, memory=memory)
    )


def _parse(data: bytes) -> HighestList:
    body, seal = data[:-_SEAL_BYTES], data[-_SEAL_BYTES:]
    if zlib.crc32(body).to_bytes(_SEAL_BYTES, "big") != seal:
        raise CodecError("it fails its checksum")
    row = array(decode(body, max_bytes=MAX_FILE_BYTES), "highest list", length=8)
    if whole(row[0], "highest list: format") != FORMAT_VERSION:
        raise CodecError(f"not of format {FORMAT_VERSION}")
    memory = octets(row[7], "highest list: memory")
    TrustMemory.decode(memory)
    return HighestList(
        octets(row[1], "highest list: estate", ESTATE_ID_BYTES),
        whole(row[2], "highest list: gate"),
        Current(
            ListVersion(whole(row[3], "highest list: epoch"), whole(row[4], "highest list: revision")),
            octets(row[6], "highest list: digest", DIGEST_BYTES),
            whole(row[5], "highest list: issue time"),
            memory,
        ),
    )
