"""A machine to set up: a small Debian for a Raspberry Pi as a file tree, and what is compared of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import Final

from provisioning.board import board_of
from provisioning.data import Data
from provisioning.host import Host
from provisioning.journal import Journal
from provisioning.tree import Tree
from provisioning.visit import Visit
from terminal.config_file import read_config
from terminal.stores.files import Checkpoint, pass_by

ROOT: Final = Path(__file__).resolve().parents[2]

FILES: Final = {
    "/etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\npi:x:1000:1000:,,,:/home/pi:/bin/bash\n",
    "/etc/shadow": "root:*:19000:0:99999:7:::\npi:*:19000:0:99999:7:::\n",
    "/etc/group": "root:x:0:\ndialout:x:20:pi\ninput:x:102:\ngpio:x:986:pi\npi:x:1000:\n",
    "/etc/gshadow": "root:*::\ndialout:!::pi\ninput:!::\ngpio:!::pi\npi:!::\n",
    "/etc/fstab": (
        "proc            /proc           proc    defaults          0       0\n"
        "PARTUUID=1-01  /boot/firmware  vfat    defaults          0       2\n"
        "PARTUUID=1-02  /               ext4    defaults,noatime  0       1\n"
    ),
    "/boot/firmware/config.txt": "dtparam=audio=on\n[cm4]\notg_mode=1\n[all]\n",
    "/boot/firmware/cmdline.txt": "console=serial0,115200 console=tty1 root=PARTUUID=1-02 rootwait\n",
    "/proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
}
FOLDERS: Final = ("/var/lib", "/var/log", "/tmp", "/usr/lib/systemd/system", "/etc/systemd/system")

CONFIG: Final = """
[gate]
name = "North gate"
id = 1
estate = "6761746568303031"
roots = ["0000000000000000000000000000000000000000000000000000000000000000"]
[link]
kind = "serial"
port = "/dev/serial0"
address = 1
[gpio]
backend = "gpiod"
[doors.pedestrian]
id = 1
kind = "strike"
[doors.pedestrian.outputs.lock]
line = "GPIO17"
[doors.pedestrian.inputs.exit]
line = "GPIO22"
active_low = true
[readers.pedestrian_in]
id = 1
kind = "sim"
door = "pedestrian"
[readers.pedestrian_in.indicator.lamp]
line = "5"
active_low = true
"""
"""A relay on GPIO 17, a lamp that lights on a low level on 5, and the bus on the board's own serial port."""

Snapshot = dict[str, tuple[str, int, int, int, str]]


def make_machine(directory: Path) -> Path:
    """Write the tree; returns its root."""
    for name in FOLDERS:
        (directory / name[1:]).mkdir(parents=True)
    for name, text in FILES.items():
        path = directory / name[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (directory / "etc/shadow").chmod(0o640)
    (directory / "etc/gshadow").chmod(0o640)
    return directory


def add_users(root: Path, *, sync: int | None = None, terminal: int | None = None) -> Path:
    """Give a tree the gate's users and their group, as the package does; each is whoever runs the test."""
    (root / "etc").mkdir(parents=True, exist_ok=True)
    users = {"gatehouse-sync": sync, "gatehouse-terminal": terminal}
    gid = os.getegid() if sync is None else sync
    with (root / "etc/passwd").open("a") as file:
        for name, uid in users.items():
            file.write(f"{name}:x:{os.geteuid() if uid is None else uid}:{gid}::/:/bin/sh\n")
    with (root / "etc/group").open("a") as file:
        file.write(f"gatehouse:x:{gid}:\n")
    return root


def snapshot(root: Path) -> Snapshot:
    """Every path with kind, mode, owner, group and content; times do not count."""
    found: Snapshot = {}
    for path in [root, *root.rglob("*")]:
        status = path.lstat()
        content = ""
        if stat.S_ISREG(status.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        elif stat.S_ISLNK(status.st_mode):
            content = str(path.readlink())
        kind = stat.filemode(status.st_mode)[0]
        found[f"/{path.relative_to(root)}"] = (
            kind,
            stat.S_IMODE(status.st_mode),
            status.st_uid,
            status.st_gid,
            content,
        )
    return found


def copy_machine(source: Path, target: Path) -> Path:
    """The same tree, modes and owners included."""
    shutil.copytree(source, target, symlinks=True)
    for path in [source, *source.rglob("*")]:
        status = path.lstat()
        copy = target / path.relative_to(source)
        os.lchown(copy, status.st_uid, status.st_gid)
        if not copy.is_symlink():
            copy.chmod(stat.S_IMODE(status.st_mode))
    return target


def visit_to(
    root: Path,
    *,
    config: str = CONFIG,
    board: str = "pi-4",
    read_only_root: bool | None = None,
    checkpoint: Checkpoint = pass_by,
    data: Data | None = None,
) -> Visit:
    """A technician's visit to this tree, with a configuration (empty: none)."""
    host = Host(root)
    journal = Journal(host, checkpoint=checkpoint)
    file = root.with_name(f"{root.name}.toml")
    file.write_text(config)
    return Visit(
        host,
        journal,
        Tree(host, journal),
        data or Data(ROOT / "systemd"),
        board_of(board),
        read_config(file) if config else None,
        config.encode(),
        read_only_root,
    )
