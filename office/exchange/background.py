"""A piece of work in a process of its own, for the desk to watch: it goes on whatever becomes of the page.

lock             held by the process, and let go of with its end, whatever that is
NAME.json        what it said at its end; NAME.error: what it complained of
progress.json    how far it is
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from office.errors import OfficeError

_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_MOST_SAID: Final = 2_000
"""Characters of a report or complaint that are read."""


class Background:
    """One piece of work and its folder."""

    def __init__(self, home: Path, token: str) -> None:
        """Raises ``OfficeError`` for what is no token."""
        if not _TOKEN.fullmatch(token):
            raise OfficeError("there is no such work")
        self.folder = home / token

    @property
    def progress_file(self) -> Path:
        """Where the process says how far it is."""
        return self.folder / "progress.json"

    def start(self, name: str, command: Sequence[str]) -> None:
        """Begin ``python -m office COMMAND``; raises ``OfficeError`` if something runs already."""
        while (lock := self._lock(fcntl.LOCK_EX)) is None:
            if self.running():  # and not somebody who had a look
                raise OfficeError(_("This is running. Wait for its end."))
        try:
            with (
                (self.folder / f"{name}.json").open("wb") as said,
                (self.folder / f"{name}.error").open("wb") as complained,
            ):
                # The lock goes along with the process, and ends with it.
                process = subprocess.Popen(  # noqa: S603 - our own
                    [sys.executable, "-m", "office", "--json", *command],
                    stdout=said,
                    stderr=complained,
                    pass_fds=(lock,),
                    start_new_session=True,
                )
        finally:
            os.close(lock)
        threading.Thread(target=process.wait, name="background", daemon=True).start()

    def running(self) -> bool:
        """Whether a process is at it."""
        lock = self._lock(fcntl.LOCK_SH)  # two who look at once do not see each other
        if lock is not None:
            os.close(lock)
        return lock is None

    def wait(self) -> None:
        """Until it has ended."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        finally:
            os.close(handle)

    def has(self, name: str) -> bool:
        """Whether this was begun."""
        return (self.folder / f"{name}.json").exists()

    def report(self, name: str) -> dict[str, Any]:
        """What it said at its end; empty: it has not ended, or badly."""
        return self._json(f"{name}.json")

    def progress(self) -> dict[str, Any]:
        """How far it is."""
        return self._json("progress.json")

    def complaint(self, name: str) -> str:
        """What it complained of."""
        return self._text(f"{name}.error")

    def forget(self) -> None:
        """Remove it with its files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _lock(self, kind: int) -> int | None:
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads(self._text(name))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _text(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8", errors="replace")[-_MOST_SAID:]
        except FileNotFoundError:
            return ""


def forget_old(home: Path, now_s: float, kept_s: float) -> None:
    """Remove the folders of work that began longer ago."""
    for one in home.iterdir() if home.is_dir() else ():
        if now_s - one.stat().st_mtime > kept_s:
            shutil.rmtree(one, ignore_errors=True)
