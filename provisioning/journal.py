"""The durable record of a visit: which steps began and ended, and what was there before each change.

It is one small file, replaced as a whole, so a power cut leaves it as before or after a change, never torn.
The rule is that of a write-ahead log: first the original is kept and named here, then it is changed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from provisioning.durable import disk_error, make_directory, remove_file, write_file
from provisioning.errors import JournalError
from provisioning.host import MAX_FILE_BYTES, Host
from provisioning.look import Look
from terminal.stores.files import Checkpoint, pass_by

DIRECTORY: Final = "/var/lib/gatehouse/provisioning"
"""Below the state directory: what stays writable when the rest of the disk is not."""
VERSION: Final = 1
MOST_WRITTEN: Final = 16
"""Versions of one file that are known as ours: an interrupted upgrade leaves the one before."""


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """One path that a step changes."""

    step: str
    path: str
    original: Look
    written: tuple[str, ...] = ()
    """`content` of everything that we put there, the newest last; anything else is somebody else's."""
    mixed: bool = False
    """Somebody else changed it between two of our edits: the original lacks those lines."""


class Record(Struct, frozen=True, forbid_unknown_fields=True):
    """All that the journal knows."""

    version: int = VERSION
    unfinished: tuple[str, ...] = ()
    """Steps that began and did not end: a power cut, or an error."""
    finished: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    """In the order in which they were made."""
    board: str = ""
    """The board as it was detected or chosen: a tree that does not run cannot tell it a second time."""


class Journal:
    """The record of one machine, on that machine. Reading it needs no rights but to read."""

    def __init__(self, host: Host, *, checkpoint: Checkpoint = pass_by) -> None:
        """Read what is there. Raises ``JournalError`` where it is not one of ours."""
        self._host = host
        self.checkpoint = checkpoint
        self._lock = -1
        self._record = self._read()

    @property
    def record(self) -> Record:
        """What is known now."""
        return self._record

    def changes_of(self, step: str) -> tuple[Change, ...]:
        """What a step has changed, in that order."""
        return tuple(one for one in self._record.changes if one.step == step)

    def change_of(self, path: str) -> Change | None:
        """Who changed ``path`` first, and what was there before."""
        return next((one for one in self._record.changes if one.path == path), None)

    def open(self) -> None:
        """Make the journal's directory and take its lock, before anything is changed.

        Raises:
            JournalError: another visit is going on.
            DiskError: the disk is full or read-only.
        """
        if self._lock >= 0:
            return
        for inside in self._missing_directories():
            make_directory(self._host.path(inside), mode=0o700 if inside == DIRECTORY else 0o755, owner=None)
        self._take_lock()
        self._record = self._read()

    def close(self) -> None:
        """Let the next visit begin. May be called twice."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def note_board(self, name: str) -> None:
        """Keep which board this is."""
        if name != self._record.board:
            self._store(replace(self._record, board=name))

    def begin(self, step: str) -> None:
        """A step starts to change things."""
        if step not in self._record.unfinished:
            self._store(replace(self._record, unfinished=(*self._record.unfinished, step)))

    def finish(self, step: str) -> None:
        """All of a step is done."""
        finished = self._record.finished
        self._store(
            replace(
                self._record,
                unfinished=_without(self._record.unfinished, step),
                finished=finished if step in finished else (*finished, step),
            )
        )

    def intend(self, intended: list[Change]) -> None:
        """Note originals and what will be written, in one write. An original that is known stays known."""
        changes = {one.path: one for one in self._record.changes}
        for new in intended:
            known = changes.get(new.path)
            if known is None:
                changes[new.path] = new
            else:
                written = tuple(dict.fromkeys((*known.written, *new.written)))[-MOST_WRITTEN:]
                mixed = known.mixed or new.mixed
                changes[new.path] = replace(known, step=new.step, written=written, mixed=mixed)
        if tuple(changes.values()) != self._record.changes:
            self._store(replace(self._record, changes=tuple(changes.values())))

    def forget(self, paths: set[str]) -> None:
        """These paths are as they were before us."""
        if paths:
            kept = tuple(one for one in self._record.changes if one.path not in paths)
            self._store(replace(self._record, changes=kept))

    def forget_step(self, step: str) -> None:
        """All of a step is undone."""
        record = self._record
        if step in record.unfinished or step in record.finished:
            self._store(
                replace(
                    record,
                    unfinished=_without(record.unfinished, step),
                    finished=_without(record.finished, step),
                )
            )

    def keep(self, data: bytes) -> str:
        """Keep the content of an original; returns its name."""
        name = hashlib.sha256(data).hexdigest()
        path = self._host.path(f"{DIRECTORY}/{name}")
        if not path.exists():
            write_file(path, data, mode=0o600, owner=None, at=self.checkpoint)
        return name

    def kept(self, name: str) -> bytes:
        """The content of an original. Raises ``JournalError`` if it is damaged."""
        data = self._host.read(f"{DIRECTORY}/{name}")
        if data is None or hashlib.sha256(data).hexdigest() != name:
            raise JournalError(
                f"{self._host.path(DIRECTORY)}/{name}: the copy of an original file is gone or damaged;"
                " restore that file from a backup, then remove its entry from journal.json beside it"
            )
        return data

    def remove(self) -> None:
        """Take the journal itself away, when nothing of ours is left. Raises ``JournalError`` before that."""
        if self._record.changes or self._record.unfinished:
            raise JournalError(f"{self._file}: still knows of changes that are not undone")
        directory = self._host.path(DIRECTORY)
        if directory.is_dir():
            for one in sorted(directory.iterdir(), key=lambda path: path.name == "journal.json"):
                remove_file(one, at=self.checkpoint)
            with contextlib.suppress(OSError):  # not empty: somebody else's files
                directory.rmdir()
                directory.parent.rmdir()
        self.close()

    @property
    def _file(self) -> Path:
        return self._host.path(f"{DIRECTORY}/journal.json")

    def _read(self) -> Record:
        data = self._host.read(f"{DIRECTORY}/journal.json")
        if data is None:
            return Record()
        try:
            record = msgspec.json.decode(data, type=Record)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise JournalError(
                f"{self._file}: is damaged ({error}); no original can be restored from it: set it aside"
                " (mv) and run apply again"
            ) from error
        if record.version != VERSION:
            raise JournalError(
                f"{self._file}: has format {record.version}, this release knows {VERSION}; use the newer"
                " release"
            )
        return record

    def _store(self, record: Record) -> None:
        data = msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"
        if len(data) > MAX_FILE_BYTES:
            raise JournalError(f"{self._file}: would grow beyond {MAX_FILE_BYTES} bytes")
        write_file(self._file, data, mode=0o600, owner=None, at=self.checkpoint)
        self._record = record

    def _missing_directories(self) -> list[str]:
        parts = DIRECTORY.strip("/").split("/")
        paths = ["/" + "/".join(parts[: count + 1]) for count in range(len(parts))]
        return [one for one in paths if not self._host.target(one).is_dir()]

    def _take_lock(self) -> None:
        path = self._host.path(f"{DIRECTORY}/lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk_error(path, "cannot be opened", error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise JournalError(
                f"{path}: another gatehouse-provision works on this machine; wait for it to end"
            ) from error
        self._lock = handle


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(one for one in names if one != name)
