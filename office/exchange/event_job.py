"""Events as a workbook, made in a process of its own and kept for a day for whoever asked for them.

exports/TOKEN/   events.xlsx, who asked, how far it is
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

from msgspec import Struct

from office.errors import OfficeError
from office.exchange.background import Background, forget_old
from office.files import PRIVATE, write_atomic

KEPT_S: Final = 86_400
"""It says who went where: not longer than it takes to fetch it."""
_NAME: Final = "export"


class ExportState(StrEnum):
    """How far an export is."""

    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class ExportView(Struct, frozen=True):
    """What the page shows."""

    state: ExportState
    rows: int
    error: str


class ExportJob:
    """One export."""

    def __init__(self, office: Path, token: str) -> None:
        """Raises ``OfficeError`` for what is no token."""
        self._office = office
        self._work = Background(office / "exports", token)

    @property
    def file(self) -> Path:
        """The workbook."""
        return self._work.folder / "events.xlsx"

    def start(self, user: str, query: str, language: str, now_s: float) -> None:
        """Begin, for this member of staff; old ones are removed."""
        forget_old(self._office / "exports", now_s, KEPT_S)
        self._work.folder.mkdir(mode=0o700, parents=True)
        write_atomic(self._work.folder / "user", user.encode(), mode=PRIVATE)
        command = ["export", str(self._office), str(self.file), "--events", query, "--as", user]
        self._work.start(
            _NAME, [*command, "--language", language, "--progress", str(self._work.progress_file)]
        )

    def view(self, user: str) -> ExportView:
        """How far it is; raises ``OfficeError`` if this member of staff has asked for no such export."""
        try:
            asked_by = (self._work.folder / "user").read_text(encoding="utf-8")
        except OSError:
            asked_by = ""
        if asked_by != user:
            raise OfficeError("there is no such export")
        rows = int(self._work.progress().get("rows", 0))
        if self._work.running():
            return ExportView(ExportState.RUNNING, rows, "")
        if report := self._work.report(_NAME):
            return ExportView(ExportState.READY, int(report["rows"]), "")
        return ExportView(ExportState.FAILED, rows, self._work.complaint(_NAME))

    def wait(self) -> None:
        """Until it has ended."""
        self._work.wait()
