"""Finds the data that go onto a gate as they are: unit files, rules, lists of users and directories."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from provisioning.errors import ProvisioningError

PLACES: Final = (
    Path(__file__).resolve().parents[1] / "systemd",
    Path(sys.prefix) / "systemd",
)
"""In the source tree; in a release of the package (systemd/README.md)."""
MARK: Final = "system/gate-terminal.service"
"""A folder without it is not the one."""


class Data:
    """One folder of data files."""

    def __init__(self, folder: Path) -> None:
        """``folder``: holds the files of systemd/ of the source tree."""
        self.folder = folder

    def read(self, name: str) -> bytes:
        """One file. Raises ``ProvisioningError`` where it is missing."""
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise ProvisioningError(
                f"{self.folder / name}: cannot be read ({error.strerror}); install gatehouse anew"
            ) from error

    def text(self, name: str) -> str:
        """One file as text."""
        return self.read(name).decode("utf-8")

    def names(self, pattern: str) -> list[str]:
        """Files whose name fits (``udev/*.rules``), sorted."""
        return sorted(str(one.relative_to(self.folder)) for one in self.folder.glob(pattern))


def find_data(places: Sequence[Path] = PLACES) -> Data:
    """The data of this installation. Raises ``ProvisioningError`` where there are none."""
    for place in places:
        if (place / MARK).is_file():
            return Data(place)
    looked = ", ".join(map(str, places))
    raise ProvisioningError(f"the unit files of gatehouse are missing (looked in {looked}); install it anew")
