"""The time anchor file: written by the sync side, read by the gate.

One line of text, so that a technician can read it:
``gatehouse-anchor 1 BOOT_ID BOOTTIME_MS UTC_MS UNCERTAINTY_MS FLOOR CRC32``
The floor outlives the boot; the rest counts for the boot it names only.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from msgspec import Struct

from terminal.clock import Anchor
from terminal.stores.errors import StoreError
from terminal.stores.files import write_atomic

FILE_NAME = "time-anchor"
MAX_FILE_BYTES = 200
LARGEST = 2**53
"""No clock counts so far; larger numbers would not fit where times are stored."""


class TimeAnchorError(StoreError):
    """The anchor file is damaged; the gate goes on without it (clock suspect or unknown)."""


class SavedTime(Struct, frozen=True):
    """Contents of the anchor file."""

    floor: int
    anchor: Anchor | None


def save_time(directory: Path, saved: SavedTime) -> None:
    """Make ``saved`` durable, the old or the new, never a mixture."""
    anchor = saved.anchor or Anchor(bytes(16), 0, 0, 0)
    body = (
        f"gatehouse-anchor 1 {anchor.boot_id.hex()} {anchor.boottime_ms} {anchor.utc_ms} "
        f"{anchor.uncertainty_ms} {saved.floor}"
    )
    write_atomic(directory / FILE_NAME, f"{body} {zlib.crc32(body.encode()):08x}\n".encode())


def load_time(directory: Path) -> SavedTime:
    """Read the anchor file; a missing one is an empty one.

    Raises:
        TimeAnchorError: it is there and cannot be believed.
    """
    path = directory / FILE_NAME
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return SavedTime(0, None)
    except OSError as error:
        raise TimeAnchorError(
            f"{path}: cannot be read ({error.strerror}); check its owner and mode"
        ) from error
    try:
        return _parse(data)
    except (ValueError, UnicodeDecodeError):
        raise TimeAnchorError(
            f"{path}: damaged; the next contact with the office writes it anew, or delete it"
        ) from None


def _parse(data: bytes) -> SavedTime:
    if len(data) > MAX_FILE_BYTES:
        raise ValueError
    body, _, crc = data.decode("ascii").rstrip("\n").rpartition(" ")
    word, version, boot, boottime, utc, uncertainty, floor = body.split(" ")
    if (word, version) != ("gatehouse-anchor", "1") or crc != f"{zlib.crc32(body.encode()):08x}":
        raise ValueError
    boot_id = bytes.fromhex(boot)
    if len(boot_id) != 16:
        raise ValueError
    anchor = Anchor(boot_id, _number(boottime), _number(utc), _number(uncertainty))
    return SavedTime(_number(floor), anchor if any(boot_id) else None)


def _number(text: str) -> int:
    number = int(text)
    if str(number) != text or not 0 <= number <= LARGEST:
        raise ValueError
    return number
