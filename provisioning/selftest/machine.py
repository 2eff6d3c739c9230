"""The machine that a gate runs on, by what its kernel tells: small files under ``/proc`` and ``/sys``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

MAX_BYTES: Final = 64 * 1024
THROTTLED: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
"""The firmware's word on its supply, as the kernel of a Raspberry Pi hands it on (hexadecimal)."""


class Machine:
    """``root`` is ``/``, or a folder that stands in for it."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def text(self, name: str) -> str | None:
        """Content of a small file without spaces around it; ``None`` if there is none to be read."""
        try:
            with (self._root / name).open("rb") as file:
                data = file.read(MAX_BYTES)
        except OSError:
            return None
        return data.decode("utf-8", "replace").strip("\0 \t\r\n")

    def names(self, folder: str) -> list[str]:
        """What is in a folder, sorted; nothing if there is no such folder."""
        try:
            return sorted(one.name for one in (self._root / folder).iterdir())
        except OSError:
            return []

    @property
    def model(self) -> str:
        """What the board calls itself."""
        told = self.text("proc/device-tree/model") or self.text("sys/class/dmi/id/product_name")
        return (told or "unknown board")[:100]

    @property
    def system(self) -> str:
        """The operating system, as it calls itself."""
        for line in (self.text("etc/os-release") or "").splitlines():
            name, _, value = line.partition("=")
            if name == "PRETTY_NAME":
                return value.strip('"')[:80]
        return "unknown system"

    def mounted_on(self, path: Path) -> tuple[str, str] | None:
        """Device and options of the file system that ``path`` lies on."""
        best: tuple[str, str, str] | None = None
        for line in (self.text("proc/self/mounts") or "").splitlines():
            fields = line.split(" ")
            if len(fields) < 4:
                continue
            place = fields[1].replace("\\040", " ")
            if path.is_relative_to(place) and (best is None or len(place) >= len(best[0])):
                best = place, fields[0], fields[3]
        return None if best is None else best[1:]
