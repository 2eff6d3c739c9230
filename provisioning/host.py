"""The machine that is set up: its files, its accounts and, where it is the running one, its commands."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from provisioning.durable import disk_error
from provisioning.errors import DiskError, ProvisioningError

MOST_LINKS: Final = 40
"""As the kernel's own limit (path_resolution(7))."""
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
"""No file that is set up is larger; accounts of a whole company fit."""
MANY_FILES: Final = 1_000_000
COMMAND_LIMIT_S: Final = 90.0
"""systemd itself gives a service so long to start."""


class Ran(Struct, frozen=True):
    """What became of a command."""

    code: int
    output: str
    """Output and errors, in the order they came."""

    @property
    def ok(self) -> bool:
        """Whether the command ended well."""
        return self.code == 0


class Space(Struct, frozen=True):
    """Room on a file system."""

    free_bytes: int
    free_files: int
    read_only: bool


class Host:
    """Paths are those inside the machine, absolute; a tree's links never lead out of it."""

    def __init__(self, root: Path = Path("/")) -> None:
        """``root``: ``/`` is the running machine, anything else a mounted image or a tree."""
        self.root = root.resolve()
        self.live = self.root == Path("/")
        """Whether this is the running machine: services can be asked and started."""

    def path(self, inside: str) -> Path:
        """Where ``inside`` lies for us, links in its parents followed as the machine itself would.

        The last component is not followed: a link there is what is looked at or replaced.
        """
        return self._followed(inside, last=False)

    def target(self, inside: str) -> Path:
        """Like `path`, with the last component followed too: the file that is meant in the end.

        Both raise ``DiskError`` where a directory on the way is closed to us.
        """
        return self._followed(inside, last=True)

    def read(self, inside: str) -> bytes | None:
        """Content of a file; ``None`` if there is none. Raises ``DiskError``."""
        path = self.target(inside)
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise disk_error(path, "cannot be read", error) from error
        if len(data) > MAX_FILE_BYTES:
            raise DiskError(f"{path}: larger than {MAX_FILE_BYTES} bytes; this is not the file that is meant")
        return data

    def text(self, inside: str) -> str:
        """Content as text, empty if there is none; bytes that are no UTF-8 survive a round trip."""
        return (self.read(inside) or b"").decode("utf-8", "surrogateescape")

    def exists(self, inside: str) -> bool:
        """Whether something is there (a link counts by what it leads to). Raises ``DiskError``."""
        path = self.target(inside)
        try:
            return path.exists()
        except OSError as error:
            raise disk_error(path, "cannot be looked at", error) from error

    def user_id(self, name: str) -> int | None:
        """Number of a user of this machine, by its own /etc/passwd; ``None``: no such user."""
        return self._number("/etc/passwd", name)

    def group_id(self, name: str) -> int | None:
        """Number of a group of this machine; ``None``: no such group."""
        return self._number("/etc/group", name)

    def space(self, inside: str) -> Space:
        """Room on the file system that ``inside`` lies on, or will lie on. Raises ``DiskError``."""
        path = self.target(inside)
        while not path.exists() and path != self.root:
            path = path.parent
        try:
            told = os.statvfs(path)
        except OSError as error:
            raise disk_error(path, "cannot be looked at", error) from error
        # A file system without a fixed number of files (btrfs, FAT) tells 0 of 0.
        files = told.f_favail if told.f_files else MANY_FILES
        return Space(told.f_bavail * told.f_frsize, files, bool(told.f_flag & os.ST_RDONLY))

    @property
    def sets_owners(self) -> bool:
        """Whether we may give files away; without root a tree is set up as the user who does it."""
        return os.geteuid() == 0

    def run(self, *command: str, limit_s: float = COMMAND_LIMIT_S) -> Ran:
        """Run a program of the machine that we are on. Raises ``ProvisioningError`` if there is none."""
        try:
            done = subprocess.run(  # noqa: S603 - commands are our own constants, paths are checked values
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=limit_s,
                check=False,
                # A Ctrl-C at the terminal is for us alone: we decide what becomes of what runs.
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": ""},
            )
        except FileNotFoundError as error:
            raise ProvisioningError(
                f"{command[0]}: no such program here; it is part of every Debian with systemd"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise ProvisioningError(f"{' '.join(command)}: did not end within {limit_s:g} s") from error
        return Ran(done.returncode, done.stdout.decode("utf-8", "replace").strip())

    def must(self, *command: str, limit_s: float = COMMAND_LIMIT_S) -> str:
        """Like `run`, where only success will do; returns the output. Raises ``ProvisioningError``."""
        ran = self.run(*command, limit_s=limit_s)
        if not ran.ok:
            raise ProvisioningError(f"{' '.join(command)}: exit code {ran.code}: {ran.output[-500:]}")
        return ran.output

    def _number(self, file: str, name: str) -> int | None:
        for line in self.text(file).splitlines():
            fields = line.split(":")
            if fields[0] == name and len(fields) > 2 and fields[2].isdecimal():
                return int(fields[2])
        return None

    def _followed(self, inside: str, *, last: bool) -> Path:
        try:
            return self._follow(inside, last=last)
        except OSError as error:
            raise disk_error(Path(inside), "cannot be looked at", error) from error

    def _follow(self, inside: str, *, last: bool) -> Path:
        if not inside.startswith("/"):
            raise ValueError(f"{inside!r} is not absolute")
        waiting = list(reversed(PurePosixPath(inside).parts[1:]))
        found: list[str] = []
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                del found[-1:]
                continue
            here = self.root.joinpath(*found, part)
            if not here.is_symlink() or (not waiting and not last):
                found.append(part)
                continue
            links += 1
            if links > MOST_LINKS:
                raise ProvisioningError(f"{inside}: its links lead in a circle; see {here}")
            aim = PurePosixPath(here.readlink())
            if aim.is_absolute():
                found.clear()
            waiting.extend(reversed([one for one in aim.parts if one != "/"]))
        return self.root.joinpath(*found)
