"""When the office last said that the list in force is the newest: written by the sync side, read by the gate.

One line of text: ``gatehouse-confirmed 1 EPOCH REVISION UTC_S CRC32``. It only counts for
the list it names. Without it, a list is as old as its signature.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

from msgspec import Struct

from sync.update import ListVersion
from terminal.stores.errors import StoreError
from terminal.stores.files import read_small, write_atomic

FILE_NAME: Final = "list-confirmed"
MAX_FILE_BYTES: Final = 120
LARGEST: Final = 1 << 63


class Confirmation(Struct, frozen=True):
    """This list was the newest at this UTC second."""

    version: ListVersion
    utc: int


NEVER: Final = Confirmation(ListVersion(0, 0), 0)


def save_confirmation(directory: Path, confirmation: Confirmation) -> None:
    """Make it durable; raises ``StoreError``."""
    version = confirmation.version
    body = f"gatehouse-confirmed 1 {version.epoch} {version.revision} {confirmation.utc}"
    write_atomic(directory / FILE_NAME, f"{body} {zlib.crc32(body.encode()):08x}\n".encode())


def load_confirmation(directory: Path) -> Confirmation:
    """What the file says; ``NEVER`` if it is missing or cannot be believed, which only makes a list older."""
    try:
        data = read_small(directory / FILE_NAME, max_bytes=MAX_FILE_BYTES)
        return NEVER if data is None else _parse(data)
    except (StoreError, ValueError):
        return NEVER


def _parse(data: bytes) -> Confirmation:
    body, _, crc = data.decode("ascii").rstrip("\n").rpartition(" ")
    word, version, *numbers = body.split(" ")
    if (word, version) != ("gatehouse-confirmed", "1") or crc != f"{zlib.crc32(body.encode()):08x}":
        raise ValueError
    epoch, revision, utc = (int(one) for one in numbers)
    if not all(0 <= one < LARGEST for one in (epoch, revision, utc)):
        raise ValueError
    return Confirmation(ListVersion(epoch, revision), utc)
