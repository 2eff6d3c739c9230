"""A small file system on a loop device, so that writes and flushes can be counted where they arrive.

What a process believes to have written says little: journals, metadata and read-modify-write
come on top. The block layer's own counters know. Needs root.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

SIZE_BYTES: Final = 64 << 20
SECTOR_BYTES: Final = 512
"""Unit of the kernel's counters, whatever the device's own (Documentation/block/stat.rst)."""


class NoLoopDeviceError(Exception):
    """This machine or user has no loop device or no ext4 tools."""


class Written(Struct, frozen=True):
    """What has reached a device since it was made."""

    bytes: int
    flushes: int

    def since(self, before: Written) -> Written:
        """What was added."""
        return Written(self.bytes - before.bytes, self.flushes - before.flushes)


class CountedDisk(Struct, frozen=True):
    """A mounted file system whose writes are counted."""

    directory: Path
    device: str

    def written(self) -> Written:
        """The counters, with everything written out that the kernel still held back."""
        _run("sync", "--file-system", str(self.directory))
        return self.counters()

    def counters(self) -> Written:
        """The counters as they are."""
        fields = Path(f"/sys/block/{self.device}/stat").read_text(encoding="ascii").split()
        return Written(int(fields[6]) * SECTOR_BYTES, int(fields[15]))


@contextlib.contextmanager
def counted_disk(directory: Path) -> Iterator[CountedDisk]:
    """An ext4 file system of its own under ``directory``; raises ``NoLoopDeviceError``."""
    image, mounted = directory / "disk.img", directory / "disk"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    _run("mkfs.ext4", "-q", "-b", "4096", str(image))
    device = _run("losetup", "--find", "--show", str(image)).strip()
    try:
        _run("mount", device, str(mounted))
        try:
            yield CountedDisk(mounted, Path(device).name)
        finally:
            _run("umount", str(mounted))
    finally:
        _run("losetup", "--detach", device)


def _run(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError as error:
        raise NoLoopDeviceError(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise NoLoopDeviceError(f"{' '.join(command)}: {error.stderr.strip()}") from error
