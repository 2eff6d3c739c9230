"""Packages of this tree and a gate installed from one, for tests in a container."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.container import PYTHON, Container
from tests.support.estate import ESTATE_ID, GATE_ID, ROOT, first_list, signed_snapshot

TREE: Final = Path(__file__).parents[2]
SERVICES: Final = ("gate-terminal.service", "gate-sync.service")
LOCK_LINE: Final = "relay1"
CONFIG: Final = f"""\
[gate]
name = "Container"
id = {GATE_ID}
estate = "{ESTATE_ID.hex()}"
roots = ["{ROOT.public.hex()}"]
[gpio]
backend = "sim"
[doors.main]
id = 1
kind = "strike"
[doors.main.outputs.lock]
line = "{LOCK_LINE}"
[readers.main_in]
id = 1
kind = "sim"
door = "main"
repeat_s = 0
"""
CARD: Final = "04A10003"


def package(folder: Path, version: str, sources: Path = TREE) -> Path:
    """The package of these sources for this machine's processor."""
    done = subprocess.run(
        [TREE / "scripts/package", "--version", version, "--tree", sources, "--output", folder],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if not list((TREE / "build/package").glob(f"*/wheels-{PYTHON}")):
        pytest.skip(f"needs Python {PYTHON} for the wheels of the container's release of Debian")
    (made,) = folder.glob(f"*_{version}_*.deb")
    return made


def altered_sources(folder: Path, file: str, text: str) -> Path:
    """The sources with one file's text replaced: a release that went wrong."""
    for part in ("drivers", "sync", "terminal", "provisioning", "systemd", "docs", "scripts"):
        shutil.copytree(TREE / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copyfile(TREE / name, folder / name)
    (folder / file).write_text(text, "utf-8")
    return folder


def install(container: Container, made: Path) -> str:
    """``apt install`` without a network; what it said."""
    shutil.copyfile(made, container.root / "srv" / made.name)
    return container.run("apt-get", "-q", "install", "--yes", f"/srv/{made.name}")


def put_into_service(container: Container) -> None:
    """What ``apply`` does on simulated hardware: configuration, first list, enabled and started."""
    files = container.root / "srv"
    (files / "gate.toml").write_text(CONFIG, "utf-8")
    (files / "first.list").write_bytes(signed_snapshot(first_list()))
    config = "/etc/gatehouse/gate.toml"
    container.run("install", "-m", "640", "-o", "root", "-g", "gatehouse", "/srv/gate.toml", config)
    container.run("gatehouse-terminal", "list", "apply", "/srv/first.list", user="gatehouse-sync")
    container.run("systemctl", "--quiet", "enable", "--now", "gate.target")
    container.until_serving(*SERVICES)


def tap(container: Container, card: str = CARD, *, opens: bool = True) -> str:
    """Hold a card to the reader; the event."""
    return container.run("gatehouse-terminal", "tap", "--reader", "main_in", "--card", card, ok=opens)
