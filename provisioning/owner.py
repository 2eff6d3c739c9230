"""To whom the sync side's state belongs, and being that user while it is read or made."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provisioning.capabilities import pass_directories
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from sync.gate_key import KEY_FILE, load

TERMINAL_DIR: Final = "/var/lib/gatehouse/terminal"
SYNC_DIR: Final = "/var/lib/gatehouse/sync"
TERMINAL_USER: Final = "gatehouse-terminal"
USER: Final = "gatehouse-sync"
GROUP: Final = "gatehouse"


def sync_dir(host: Host) -> Path:
    """Where the sync side keeps its state; a link there never leads out of a tree."""
    return host.target(SYNC_DIR)


def refuse_without_users(host: Host) -> None:
    """Raise ``ProvisioningError`` without the gate's users: what root makes no gate could use."""
    missing = [one for one in (TERMINAL_USER, USER) if host.user_id(one) is None]
    missing += [] if host.group_id(GROUP) is not None else [f"group {GROUP}"]
    if missing:
        raise ProvisioningError(
            f"this machine lacks {', '.join(missing)}: set it up first: gatehouse-provision apply"
        )


def owner_of(host: Host, user: str, group: str = GROUP) -> tuple[int, int] | None:
    """Numbers of a user and a group of the machine; ``None`` where we may give nothing away, or lack one."""
    if not host.sets_owners:
        return None
    uid = 0 if user == "root" else host.user_id(user)
    gid = host.group_id(group)
    return None if uid is None or gid is None else (uid, gid)


@contextlib.contextmanager
def as_owner(host: Host) -> Iterator[None]:
    """Be the user to whom the sync side's files belong: a key that root had made nobody else could use.

    A tree may lie below a directory of root's alone (``/root``); the way to it stays open.
    """
    owner = owner_of(host, USER)
    with acting_as(*owner) if owner is not None else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def acting_as(uid: int, gid: int) -> Iterator[None]:
    """Be another user, with their group and none of root's: what they may not write, nobody writes here."""
    mine, groups = (os.geteuid(), os.getegid()), os.getgroups()
    try:
        if groups:
            os.setgroups([])
        os.setegid(gid)
        os.seteuid(uid)
        pass_directories()
        yield
    finally:
        os.seteuid(mine[0])
        os.setegid(mine[1])
        if groups:
            os.setgroups(groups)


def own_public(host: Host) -> bytes | None:
    """The gate's own public key; ``None`` before it has one. Raises ``GateKeyError``."""
    with as_owner(host):
        key = load(sync_dir(host) / KEY_FILE)
    return None if key is None else key.public
