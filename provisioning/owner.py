"""To whom the sync side's state belongs, and being that user while it is read or made."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Final

from provisioning.capabilities import pass_directories
from provisioning.host import Host
from provisioning.site_bundle import SYNC_DIR
from sync.gate_key import KEY_FILE, load

USER: Final = "gatehouse-sync"
GROUP: Final = "gatehouse"


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
    if owner is None:
        yield
        return
    mine = (os.geteuid(), os.getegid())
    os.setegid(owner[1])
    os.seteuid(owner[0])
    try:
        pass_directories()
        yield
    finally:
        os.seteuid(mine[0])
        os.setegid(mine[1])


def own_public(host: Host) -> bytes | None:
    """The gate's own public key; ``None`` before it has one. Raises ``GateKeyError``."""
    with as_owner(host):
        key = load(host.path(SYNC_DIR) / KEY_FILE)
    return None if key is None else key.public
