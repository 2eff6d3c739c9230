"""``python -m office hub as-built``: the office takes in what a technician built in and tested."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from office.errors import OfficeError
from office.hub.as_built_intake import take_as_built
from office.hub.store import HubStore
from sync.as_built import MAX_FILE_BYTES, Result
from sync.as_built_text import as_built_text

Report = dict[str, object]


def add_as_built(command: argparse.ArgumentParser) -> None:
    """Options of ``hub as-built``."""
    command.add_argument("file", type=Path, help="as-built.json, from the technician")
    command.add_argument("--page", type=Path, metavar="FILE", help="write it there as a page to print, too")


def as_built(options: argparse.Namespace, now: int) -> Report:
    """Verify the file, keep it, and tell what has changed since the last visit."""
    data = _read(options.file)
    with contextlib.closing(HubStore(options.store)) as store:
        taken = take_as_built(store, data, now)
    if options.page is not None:
        _write(options.page, as_built_text(taken.built) + "\n")
    built = taken.built
    report: Report = {"gate": built.gate_id, "made_at": built.made_at, "new": taken.is_new}
    report |= {one.value: built.count(one) for one in Result}
    report |= {f"failed {one.name}": one.text for one in built.checks if one.result is Result.FAILED}
    if built.simulated:
        report["simulated"] = "this proves no wiring"
    if taken.overtaken:
        report["overtaken"] = "a later visit's file is here already"
    if taken.differences is None:
        return report | {"changes": "none to compare with: this is the first visit that is known"}
    report["changes"] = len(taken.differences)
    return report | {f"changed {one.what}": f"{one.before} -> {one.after}" for one in taken.differences}


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise OfficeError(f"{path}: cannot be read ({error.strerror})") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OfficeError(f"{path}: cannot be written ({error.strerror})") from error
