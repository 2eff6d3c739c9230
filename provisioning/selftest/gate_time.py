"""What time it is, and whether maintenance mode is open, as the gate that is stopped now would judge it."""

from __future__ import annotations

from provisioning.selftest.gate_process import as_owner
from terminal import clock
from terminal.clock import Judged, TimeKeeper
from terminal.config import Config
from terminal.maintenance import left_s
from terminal.stores.errors import StoreError
from terminal.stores.time_anchor import believed_time
from terminal.stores.usage_reader import UsageReader


def judged(config: Config, boot: bytes, reading: clock.Reading) -> Judged:
    """By the floor and the office's last word that the sync process has kept."""
    with as_owner(config.sync_dir):
        saved = believed_time(config.sync_dir)
    return TimeKeeper(boot, floor=saved.floor, anchor=saved.anchor).judge(reading)


def in_maintenance(config: Config, boot: bytes, reading: clock.Reading) -> bool:
    """By what the gate has written down; a gate that never ran was in no maintenance."""
    try:
        # What SQLite makes beside the log must be the gate's, not root's.
        with as_owner(config.terminal_dir), UsageReader(config.terminal_dir) as log:
            latches = log.access_state().latches
    except StoreError:
        return False
    return left_s(latches, boot, reading.boottime_ms) > 0
