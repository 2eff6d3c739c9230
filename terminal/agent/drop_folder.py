"""A folder, on a stick maybe: updates that lie there are applied, and the signed log is left there.

Nothing in the folder is believed: an update is judged as if the link had brought it. A
file is tried once; a technician sees beside it what became of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sync.envelope import MAX_ENVELOPE_BYTES, claimed_version
from sync.refusal import ListRefusedError
from sync.update import ListVersion
from terminal.agent.export import log_messages, write_export
from terminal.agent.lists import AgentLists
from terminal.agent.log_source import LogSource
from terminal.list_updates import Taken
from terminal.stores.errors import StoreError

PATTERN: Final = "*.list"
MAX_FILES: Final = 64
ANSWER_SUFFIX: Final = ".answer.txt"

FileName = tuple[str, int, int]
"""Name, size and time of change: the same file is not tried again."""


class DropFolder:
    """Every method is for the worker's thread."""

    def __init__(self, directory: Path, gate_id: int, lists: AgentLists, log: LogSource) -> None:
        self._directory = directory
        self._gate_id = gate_id
        self._lists = lists
        self._log = log
        self._tried: set[FileName] = set()
        self._was_there = False
        self._owes_export = False

    def apply(self) -> Taken | None:
        """Apply what is new; the last update that is in force now. Never raises for what lies there."""
        found = self._found()
        if found is None:
            self._was_there = False
            return None
        fresh = [one for one in found if one[1] not in self._tried]
        arrived, self._was_there = not self._was_there, True
        self._owes_export = self._owes_export or arrived or bool(fresh)
        last = None
        for path, name in sorted(fresh, key=lambda one: _version_of(one[0])):
            self._tried.add(name)
            last = self._take(path) or last
        return last

    def export(self, taken: Taken | None) -> None:
        """Leave the log there, once for each arrival of the folder and for each update.

        ``taken`` is receipted: the gate process decides by it by now.
        """
        if not self._owes_export:
            return
        self._owes_export = False
        path = self._directory / f"gate-{self._gate_id}.events"
        try:
            receipt = None if taken is None else self._lists.receipt(taken)
            write_export(path, log_messages(self._log, after=self._log.acknowledged(), receipt=receipt))
        except StoreError as error:
            self._answer(path, f"no log was written: {error}")

    def _found(self) -> list[tuple[Path, FileName]] | None:
        try:
            if not self._directory.is_dir():
                return None
            paths = sorted(self._directory.glob(PATTERN))[:MAX_FILES]
            return [
                (path, (path.name, stat.st_size, stat.st_mtime_ns))
                for path in paths
                if (stat := path.stat()).st_size <= MAX_ENVELOPE_BYTES
            ]
        except OSError:
            return None  # pulled while we looked

    def _take(self, path: Path) -> Taken | None:
        try:
            taken = self._lists.take(path.read_bytes())
        except ListRefusedError as refused:
            self._answer(path, f"refused, {refused.attack}: {refused}")
            return None
        except (OSError, StoreError) as error:
            self._answer(path, f"not applied: {error}")
            return None
        self._answer(path, f"list {taken.version} is in force" + (" already" if taken.unchanged else ""))
        return taken

    def _answer(self, path: Path, text: str) -> None:
        try:
            path.with_name(path.name + ANSWER_SUFFIX).write_text(
                f"gate {self._gate_id}: {text}\n", encoding="utf-8"
            )
        except OSError:
            return  # a protected stick: the status and the log tell as well


def _version_of(path: Path) -> ListVersion:
    """Older updates first, so that a snapshot and its deltas on one stick are all taken."""
    try:
        return claimed_version(path.read_bytes()) or ListVersion(0, 0)
    except OSError:
        return ListVersion(0, 0)
