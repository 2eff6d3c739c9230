"""An import in a process of its own, for the desk to watch (`office.exchange.background`).

imports/TOKEN/   the uploaded files, what the dry run said, how far it is; removed a week later
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from django.utils.translation import gettext as _
from msgspec import Struct

from office.errors import OfficeError
from office.exchange import background
from office.exchange.background import Background
from office.exchange.sheets import MAX_FILE_BYTES
from office.exchange.taking_in import MAX_FILES

KEPT_S: Final = 7 * 86_400
SHOWN_PROBLEMS: Final = 200
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
        self.token = token
        self._office = office
        self._work = Background(office / "imports", token)
        self._folder = self._work.folder

    @classmethod
    def take(cls, office: Path, token: str, uploads: Iterable[tuple[str, IO[bytes]]]) -> ImportJob:
        """Keep uploaded files; raises ``OfficeError`` for a name or size that cannot be imported."""
        job = cls(office, token)
        (job._folder / "files").mkdir(mode=0o700, parents=True)
        for number, (name, upload) in enumerate(uploads):
            if number >= MAX_FILES or not _NAME.fullmatch(name):
                job.forget()
                raise OfficeError(
                    _("%(file)s: give at most %(most)s files named like cards.csv or cards.xlsx")
                    % {"file": name[:80], "most": MAX_FILES}
                )
            with (job._folder / "files" / name).open("wb") as file:
                while block := upload.read(_BLOCK):
                    if file.tell() + len(block) > MAX_FILE_BYTES:
                        job.forget()
                        raise OfficeError(
                            _("%(file)s: larger than %(most)s MiB; split it")
                            % {"file": name, "most": MAX_FILE_BYTES >> 20}
                        )
                    file.write(block)
        return job

    def start(self, user: str, *, dry_run: bool) -> None:
        """Begin; raises ``OfficeError`` if it runs already."""
        command = ["import", str(self._office)]
        command += [str(one) for one in sorted((self._folder / "files").iterdir())]
        command += ["--as", user, "--batch", f"import-{self.token[:8]}"]
        command += ["--progress", str(self._work.progress_file)]
        command += (
            ["--dry-run", "--problems", str(self._folder / "problems.csv")] if dry_run else ["--leave-out"]
        )
        command += [] if dry_run else ["--problems", str(self._folder / "left-out.csv")]
        self._work.start("check" if dry_run else "import", command)

    def view(self) -> JobView:
        """How far it is; raises ``OfficeError`` if there is no such import."""
        files = self._folder / "files"
        if not self._folder.is_dir():
            raise OfficeError("there is no such import")
        running = self._work.running()
        name = "import" if self._work.has("import") else "check"
        report, progress = self._work.report(name), self._work.progress()
        if running:
            state = JobState.IMPORTING if name == "import" else JobState.CHECKING
        elif report:
            state = JobState.IMPORTED if name == "import" else JobState.CHECKED
        else:
            state = JobState.FAILED
        if state is JobState.IMPORTED:
            shutil.rmtree(files, ignore_errors=True)  # names and numbers of people: not longer than needed
        error = self._work.complaint(name) if state is JobState.FAILED else ""
        named = sorted(one.name for one in files.iterdir()) if files.is_dir() else []
        return JobView(
            state, str(progress.get("what", "")), int(progress.get("rows", 0)), report, error, named
        )

    def wait(self) -> None:
        """Until it has ended."""
        self._work.wait()

    def problems(self) -> Iterator[dict[str, str]]:
        """The first problems of the dry run."""
        with suppress(FileNotFoundError), self.problems_file().open(encoding="utf-8-sig", newline="") as file:
            yield from islice(csv.DictReader(file), SHOWN_PROBLEMS)

    def problems_file(self) -> Path:
        """Every problem of the dry run, as CSV."""
        return self._folder / "problems.csv"

    def forget(self) -> None:
        """Remove it with its files."""
        self._work.forget()


def forget_old(office: Path, now_s: float) -> None:
    """Remove uploads of more than a week ago."""
    background.forget_old(office / "imports", now_s, KEPT_S)
