"""What time the gate would take it to be, from the files a running gate would ask."""

from __future__ import annotations

from terminal import clock
from terminal.clock import TimeKeeper
from terminal.config import Config
from terminal.stores.time_anchor import Lowered, SavedTime, TimeAnchorError, load_time


def last_lowering(config: Config) -> Lowered | None:
    """The root's last word about the floor, if one was taken."""
    try:
        return load_time(config.sync_dir).lowered
    except TimeAnchorError:
        return None


def time_keeper(config: Config) -> tuple[TimeKeeper, str]:
    """The gate's judge of time, and why its anchor file is not believed (empty if it is)."""
    fault = ""
    try:
        saved = load_time(config.sync_dir)
    except TimeAnchorError as error:
        saved, fault = SavedTime(0, None), str(error)
    keeper = TimeKeeper(clock.boot_id(), floor=saved.floor, anchor=saved.anchor)
    keeper.judge(clock.read())  # time known for certain raises the floor
    return keeper, fault
