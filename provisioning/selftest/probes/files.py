"""Owners and modes: state that both processes can use, secrets that nobody else can read."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from provisioning.selftest.visit import Visit, failed, passed, skipped
from sync.as_built import Check
from sync.gate_key import KEY_FILE
from terminal.check_state import check_directories
from terminal.findings import Verdict


def probe(visit: Visit) -> Iterator[Check]:
    """The directories as `check` judges them, then the two files that nobody else may change or read."""
    config = visit.config
    wrong = [one for one in check_directories(config) if one.verdict is not Verdict.OK]
    told = [f"{one.what}: {one.text}" for one in wrong]
    yield (
        failed("files.state", "; ".join(told))
        if told
        else passed("files.state", "owners and modes are right")
    )
    yield _private("files.key", config.sync_dir / KEY_FILE)
    yield _unchanged_by_others("files.config", config.path)


def _private(check: str, path: Path) -> Check:
    try:
        mode = stat.S_IMODE(path.lstat().st_mode)
    except FileNotFoundError:
        return skipped(check, "the gate has no key yet: its sync service makes one when it first starts")
    except OSError as error:
        return failed(check, f"{path}: {error.strerror}")
    if mode & 0o077:
        return failed(
            check,
            f"{path} has mode {mode:04o}: others may have read this gate's key; chmod 600, tell the office",
        )
    return passed(check, "only its owner reads the gate's key")


def _unchanged_by_others(check: str, path: Path) -> Check:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return failed(check, f"{path}: {error.strerror}")
    if mode & stat.S_IWOTH:
        return failed(check, f"{path} has mode {mode:04o}: anybody may change it; chmod o-w {path}")
    return passed(check, f"mode {mode:04o}")
