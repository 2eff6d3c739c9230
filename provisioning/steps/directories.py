"""The state directories, by the list that systemd-tmpfiles goes by at every boot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from provisioning.durable import disk_error
from provisioning.errors import ProvisioningError
from provisioning.item_step import ItemStep
from provisioning.items import Directory, Item
from provisioning.journal import DIRECTORY as JOURNAL
from provisioning.steps._shipped import in_force, shipped
from provisioning.visit import Visit

LIST: Final = "tmpfiles.d/gatehouse.conf"
ROOT_OF_STATE: Final = "/var/lib/gatehouse"
VOLATILE: Final = "/run/"
"""Made anew at every boot, by systemd-tmpfiles alone."""


class DirectoriesStep(ItemStep):
    """A list of directories; to undo it is to remove the gate's state and configuration."""

    def __init__(self) -> None:
        """Nothing of it depends on the configuration."""
        super().__init__("directories", "state directories", _items, after=_make_volatile, holds_state=True)

    def undo(self, visit: Visit) -> list[str]:
        """Remove what the gate has in them, then put back what was there before."""
        for line in listed(visit):
            if line.path != ROOT_OF_STATE and not JOURNAL.startswith(f"{line.path}/"):
                _empty(visit.host.target(line.path))
        return super().undo(visit)


def listed(visit: Visit) -> list[Directory]:
    """The directories of the list (tmpfiles.d(5), type ``d``), as items."""
    found = []
    for line in visit.data.text(LIST).splitlines():
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        if len(fields) < 5 or fields[0] != "d":
            raise ProvisioningError(f"{LIST}: {line!r} is not a directory with mode, user and group")
        found.append(Directory(fields[1], int(fields[2], 8), fields[3], fields[4]))
    return found


def _items(visit: Visit) -> list[Item]:
    lasting = [one for one in listed(visit) if not one.path.startswith(VOLATILE)]
    return [*shipped(visit, LIST), *lasting]


def _make_volatile(visit: Visit) -> None:
    path = in_force(visit, LIST)
    if visit.host.exists(path):
        visit.host.must("systemd-tmpfiles", "--create", path)


def _empty(directory: Path) -> None:
    if not directory.is_dir():
        return
    for one in directory.iterdir():
        try:
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one)
            else:
                one.unlink()
        except OSError as error:
            raise disk_error(one, "cannot be removed", error) from error
