"""Packages of this tree and a gate installed from one, for tests in a container."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.bundles import CODE
from tests.support.container import BOOKWORM, Container, Suite
from tests.support.estate import ESTATE_ID, GATE_ID, ROOT
from tests.support.pi import CPUINFO, Registers

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
BOARD: Final = ("--board", "none")
BUNDLE: Final = "/srv/gate.bundle"
CODE_OPTIONS: Final = ("--code-file", "/srv/code", "--today", "2027-01-16")
"""By the technician's word a day after the bundle was made."""
"""The day by the technician's word: one after the bundle was made."""


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
    need_wheels(BOOKWORM)
    (made,) = folder.glob(f"*_{version}_*.deb")
    return made


def need_wheels(suite: Suite) -> None:
    """Skips the test where no Python of this release of Debian was here to make them."""
    if not (work() / f"wheels-{suite.python}").is_dir():
        pytest.skip(f"needs Python {suite.python} for the wheels of Debian {suite.name}")


def work() -> Path:
    """Where ``scripts/package`` keeps what it made for this machine's processor; others may lie beside it."""
    done = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
    return TREE / "build/package" / done.stdout.strip()


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
    return container.run("apt-get", "-q", "install", "--yes", carry_package(container, made))


def carry_package(container: Container, made: Path) -> str:
    """Put a package onto the stick; where it lies there."""
    shutil.copyfile(made, container.root / "srv" / made.name)
    return f"/srv/{made.name}"


def put_into_service(container: Container, bundle: bytes) -> str:
    """What a technician does, on simulated hardware; what was said."""
    carry(container, bundle)
    said = container.run("gatehouse-provision", "apply", *BOARD, "--bundle", BUNDLE, *CODE_OPTIONS)
    container.until_serving(*SERVICES)
    return said


def replace_by_spare(container: Container, bundle: bytes) -> str:
    """The same on a spare unit, in a dead one's place."""
    carry(container, bundle)
    said = container.run("gatehouse-provision", "replace", BUNDLE, *CODE_OPTIONS)
    said += container.run("gatehouse-provision", "apply", *BOARD)
    container.until_serving(*SERVICES)
    return said


def carry(container: Container, bundle: bytes) -> None:
    """Plug in the stick; the code comes another way."""
    (container.root / BUNDLE.lstrip("/")).write_bytes(bundle)
    (container.root / "srv/code").write_text(CODE)


def tap(container: Container, card: str = CARD, *, opens: bool = True) -> str:
    """Hold a card to the reader; the event."""
    return container.run("gatehouse-terminal", "tap", "--reader", "main_in", "--card", card, ok=opens)


def serves(container: Container) -> bool:
    """Whether a tap opens."""
    return container.run("gatehouse-terminal", "tap", "--reader", "main_in", "--card", CARD, ok=None) == ""


PI_CONFIG: Final = CONFIG.replace('backend = "sim"', 'backend = "rpi_gpio"').replace(LOCK_LINE, "17")
LOCK_PIN: Final = 17
_PI_UNIT: Final = """\
[Service]
Environment=PYTHONPATH=/srv/classic
BindReadOnlyPaths=/srv/cpuinfo:/proc/cpuinfo
BindPaths=/srv/gpiomem:/dev/gpiomem
# Long enough to look in between; the hang is no matter of its length here.
RestartSec=3s
WatchdogSec=3s
"""


def become_a_pi(container: Container) -> Registers:
    """Let the gate's unit find a Raspberry Pi 4 for the classic RPi.GPIO; its registers."""
    files = container.root / "srv"
    _install_classic(files / "classic")
    (files / "cpuinfo").write_text(CPUINFO)
    registers = Registers(files / "gpiomem")
    (files / "gpiomem").chmod(0o666)
    container.run("touch", "/dev/gpiomem")
    folder = container.root / "etc/systemd/system/gate-terminal.service.d"
    folder.mkdir()
    (folder / "pi.conf").write_text(_PI_UNIT)
    (files / "pi.toml").write_text(PI_CONFIG, "utf-8")
    container.run("cp", "/srv/pi.toml", "/etc/gatehouse/gate.toml")
    container.run("systemctl", "daemon-reload")
    return registers


def _install_classic(folder: Path) -> None:
    """RPi.GPIO for the container's Python, as locked; the package brings its successor instead."""
    lock = (TREE / "requirements-test.lock").read_text("utf-8")
    entry = re.search(r"^rpi-gpio==(?:.*\\\n)+.*\n", lock, re.MULTILINE)
    assert entry is not None
    folder.mkdir()
    requirements = folder / "requirements"
    requirements.write_text(entry[0], "utf-8")
    tools = work() / f"tools-{BOOKWORM.python}"
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
        "--require-hashes",
    ]
    subprocess.run(
        [tools / "bin/python", "-m", "pip", "install", *options, "--target", folder, "-r", requirements],
        check=True,
    )
