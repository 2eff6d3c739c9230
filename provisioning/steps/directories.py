"""The state directories, by the list that systemd-tmpfiles goes by at every boot."""

from __future__ import annotations

import contextlib
import shutil
import stat
from pathlib import Path, PurePosixPath
from typing import Final

from provisioning.durable import disk_error
from provisioning.errors import ProvisioningError
from provisioning.item_step import ItemStep
from provisioning.items import Directory, Item
from provisioning.journal import DIRECTORY as JOURNAL
from provisioning.owner import GROUP, SYNC_DIR, TERMINAL_DIR, TERMINAL_USER, USER
from provisioning.step import Condition, State, cannot
from provisioning.steps._shipped import in_force, shipped
from provisioning.visit import Visit

LIST: Final = "tmpfiles.d/gatehouse.conf"
ROOT_OF_STATE: Final = "/var/lib/gatehouse"
_STAYS: Final = frozenset({PurePosixPath(JOURNAL).name, "lost+found"})
"""Of `ROOT_OF_STATE`: the journal that this is written in, and a partition's own. All else is the gate's: the
outcome of a self-test, what a spare was before."""
VOLATILE: Final = "/run/"
"""Made anew at every boot, by systemd-tmpfiles alone."""


class DirectoriesStep(ItemStep):
    """A list of directories; to undo it is to remove the gate's state and configuration."""

    def __init__(self) -> None:
        """Nothing of it depends on the configuration."""
        super().__init__("directories", "state directories", _items, after=_make_volatile, holds_state=True)

    def verify(self, visit: Visit) -> State:
        """Also whether the gate may use the files in them."""
        state = super().verify(visit)
        wrong = _unusable(visit) if state.condition is Condition.DONE else []
        return cannot("; ".join(wrong)) if wrong else state

    def undo(self, visit: Visit) -> list[str]:
        """Remove what the gate has in them, then put back what was there before."""
        paths = [line.path for line in listed(visit)]
        within = {PurePosixPath(one).name for one in paths if one.startswith(f"{ROOT_OF_STATE}/")}
        for path in paths:
            _empty(visit.host.target(path), keep=_STAYS | within if path == ROOT_OF_STATE else frozenset())
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


def _unusable(visit: Visit) -> list[str]:
    """Files of the gate's state that its users cannot use, or that others can; no link is followed."""
    host = visit.host
    owners = {host.user_id(one) for one in (TERMINAL_USER, USER)}
    if not host.sets_owners:
        return []
    found = []
    for inside in (TERMINAL_DIR, SYNC_DIR):
        for one in sorted(host.target(inside).iterdir()):
            with contextlib.suppress(FileNotFoundError):  # a running gate has just removed it
                status = one.lstat()
                if stat.S_ISLNK(status.st_mode):
                    found.append(f"{one}: is a link, which no gate makes: remove it")
                elif status.st_uid not in owners:
                    owner = f"{USER if inside == SYNC_DIR else TERMINAL_USER}:{GROUP}"
                    found.append(f"{one}: belongs to user {status.st_uid}: chown -h {owner} {one}")
                elif status.st_mode & stat.S_IRWXO:
                    found.append(f"{one}: is open to everybody: chmod o= {one}")
    return found


def _empty(directory: Path, *, keep: frozenset[str]) -> None:
    if not directory.is_dir():
        return
    for one in [one for one in directory.iterdir() if one.name not in keep]:
        try:
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one)
            else:
                one.unlink()
        except OSError as error:
            raise disk_error(one, "cannot be removed", error) from error
