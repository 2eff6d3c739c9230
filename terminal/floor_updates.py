"""How the root's word that a gate's time floor is too high comes into force at a gate.

The one way in, whatever brought the bytes. Only who writes the sync state may do it: the
list store, whose lock it holds, is the proof.
"""

from __future__ import annotations

from typing import Final

from sync.chain import Anchor
from sync.statements.authority import Authority
from sync.statements.floor_lowering import verify_floor_lowering
from sync.update import ListVersion
from terminal.stores.list_store import ListStore
from terminal.stores.time_anchor import Lowered, SavedTime, TimeAnchorError, load_time, save_time

MAX_LOWERING_BYTES: Final = 1 << 14
"""More than `verify_floor_lowering` takes; for who reads one from a file."""


def take_lowering(store: ListStore, anchor: Anchor, data: bytes) -> Lowered:
    """Lower the floor as the received bytes say, and forget the office's answers from before.

    The gate process takes it over at its next look; a running sync side must lower its
    own `TimeKeeper` (``lower_floor(lowered.floor, None)``).

    Raises:
        StatementError: by the attack's name; nothing changes.
        StoreError: disk full, read-only, list damaged …; nothing changes.
    """
    try:
        known = load_time(store.directory).lowered
    except TimeAnchorError:
        # The gate process remembers the last serial, too, and takes no earlier one.
        known = None
    lowering = verify_floor_lowering(
        data, Authority(anchor), last_serial=0 if known is None else known.serial
    )
    current = store.current()
    version = ListVersion(0, 0) if current is None else current.version
    lowered = Lowered(lowering.serial, lowering.floor, version)
    save_time(store.directory, SavedTime(lowering.floor, None, lowered))
    return lowered
