"""Lays out the package's files below a directory, as they will lie below ``/``."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from hashlib import md5
from pathlib import Path
from typing import Final

from scripts.debian.control import control, minors_of, wheel_lock

HERE: Final = Path(__file__).parent
PAYLOAD: Final = Path("usr/lib/gatehouse")
SYSTEM_UNITS: Final = Path("usr/lib/systemd/system")
PLACES: Final[Mapping[str, str]] = {
    "sysusers.d": "usr/lib/sysusers.d",
    "tmpfiles.d": "usr/lib/tmpfiles.d",
    "udev": "usr/lib/udev/rules.d",
    "polkit": "usr/share/polkit-1/rules.d",
    "modprobe.d": "usr/lib/modprobe.d",
    "modules-load.d": "usr/lib/modules-load.d",
    "system.conf.d": "usr/lib/systemd/system.conf.d",
    "journald.conf.d": "usr/lib/systemd/journald.conf.d",
    "timesyncd.conf.d": "usr/lib/systemd/timesyncd.conf.d",
}
"""Folders of systemd/ and where their files go: the table of systemd/README.md."""
COMMANDS: Final = ("gatehouse-terminal", "gatehouse-provision")
MAINTAINER_SCRIPTS: Final = ("preinst", "postinst", "prerm", "postrm")
EXECUTABLE: Final = {"make-release", *MAINTAINER_SCRIPTS}


def lay_tree(root: Path, sources: Path, wheels: Sequence[Path], *, version: str, architecture: str) -> None:
    """Make the whole tree, with dpkg's own files in ``DEBIAN``."""
    _lay_payload(root / PAYLOAD, sources, wheels)
    _lay_system_files(root, sources / "systemd")
    for command in COMMANDS:
        _link(root / "usr/bin" / command, f"../../opt/gatehouse/current/bin/{command}")
    documents = root / "usr/share/doc/gatehouse-gate"
    documents.mkdir(parents=True)
    shutil.copyfile(sources / "LICENSE", documents / "copyright")
    size_kib = sum(one.lstat().st_size for one in _files(root)) // 1024 + 1
    _lay_control(root, control(version, architecture, minors_of(wheels), size_kib), version)
    _set_modes(root)


def _lay_payload(payload: Path, sources: Path, wheels: Sequence[Path]) -> None:
    (payload / "wheels").mkdir(parents=True)
    for wheel in wheels:  # pure ones come once from each interpreter: the same bytes
        shutil.copyfile(wheel, payload / "wheels" / wheel.name)
    (payload / "wheels.lock").write_text(wheel_lock(sorted((payload / "wheels").iterdir())), "utf-8")
    shutil.copyfile(HERE / "maintainer/make-release", payload / "make-release")
    shutil.copytree(sources / "systemd", payload / "systemd", ignore=shutil.ignore_patterns("office"))
    shutil.copytree(sources / "docs", payload / "docs", ignore=shutil.ignore_patterns("adr"))


def _lay_system_files(root: Path, systemd: Path) -> None:
    for folder, place in PLACES.items():
        shutil.copytree(systemd / folder, root / place)
    (root / SYSTEM_UNITS).mkdir(parents=True)
    for unit in sorted((systemd / "system").iterdir()):
        if unit.suffix == ".target":  # enabled by name: a file of the package itself
            shutil.copyfile(unit, root / SYSTEM_UNITS / unit.name)
        else:
            _link(
                root / SYSTEM_UNITS / unit.name,
                f"../../../../opt/gatehouse/current/systemd/system/{unit.name}",
            )


def _lay_control(root: Path, text: str, version: str) -> None:
    folder = root / "DEBIAN"
    folder.mkdir()
    (folder / "control").write_text(text, "utf-8")
    sums = [f"{_md5(one)}  {one.relative_to(root)}\n" for one in _files(root) if one.parent != folder]
    (folder / "md5sums").write_text("".join(sums), "utf-8")
    for name in MAINTAINER_SCRIPTS:
        script = (HERE / "maintainer" / name).read_text("utf-8").replace("@VERSION@", version)
        (folder / name).write_text(script, "utf-8")


def _set_modes(root: Path) -> None:
    """Whatever umask and checkout made of them."""
    root.chmod(0o755)
    for one in root.rglob("*"):
        if not one.is_symlink():
            one.chmod(0o755 if one.is_dir() or one.name in EXECUTABLE else 0o644)


def _link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def _files(root: Path) -> list[Path]:
    return sorted(one for one in root.rglob("*") if one.is_file() and not one.is_symlink())


def _md5(file: Path) -> str:
    return md5(file.read_bytes(), usedforsecurity=False).hexdigest()  # dpkg's own choice
