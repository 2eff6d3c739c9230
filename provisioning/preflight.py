"""What must be so before anything is touched: rights, system, disk, and wiring that this board can do."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from typing import Final

from provisioning.board import Board
from provisioning.errors import RefusedError
from provisioning.host import Host
from provisioning.steps.services import PROGRAM
from terminal.config import Config
from terminal.findings import Finding, Verdict, ok, warning, wrong

SYSTEMS: Final = ("debian", "raspbian")
RELEASES: Final = ("12", "13")
MIB: Final = 1024 * 1024
NEEDED_MIB: Final = {"/etc": 16, "/var/lib/gatehouse": 64, "/boot/firmware": 1, "/boot": 1}
"""The set-up writes less than one; the rest is for a gate's first days."""
NEEDED_FILES: Final = 500
STATE: Final = "/var/lib/gatehouse"


def look_over(host: Host, *, may_be_read_only: bool = False) -> list[Finding]:
    """The machine itself; ``may_be_read_only``: its system was made so, and nothing is to be written now."""
    disk = _disk(host, may_be_read_only=may_be_read_only)
    return [*_rights(host), *_system(host), *disk, *_program(host)]


def look_at_wiring(host: Host, board: Board, config: Config) -> list[Finding]:
    """Whether this board has the lines that the configuration names, by the backend that it names."""
    found = list(_gpio(host, board, config))
    return found or [ok("gpio", f"backend {config.gpio_kind!r} on {board.model or board.name}")]


def refuse_errors(findings: list[Finding]) -> None:
    """Raise ``RefusedError`` with every error among them."""
    errors = [f"{one.what}: {one.text}" for one in findings if one.verdict is Verdict.ERROR]
    if errors:
        raise RefusedError(errors)


def system_of(host: Host) -> dict[str, str]:
    """The fields of os-release(5)."""
    text = host.text("/etc/os-release") or host.text("/usr/lib/os-release")
    rows = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in rows}


def _rights(host: Host) -> Iterator[Finding]:
    if os.geteuid() == 0:
        return
    if host.live:
        yield wrong("rights", "this needs root: sudo gatehouse-provision …")
    else:
        yield warning("rights", f"without root the files of {host.root} keep this user as their owner")


def _system(host: Host) -> Iterator[Finding]:
    fields = system_of(host)
    name = fields.get("PRETTY_NAME", "an unknown system")
    if not fields:
        text = "no os-release: this is taken for an empty tree"
        yield wrong("system", "no os-release: this is no Debian") if host.live else warning("system", text)
    elif not {fields.get("ID", ""), *fields.get("ID_LIKE", "").split()} & set(SYSTEMS):
        yield wrong(
            "system", f"{name}: a gate runs on Debian or Raspberry Pi OS; write one of them to the card"
        )
    elif fields.get("VERSION_ID", "") not in RELEASES:
        yield wrong(
            "system", f"{name}: known are releases {' and '.join(RELEASES)}; write one of them to the card"
        )
    else:
        yield ok("system", name)
    if host.live and not host.exists("/run/systemd/system"):
        yield wrong("system", "systemd does not run here: set up a tree by --root DIR, or boot the machine")


def _disk(host: Host, *, may_be_read_only: bool) -> Iterator[Finding]:
    for inside, needed_mib in NEEDED_MIB.items():
        if inside.startswith("/boot") and not host.exists(inside):
            continue
        space, where = host.space(inside), host.path(inside)
        free_mib = space.free_bytes // MIB
        if space.read_only and may_be_read_only and inside != STATE:
            yield ok("disk", f"{where}: only read, as it was set up")
        elif space.read_only:
            yield wrong(
                "disk",
                f"{where}: mounted read-only; mount it for writing (mount -o remount,rw {_mount(inside)}),"
                " and see dmesg: a worn card turns read-only by itself",
            )
        elif free_mib < needed_mib or space.free_files < NEEDED_FILES:
            yield wrong(
                "space",
                f"{where}: {free_mib} MiB and {space.free_files} files free, needed are"
                f" {needed_mib} MiB and {NEEDED_FILES}; free some space",
            )
        else:
            yield ok("space", f"{where}: {free_mib} MiB free")


def _mount(inside: str) -> str:
    return inside if inside.startswith(("/boot", "/var")) else "/"


def _program(host: Host) -> Iterator[Finding]:
    if host.exists(PROGRAM):
        yield ok("program", PROGRAM)
        return
    text = f"{PROGRAM} is not there: install the package (apt install ./gatehouse_*.deb)"
    yield wrong("program", text) if host.live else warning("program", f"{text}, before this tree is booted")


def _gpio(host: Host, board: Board, config: Config) -> Iterator[Finding]:
    kind, chip = config.gpio_kind, str(config.gpio_options.get("chip", ""))
    if kind == "sim":
        if board.is_pi:
            yield warning("gpio", "backend 'sim': no lock will move; name 'gpiod' in [gpio] for a real gate")
    elif not board.is_pi:
        if kind == "rpi_gpio":
            yield wrong("gpio", "backend 'rpi_gpio' is for a Raspberry Pi; use 'gpiod' and name its 'chip'")
        elif not chip:
            yield wrong(
                "gpio", "on a board that is no Raspberry Pi, [gpio] must name the 'chip' (gpiodetect)"
            )
    elif kind == "gpiod" and chip.startswith("pinctrl-") and chip != board.chip:
        yield wrong(
            "gpio", f"chip {chip!r} is not the header of a {board.name}, {board.chip!r} is; or leave it out"
        )
    elif kind == "rpi_gpio" and board.name == "pi-5" and not _has_module(host, "lgpio"):
        yield wrong("gpio", "RPi.GPIO does not know the Pi 5; use backend 'gpiod'")


def _has_module(host: Host, name: str) -> bool:
    """Whether the gate's own environment has a Python module."""
    if host.live:
        return importlib.util.find_spec(name) is not None
    releases = host.target("/opt/gatehouse/current")
    return any(releases.glob(f"lib/python3*/site-packages/{name}*"))
