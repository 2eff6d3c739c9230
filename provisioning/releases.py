"""The releases on a gate: which one serves, which one served before, and one that is on trial.

``/opt/gatehouse/releases/VERSION`` is one release; ``current`` and ``previous`` are links. A release is
whole once its file ``complete`` is there, written last. A switch is a renamed link: after a power cut
the old or the new one serves, never none. ``trial.json`` is written before the switch and removed
after the verdict, so that a trial goes on after a power cut (docs/package.md).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from provisioning.durable import disk_error, make_link, remove_file, write_file
from provisioning.errors import ProvisioningError
from terminal.stores.errors import StoreError
from terminal.stores.files import Checkpoint, pass_by, read_small

HOME: Final = Path("opt/gatehouse")
COMPLETE: Final = "complete"
TRIAL: Final = "trial.json"
REFUSED: Final = "refused.json"
CURRENT: Final = "current"
PREVIOUS: Final = "previous"
MAX_NOTE_BYTES: Final = 4096
VERSION: Final = re.compile(r"[0-9][0-9A-Za-z.+~]{0,40}", re.ASCII)
"""What Debian allows in a version without an epoch or a revision; nothing in it leads out of a directory."""


class ReleaseError(ProvisioningError):
    """A release cannot be switched to or gone back to; the text says why."""


class Trial(Struct, frozen=True, omit_defaults=True):
    """A new release that has to prove itself.

    It writes this, and the release before reads it, passing over what it does not know.
    """

    version: str
    previous: str
    """Serves again if it does not."""
    judged: int = 0
    """How often somebody has begun to judge; a release that takes the machine down is not tried for ever."""
    services: tuple[str, ...] = ()
    """Judged by these alone, others were unwell before; none: by all."""


class Refused(Struct, frozen=True, forbid_unknown_fields=True):
    """The release that was last rolled back."""

    version: str
    reason: str


Note = TypeVar("Note", Trial, Refused)


class Releases:
    """The releases below a root: ``/`` on a gate, a mounted image, or a tree."""

    def __init__(self, root: Path, *, checkpoint: Checkpoint = pass_by) -> None:
        self.home = root / HOME
        self._checkpoint = checkpoint

    def there(self) -> list[str]:
        """Every whole release."""
        folders = (self.home / "releases").glob("*/" + COMPLETE)
        return sorted(one.parent.name for one in folders)

    def current(self) -> str | None:
        """The one that serves."""
        return self._named(CURRENT)

    def previous(self) -> str | None:
        """The one that can be gone back to; ``None`` after that was done."""
        before = self._named(PREVIOUS)
        return before if before != self.current() else None

    def trial(self) -> Trial | None:
        """The trial under way; a note that makes no sense is none, and is in nobody's way."""
        return self._note(TRIAL, Trial)

    def refused(self) -> Refused | None:
        """What was last rolled back, until a release stands its trial."""
        return self._note(REFUSED, Refused)

    def require(self, version: str) -> None:
        """Raise ``ReleaseError`` unless this release is there and whole."""
        if VERSION.fullmatch(version) is None or version not in self.there():
            there = ", ".join(self.there()) or "none"
            raise ReleaseError(
                f"{self.home}/releases: there is no whole release {version!r} (there: {there})"
            )

    def switch(self, version: str, *, on_trial: bool, services: tuple[str, ...] = ()) -> bool:
        """Let ``version`` serve from now on; False if it does already. ``services``: see `Trial`.

        Raises:
            ReleaseError: it is not there or not whole, or another one is on trial.
            DiskError: the links cannot be made; here and below.
        """
        self.require(version)
        running, serving = self.trial(), self.current()
        if version == serving:
            return False
        if running is not None and running.version == serving:
            raise ReleaseError(
                f"release {running.version} is on trial: wait for its verdict, or roll back first"
            )
        if serving is not None:
            # First: by the note alone the check would start a program that is not there, again and again.
            self._link(PREVIOUS, serving)
            if on_trial:
                self._write(TRIAL, Trial(version, serving, services=services))
        self._link(CURRENT, version)
        return True

    def begin_judging(self) -> Trial | None:
        """The trial to be judged, counted once more; ``None`` if the switch to it was never made."""
        trial = self.trial()
        if trial is None or trial.version != self.current():
            self._forget(TRIAL)
            return None
        trial = replace(trial, judged=trial.judged + 1)
        self._write(TRIAL, trial)
        return trial

    def accept(self) -> None:
        """The release on trial stays; older ones than the previous go."""
        self._forget(REFUSED)
        self._forget(TRIAL)
        self.prune()

    def go_back(self, reason: str) -> str:
        """Let the release before serve again; returns its version.

        Raises:
            ReleaseError: there is none.
        """
        serving, before = self.current(), self.previous()
        if before is None or before not in self.there():
            raise ReleaseError(f"{self.home}/{PREVIOUS}: there is no release to go back to")
        self._write(REFUSED, Refused(serving or "", reason[:1000]))
        self._link(CURRENT, before)
        self._forget(TRIAL)
        return before

    def prune(self) -> None:
        """Remove every release that is neither current nor previous, and what never became whole."""
        keep = {self.current(), self.previous()}
        for folder in (self.home / "releases").iterdir():
            if folder.name not in keep:
                remove_file(folder / COMPLETE, at=self._checkpoint)  # first: half a release is none
                try:
                    shutil.rmtree(folder)
                except OSError as error:
                    raise disk_error(folder, "cannot be removed", error) from error

    def _named(self, name: str) -> str | None:
        try:
            return (self.home / name).readlink().name
        except OSError:
            return None

    def _link(self, name: str, version: str) -> None:
        # relative: it holds in a mounted image, too
        make_link(self.home / name, f"releases/{version}", at=self._checkpoint)

    def _write(self, name: str, note: Trial | Refused) -> None:
        write_file(self.home / name, msgspec.json.encode(note), mode=0o644, owner=None, at=self._checkpoint)

    def _forget(self, name: str) -> None:
        if (self.home / name).exists():
            remove_file(self.home / name, at=self._checkpoint)

    def _note(self, name: str, kind: type[Note]) -> Note | None:
        try:
            data = read_small(self.home / name, max_bytes=MAX_NOTE_BYTES)
            return None if data is None else msgspec.json.decode(data, type=kind)
        except (StoreError, msgspec.DecodeError):
            return None
