"""A booted Debian in a container of systemd's own: real units, real users, real dpkg. Needs root.

The plain tree is made once (mmdebstrap) and kept outside of the repository; containers are layers upon it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

import pytest
from msgspec import Struct

from tests.support.machine_limits import no_containers
from tests.support.waiting import until


class Suite(Struct, frozen=True):
    """A release of Debian that gates run on."""

    name: str
    python: str
    more: str = ""
    """Packages of it that a test needs besides."""


BOOKWORM: Final = Suite("bookworm", "3.11")
TRIXIE: Final = Suite("trixie", "3.13", ",polkitd,pcscd")
"""Its pcscd is the one that asks polkit."""
PACKAGES: Final = "systemd,systemd-sysv,dbus,python3,tzdata,udev,iproute2"
DEBIAN: Final = "http://deb.debian.org/debian"
BOOT_WITHIN_S: Final = 60.0
WITHIN_S: Final = 30.0
_TOOLS: Final = ("systemd-nspawn", "mmdebstrap", "nsenter", "dpkg-deb")
_BOOT: Final = (
    "--quiet",
    "--register=no",  # there is no machined here
    "--keep-unit",
    "--private-network",
    "--console=pipe",
    "--boot",
)


def plain_tree(suite: Suite = BOOKWORM) -> Path:
    """The tree that containers are layers upon; skips the test where it cannot be had."""
    if os.geteuid() != 0:
        no_containers("it needs root")
    if missing := [one for one in _TOOLS if shutil.which(one) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gatehouse"
    packages = PACKAGES + suite.more
    tree = cache / f"{suite.name}-{sha256(packages.encode()).hexdigest()[:12]}"
    if not tree.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        new = tree.with_suffix(f".{os.getpid()}")
        # The main archive alone: a mirror of another one that is out of step would make no tree at all.
        archive = f"deb {os.environ.get('GATEHOUSE_DEBIAN', DEBIAN)} {suite.name} main"
        done = subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", suite.name, new, archive],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(new, ignore_errors=True)
            no_containers(f"no tree of Debian {suite.name} can be made: {done.stderr[-500:]}")
        # No network in it and nobody on a console: these only make the boot slow.
        for unit in ("systemd-networkd-wait-online.service", "console-getty.service"):
            (new / "etc/systemd/system" / unit).symlink_to("/dev/null")
        (new / "etc/machine-id").write_text("uninitialized\n")
        new.rename(tree)
    return tree


class Workshop:
    """Writable trees upon plain ones, in memory: made at once, gone with the end of the block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mounted: list[Path] = []

    def __enter__(self) -> Self:
        self._mount("-t", "tmpfs", "-o", "mode=755", "gatehouse-containers", at=self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        for one in reversed(self._mounted):
            subprocess.run(["umount", "--lazy", one], check=True)

    def tree(self, name: str, *layers: Path) -> Path:
        """A tree of its own, ``name``, upon these layers (the topmost first)."""
        top, work, root = self.changes(name), self._folder / f"{name}.work", self._folder / name
        for one in (top, work, root):
            one.mkdir()
        lower = ":".join(map(str, layers))
        self._mount(
            "-t", "overlay", "-o", f"lowerdir={lower},upperdir={top},workdir={work}", "overlay", at=root
        )
        return root

    def copy(self, name: str) -> Path:
        """What tree ``name`` has changed up to now, also while it runs: as a power cut would leave it."""
        copied = self._folder / f"{name}.copy"
        subprocess.run(["cp", "--archive", self.changes(name), copied], check=True)
        return copied

    def disk(self, name: str) -> Path:
        """A file system of its own, for `Container.boot` to mount beside a tree."""
        made = self._folder / f"{name}.disk"
        made.mkdir()
        self._mount("-t", "tmpfs", "-o", "mode=755", "gatehouse-disk", at=made)
        return made

    def changes(self, name: str) -> Path:
        """What tree ``name`` has changed: a layer for others, once it is switched off."""
        return self._folder / f"{name}.changes"

    def _mount(self, *words: str, at: Path) -> None:
        done = subprocess.run(["mount", *words, at], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            no_containers(done.stderr.strip())
        self._mounted.append(at)


class Container:
    """One booted tree, without a network. Its files can be looked at from outside."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def boot(self, *options: str) -> None:
        """Switch it on; returns once the service manager has started what it should."""
        self._nspawn = subprocess.Popen(
            ["systemd-nspawn", *_BOOT, *options, f"--directory={self.root}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            # Debian 13's systemd knows no other.
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        )
        until("the container's first process", self._has_leader, BOOT_WITHIN_S)
        until(
            "the service manager", lambda: self.run("test", "-S", "/run/systemd/private", ok=None) == "", 60
        )
        until("the end of the boot", self._has_booted, BOOT_WITHIN_S)

    def run(self, *command: str, ok: bool | None = True, user: str = "") -> str:
        """The output of a command inside; ``ok``: how it must end, ``None``: as it may ("" for 0)."""
        as_user = ("runuser", "-u", user, "-g", "gatehouse", "--") if user else ()
        with self.begin(*as_user, *command) as process:
            said = process.communicate()[0]
        if ok is None:
            return "" if process.returncode == 0 else f"exit code {process.returncode}\n{said}"
        assert (process.returncode == 0) is ok, f"{' '.join(command)}: {process.returncode}\n{said}"
        return said.strip()

    def begin(self, *command: str) -> subprocess.Popen[str]:
        """A command inside, while we do something else; its output is both streams."""
        return subprocess.Popen(
            ["nsenter", "--all", f"--target={self._leader}", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "LC_ALL": "C.UTF-8",
                "DEBIAN_FRONTEND": "noninteractive",
            },
        )

    def show(self, unit: str, property_: str) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={property_}", unit)

    def until_serving(self, *units: str) -> None:
        """Wait until the units have said READY and run."""
        for unit in units:
            until(f"{unit} in service", partial(self._runs, unit), told=self.journal)

    def _runs(self, unit: str) -> bool:
        return self.show(unit, "SubState") == "running"

    def journal(self) -> str:
        """Its last words, for people."""
        return self.run("journalctl", "--no-pager", "--lines=60")

    def power_off(self) -> None:
        """Shut it down in order."""
        self.run("systemctl", "poweroff", ok=None)
        self._wait()

    def cut_power(self) -> None:
        """Every process of it is gone at once; files keep what was written. May be called twice."""
        if self._leader:
            os.kill(self._leader, signal.SIGKILL)
        self._wait()

    def _wait(self) -> None:
        if self._nspawn is not None:
            try:
                self._nspawn.wait(WITHIN_S)
            finally:
                self._nspawn.kill()
                self._nspawn.wait()
        self._nspawn, self._leader = None, 0

    def _has_leader(self) -> bool:
        assert self._nspawn is not None
        assert self._nspawn.poll() is None, "systemd-nspawn ended"
        self._leader = _first_process(self._nspawn.pid)
        return self._leader != 0

    def _has_booted(self) -> bool:
        state = self.run("systemctl", "is-system-running", ok=None)
        return state == "" or "degraded" in state


def _first_process(parent: int) -> int:
    """The descendant that is process 1 in a namespace of its own; 0 while there is none."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for child in map(int, children):
            status = Path(f"/proc/{child}/status").read_text()
            numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid"))
            if numbers[-1] == "1" and len(numbers) > 1:
                return child
            if found := _first_process(child):
                return found
    except (OSError, StopIteration):
        pass  # it ended while we looked
    return 0
