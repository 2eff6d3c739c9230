"""The time anchor file: written by the sync side, read by the gate.

One line of text, so that a technician can read it:
``gatehouse-anchor 1 BOOT_ID BOOTTIME_MS UTC_MS UNCERTAINTY_MS FLOOR CRC32``
or, once the root has lowered the floor,
``gatehouse-anchor 2 BOOT_ID BOOTTIME_MS UTC_MS UNCERTAINTY_MS FLOOR SERIAL LOWERED_TO EPOCH REVISION CRC32``
The floor and its last lowering outlive the boot; the rest counts for the boot it names only.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sync.fields import MAX_WHOLE
from sync.update import ListVersion
from terminal.clock import Anchor
from terminal.stores.errors import StoreError
from terminal.stores.files import open_plain, write_atomic

FILE_NAME = "time-anchor"
MAX_FILE_BYTES = 300
LARGEST = 2**53
"""No clock counts so far; larger numbers would not fit where times are stored."""


class TimeAnchorError(StoreError):
    """The anchor file is damaged; the gate goes on without it (clock suspect or unknown)."""


class Lowered(Struct, frozen=True):
    """The root's last word that the floor was too high; its serial stays, so that none is taken twice."""

    serial: int
    floor: int
    list_version: ListVersion
    """The list in force then: its issue time, and any earlier list's, may be as wrong as the floor was."""

    def disbelieves(self, version: ListVersion, issued_at: int) -> bool:
        """Whether this list's issue time is no lower bound of the time any more."""
        return version <= self.list_version and issued_at > self.floor


class SavedTime(Struct, frozen=True):
    """Contents of the anchor file."""

    floor: int
    anchor: Anchor | None
    lowered: Lowered | None = None


def save_time(directory: Path, saved: SavedTime) -> None:
    """Make ``saved`` durable, the old or the new, never a mixture; a newer lowering in the file stays."""
    with suppress(TimeAnchorError):
        known = load_time(directory).lowered
        if known is not None and (saved.lowered is None or saved.lowered.serial < known.serial):
            saved = replace(saved, lowered=known)
    anchor = saved.anchor or Anchor(bytes(16), 0, 0, 0)
    times = f"{anchor.boottime_ms} {anchor.utc_ms} {anchor.uncertainty_ms} {saved.floor}"
    body = f"gatehouse-anchor 1 {anchor.boot_id.hex()} {times}"
    if (lowered := saved.lowered) is not None:
        version = lowered.list_version
        body = (
            f"gatehouse-anchor 2 {anchor.boot_id.hex()} {times} {lowered.serial} {lowered.floor}"
            f" {version.epoch} {version.revision}"
        )
    write_atomic(directory / FILE_NAME, f"{body} {zlib.crc32(body.encode()):08x}\n".encode())


def believed_time(directory: Path) -> SavedTime:
    """What is kept in ``directory``; nothing of a file that cannot be believed (the clock then shows it)."""
    try:
        return load_time(directory)
    except TimeAnchorError:
        return SavedTime(0, None)


def load_time(directory: Path) -> SavedTime:
    """Read the anchor file; a missing one is an empty one.

    Raises:
        TimeAnchorError: it is there and cannot be believed.
    """
    path = directory / FILE_NAME
    try:
        with open_plain(path) as file:
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
    word, version, boot, boottime, utc, uncertainty, floor, *lowering = body.split(" ")
    parts = {"1": 0, "2": 4}.get(version)
    if word != "gatehouse-anchor" or parts != len(lowering) or crc != f"{zlib.crc32(body.encode()):08x}":
        raise ValueError
    boot_id = bytes.fromhex(boot)
    if len(boot_id) != 16:
        raise ValueError
    anchor = Anchor(boot_id, _number(boottime), _number(utc), _number(uncertainty))
    return SavedTime(_number(floor), anchor if any(boot_id) else None, _lowered(lowering))


def _lowered(words: list[str]) -> Lowered | None:
    if not words:
        return None
    serial, floor, epoch, revision = (_number(one, MAX_WHOLE) for one in words)
    if floor > LARGEST:
        raise ValueError
    return Lowered(serial, floor, ListVersion(epoch, revision))


def _number(text: str, at_most: int = LARGEST) -> int:
    number = int(text)
    if str(number) != text or not 0 <= number <= at_most:
        raise ValueError
    return number
