"""Judges what a gate keeps on disk: directories, permission list, clock, usage log. Changes nothing."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from sync.records import ClockState
from terminal.clock import Judged
from terminal.config import Config
from terminal.core.rules import Rules
from terminal.findings import Finding, ok, warning, wrong
from terminal.permissions import Permissions
from terminal.stores.errors import StoreError
from terminal.stores.list_index import ListIndex
from terminal.stores.log_epochs import LogEpochs
from terminal.stores.usage_reader import UsageReader

DIRECTORY_MODE = 0o2770
"""Both processes share the group; nobody else may see card numbers."""
GROUP_READ_WRITE = stat.S_IRGRP | stat.S_IWGRP
PRIVATE_KEY = ".key"
"""Ending of the gate's own secrets: for the sync process alone."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_directories(config: Config) -> list[Finding]:
    """Both state directories: there, ours, closed to others, and every file in them open to the group."""
    found = [*_directory(config.terminal_dir), *_directory(config.sync_dir)]
    groups = {path.stat().st_gid for path in (config.terminal_dir, config.sync_dir) if path.is_dir()}
    if len(groups) > 1:
        found.append(
            wrong(str(config.terminal_dir), f"has another group than {config.sync_dir}: chgrp one of them")
        )
    return found


def check_list(config: Config) -> list[Finding]:
    """The list in force, and whether it and the configuration speak of the same doors and readers."""
    permissions = Permissions(
        ListIndex(config.sync_dir),
        lambda _report: None,
        estate_id=config.estate_id,
        gate_id=config.gate.id,
    )
    try:
        permissions.refresh()
        state, rules, fault = permissions.state, permissions.rules, permissions.fault
    finally:
        permissions.close()
    if state is None:
        return [wrong("list", f"every card is refused: {fault}; gatehouse-terminal list apply FILE")]
    found = []
    if fault:
        found.append(wrong("list", f"{fault}; gatehouse-terminal list verify"))
    else:
        found.append(ok("list", f"version {state.head.version}, digest {state.head.digest.hex()[:16]}…"))
    if rules is not None:
        found.append(ok("time zone", str(rules.zone)))
        found.extend(_doors(config, rules))
        found.extend(_readers(config, rules))
    return found


def check_clock(judged: Judged, anchor_fault: str) -> list[Finding]:
    """What the gate would think of the time now; ``anchor_fault``: why the anchor is not believed."""
    found = [warning("clock", anchor_fault)] if anchor_fault else []
    match judged.now.clock:
        case ClockState.TRUSTED:
            found.append(ok("clock", "trusted: confirmed by the office in this boot"))
        case ClockState.SUSPECT:
            found.append(
                warning("clock", "suspect: the system clock, not confirmed by the office since the boot")
            )
        case ClockState.UNKNOWN:
            found.append(
                warning(
                    "clock",
                    "unknown: the system clock is before a time that has surely passed, so schedules do not"
                    " count and some kinds of time-limited cards are refused; set it or connect the office",
                )
            )
    return found


def check_log(config: Config) -> list[Finding]:
    """Whether the usage log can be read by another process."""
    try:
        with UsageReader(config.terminal_dir) as log:
            head = log.head()
    except StoreError as error:
        try:
            first_start = not LogEpochs(config.terminal_dir).any_begun()
        except StoreError as unreadable:
            return [wrong("log", str(unreadable))]
        return (
            [ok("log", "none yet: the first start begins it")] if first_start else [wrong("log", str(error))]
        )
    return [ok("log", f"up to event {head.last.number}, the office has {head.header.acknowledged}")]


def _directory(path: Path) -> Iterator[Finding]:
    try:
        status = path.stat()
    except OSError as error:
        yield wrong(str(path), f"{error.strerror}; make it: install -d -m 2770 -o OWNER -g GROUP {path}")
        return
    if not stat.S_ISDIR(status.st_mode):
        yield wrong(str(path), "is not a directory")
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield wrong(str(path), f"this user may not write here; it belongs to {_owner(status)}")
        return
    mode = stat.S_IMODE(status.st_mode)
    text = f"belongs to {_owner(status)}, mode {mode:04o}"
    if mode == DIRECTORY_MODE:
        yield ok(str(path), text)
    else:
        yield warning(str(path), f"{text}, should be {DIRECTORY_MODE:04o}: chmod {DIRECTORY_MODE:04o} {path}")
    for file in sorted(path.iterdir()):
        yield from _file(file, status.st_gid)


def _file(path: Path, group: int) -> Iterator[Finding]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return  # a running process just removed it
    if path.suffix == PRIVATE_KEY:
        if status.st_mode & OTHERS:
            yield wrong(str(path), f"others than its owner may use this key: chmod 600 {path}")
        return
    if stat.S_ISREG(status.st_mode) and (
        status.st_gid != group or status.st_mode & GROUP_READ_WRITE != GROUP_READ_WRITE
    ):
        mode = stat.S_IMODE(status.st_mode)
        yield wrong(
            str(path),
            f"belongs to {_owner(status)}, mode {mode:04o}: the other process cannot use it;"
            f" chgrp it like its directory and chmod 660 {path}",
        )


def _owner(status: os.stat_result) -> str:
    try:
        user = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        user = str(status.st_uid)
    try:
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    return f"{user}:{group}"


def _doors(config: Config, rules: Rules) -> Iterator[Finding]:
    configured = {door.settings.id: name for name, door in config.doors.items()}
    for number, name in configured.items():
        rule = rules.doors.get(number)
        if rule is None:
            yield wrong(
                f"doors.{name}",
                f"the list does not know door {number}: every card is refused there with fault; correct"
                f" its id in {config.path}, or let the office add it",
            )
        elif rule.dangling:
            missing = ", ".join(rule.dangling)
            yield wrong(
                f"doors.{name}", f"every card is refused there: the list lacks {missing}; tell the office"
            )
        else:
            yield ok(f"doors.{name}", f"door {number} of the list")
    for number in sorted(set(rules.doors) - set(configured)):
        yield warning("list", f"has door {number}, which no section [doors.NAME] of {config.path} has")


def _readers(config: Config, rules: Rules) -> Iterator[Finding]:
    configured = {one.settings.id for one in config.readers.values()}
    for number in sorted(set(rules.mappings) - configured):
        yield warning("list", f"has a rule for reader {number}, which {config.path} does not have")
