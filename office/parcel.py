"""Several updates in one file, on their way to the manager's computer and back: a zip.

A mass change touches many gates, and each gate's update is signed by itself. One file for all
of them is carried, signed by one command and given back at once.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

from office.errors import OfficeError
from sync.envelope import MAX_ENVELOPE_BYTES

MAX_UPDATES: Final = 1_000
"""A gate each."""
MAX_PARCEL_BYTES: Final = 4 * MAX_ENVELOPE_BYTES
"""Of all updates together, unpacked; the largest is 16 MiB."""
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError)
"""What Python's reader says of files that are no zip, cut off, encrypted or of another kind."""
_MAGIC: Final = b"PK\x03\x04"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Zip's first day: equal updates make an equal file, whatever the clock says."""


def is_parcel(data: bytes) -> bool:
    """Whether these are several updates, and not one."""
    return data.startswith(_MAGIC)


def pack(updates: Mapping[str, bytes]) -> bytes:
    """One file of these named updates."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as parcel:  # lists are compressed already
        for name, data in updates.items():
            parcel.writestr(zipfile.ZipInfo(name, _EPOCH), data)
    return made.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The updates of a parcel by their names, which are nobody's paths.

    Raises:
        OfficeError: it is damaged, or larger than what an office packs.
    """
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parcel:
            rows = parcel.infolist()
            if len(rows) > MAX_UPDATES or sum(one.file_size for one in rows) > MAX_PARCEL_BYTES:
                raise OfficeError("larger than what an office gives out; is this the right file?")
            for one in rows:
                with parcel.open(one) as member:  # the directory's size may lie: what is read is bounded
                    found[one.filename] = member.read(MAX_ENVELOPE_BYTES + 1)
    except _BROKEN as error:
        raise OfficeError(f"damaged ({error}); get it anew") from None
    return found
