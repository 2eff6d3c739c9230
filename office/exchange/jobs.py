"""An import in a process of its own, for the desk to watch: it goes on whatever becomes of the page.

imports/TOKEN/   the uploaded files, what the dry run said, how far it is; removed a week later
"""

from __future__ import annotations

import csv
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from msgspec import Struct

from office.errors import OfficeError
from office.exchange.sheets import MAX_FILE_BYTES
from office.exchange.taking_in import MAX_FILES

KEPT_S: Final = 7 * 86_400
SHOWN_PROBLEMS: Final = 200
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_NAME: Final = re.compile(r"[\w \-().\[\]]{1,80}\.(csv|xlsx|toml)", re.IGNORECASE)
_BLOCK: Final = 1 << 20


class JobState(StrEnum):
    """How far a job is."""

    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    IMPORTED = "imported"
    FAILED = "failed"


class JobView(Struct, frozen=True):
    """What the page shows."""

    state: JobState
    what: str
    rows: int
    report: dict[str, Any]
    error: str
    files: list[str]

    @property
    def running(self) -> bool:
        """Whether the page should look again."""
        return self.state in {JobState.CHECKING, JobState.IMPORTING}


class ImportJob:
    """One upload."""

    def __init__(self, office: Path, token: str) -> None:
        """Raises ``OfficeError`` for what is no token."""
        if not _TOKEN.fullmatch(token):
            raise OfficeError("there is no such import")
        self.token = token
        self._office = office
        self._folder = office / "imports" / token

    @classmethod
    def take(cls, office: Path, token: str, uploads: Iterable[tuple[str, IO[bytes]]]) -> ImportJob:
        """Keep uploaded files; raises ``OfficeError`` for a name or size that cannot be imported."""
        job = cls(office, token)
        (job._folder / "files").mkdir(mode=0o700, parents=True)
        for number, (name, upload) in enumerate(uploads):
            if number >= MAX_FILES or not _NAME.fullmatch(name):
                job.forget()
                raise OfficeError(
                    f"{name[:80]}: give at most {MAX_FILES} files named like cards.csv or cards.xlsx"
                )
            with (job._folder / "files" / name).open("wb") as file:
                while block := upload.read(_BLOCK):
                    if file.tell() + len(block) > MAX_FILE_BYTES:
                        job.forget()
                        raise OfficeError(f"{name}: larger than {MAX_FILE_BYTES >> 20} MiB; split it")
                    file.write(block)
        return job

    def start(self, user: str, *, dry_run: bool) -> None:
        """Begin; raises ``OfficeError`` if it runs already."""
        lock = self._lock()
        if lock is None:
            raise OfficeError("this import is running; wait for its end")
        name = "check" if dry_run else "import"
        command = [sys.executable, "-m", "office", "--json", "import", str(self._office)]
        command += [str(one) for one in sorted((self._folder / "files").iterdir())]
        command += ["--as", user, "--batch", f"import-{self.token[:8]}"]
        command += ["--progress", str(self._folder / "progress.json")]
        command += (
            ["--dry-run", "--problems", str(self._folder / "problems.csv")] if dry_run else ["--leave-out"]
        )
        command += [] if dry_run else ["--problems", str(self._folder / "left-out.csv")]
        with (
            (self._folder / f"{name}.json").open("wb") as said,
            (self._folder / f"{name}.error").open("wb") as complained,
        ):
            # The lock goes along with the process, and ends with it.
            process = subprocess.Popen(  # noqa: S603 - our own
                command, stdout=said, stderr=complained, pass_fds=(lock,), start_new_session=True
            )
        os.close(lock)
        threading.Thread(target=process.wait, name="import", daemon=True).start()

    def view(self) -> JobView:
        """How far it is; raises ``OfficeError`` if there is no such import."""
        files = self._folder / "files"
        if not self._folder.is_dir():
            raise OfficeError("there is no such import")
        lock = self._lock()
        if lock is not None:
            os.close(lock)
        name = "import" if (self._folder / "import.json").exists() else "check"
        report, progress = self._json(f"{name}.json"), self._json("progress.json")
        if lock is None:
            state = JobState.IMPORTING if name == "import" else JobState.CHECKING
        elif report:
            state = JobState.IMPORTED if name == "import" else JobState.CHECKED
        else:
            state = JobState.FAILED
        if state is JobState.IMPORTED:
            shutil.rmtree(files, ignore_errors=True)  # names and numbers of people: not longer than needed
        error = self._text(f"{name}.error") if state is JobState.FAILED else ""
        named = sorted(one.name for one in files.iterdir()) if files.is_dir() else []
        return JobView(
            state, str(progress.get("what", "")), int(progress.get("rows", 0)), report, error, named
        )

    def wait(self) -> None:
        """Until it has ended."""
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        finally:
            os.close(handle)

    def problems(self) -> Iterator[dict[str, str]]:
        """The first problems of the dry run."""
        with suppress(FileNotFoundError), self.problems_file().open(encoding="utf-8-sig", newline="") as file:
            yield from islice(csv.DictReader(file), SHOWN_PROBLEMS)

    def problems_file(self) -> Path:
        """Every problem of the dry run, as CSV."""
        return self._folder / "problems.csv"

    def forget(self) -> None:
        """Remove it with its files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _lock(self) -> int | None:
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
            return (self._folder / name).read_text(encoding="utf-8", errors="replace")[-2_000:]
        except FileNotFoundError:
            return ""


def forget_old(office: Path, now_s: float) -> None:
    """Remove uploads of more than a week ago."""
    folder = office / "imports"
    for one in folder.iterdir() if folder.is_dir() else ():
        if now_s - one.stat().st_mtime > KEPT_S:
            shutil.rmtree(one, ignore_errors=True)
