"""The units are understood by systemd without a word, closed as tightly as promised, never waiting."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = SYSTEMD / "system"
OFFICE = SYSTEMD / "office"
DEBIANS_UNITS = Path("/usr/lib/systemd/system")
SERVICES = ("gate-terminal.service", "gate-sync.service")
COMMAND = re.compile(r"/opt/gatehouse(?:-office)?/\w+/bin/[\w-]+|/bin/sh|/usr/bin/nsenter")

real_analyzer = pytest.mark.real_part("systemd-analyze")


def settings(unit: str) -> dict[str, list[str]]:
    """Option → its values in order, as systemd reads them."""
    found = defaultdict(list)
    for line in (UNITS / unit).read_text("utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def analyzer() -> str:
    found = shutil.which("systemd-analyze")
    if found is None or not DEBIANS_UNITS.is_dir():
        pytest.skip("needs systemd-analyze and Debian's units (package systemd)")
    return found


@real_analyzer
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    shutil.copytree(DEBIANS_UNITS, tmp_path / DEBIANS_UNITS.relative_to("/"), symlinks=True)
    target = tmp_path / "etc/systemd/system"
    shutil.copytree(UNITS, target)
    shutil.copytree(OFFICE, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.conf"))
    for unit in target.glob("*.service"):
        for command in COMMAND.findall(unit.read_text("utf-8")):
            file = tmp_path / command.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o755)
    units = [one.name for one in target.iterdir()]
    done = subprocess.run(
        [analyzer(), "verify", "--man=no", f"--root={tmp_path}", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@real_analyzer
@pytest.mark.parametrize(
    ("unit", "bound"),
    [
        (UNITS / "gate-sync.service", 20),
        (UNITS / "gate-terminal.service", 30),
        (UNITS / "gatehouse-upgrade-check.service", 40),
        (OFFICE / "gatehouse-office.service", 20),
        (OFFICE / "gatehouse-office-backup.service", 20),
    ],
)
def test_the_exposure_is_bounded(unit: Path, bound: int) -> None:
    assert is_below(unit, bound)
    assert not is_below(unit, 1), "the bound is no bound"


def is_below(unit: Path, bound: int) -> bool:
    """Whether the exposure, times ten, is at most ``bound``."""
    done = subprocess.run(
        [analyzer(), "security", "--offline=true", f"--threshold={bound}", str(unit)],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_never_gives_up_and_waits_for_nobody(unit: str) -> None:
    found = settings(unit)
    assert found["Restart"] == ["always"]
    assert found["StartLimitIntervalSec"] == ["0"]
    assert found["ConditionPathExists"] == ["/etc/gatehouse/gate.toml"]
    ties = " ".join(v for name in ("After", "Wants", "Requires", "BindsTo") for v in found[name])
    assert not re.search(r"network|online|time-sync|gate-", ties)
    assert "StateDirectory" not in found, "it would own the other process's state, too"
    assert "Install" not in (UNITS / unit).read_text("utf-8"), "enabled by gate.target alone"


def test_the_sync_process_comes_after_the_gate_in_everything() -> None:
    gate, sync = (settings(one) for one in SERVICES)
    assert seconds(sync["RestartSec"]) > seconds(gate["RestartSec"])
    assert int(sync["CPUWeight"][0]) < int(gate["CPUWeight"][0])
    assert int(sync["Nice"][0]) > int(gate["Nice"][0])
    assert int(sync["OOMScoreAdjust"][0]) > int(gate["OOMScoreAdjust"][0])
    assert gate["PrivateNetwork"] == ["yes"]
    assert not [one for one in sync["DeviceAllow"] if "tty" not in one]


def seconds(values: list[str]) -> float:
    (value,) = values
    return float(value.removesuffix("ms")) / 1000 if value.endswith("ms") else float(value.removesuffix("s"))


WORKS, LOCKED, BROKEN = "exit 0", '[ "$2" = --force ] || exit 75', "exit 1"


@pytest.mark.parametrize(
    ("result", "current", "previous", "expected"),
    [
        ("success", WORKS, WORKS, ["current release"]),
        ("watchdog", WORKS, WORKS, ["current release"]),
        ("exit-code", BROKEN, WORKS, ["current release", "previous release"]),
        # the lock is somebody else's: a gate started by hand keeps its lines
        ("signal", LOCKED, LOCKED, ["current release", "previous release"]),
        ("watchdog", LOCKED, LOCKED, ["current release", "previous release", "current release --force"]),
        ("timeout", LOCKED, LOCKED, ["current release", "previous release", "current release --force"]),
    ],
)
def test_lines_are_released_after_every_end_and_by_force_only_after_a_hang(
    tmp_path: Path, result: str, current: str, previous: str, expected: list[str]
) -> None:
    (stop,) = settings(SERVICES[0])["ExecStopPost"]
    script = re.fullmatch(r"/bin/sh -c '(.*)'", stop)
    assert script is not None
    tries = tmp_path / "tries"
    for release, behaviour in (("current", current), ("previous", previous)):
        command = tmp_path / release / "bin/gatehouse-terminal"
        command.parent.mkdir(parents=True)
        command.write_text(f'#!/bin/sh\necho {release} "$*" >>{tries}\n{behaviour}\n')
        command.chmod(0o755)
    done = script[1].replace("$$", "$").replace("/opt/gatehouse", str(tmp_path))
    subprocess.run(["/bin/sh", "-c", done], env={"SERVICE_RESULT": result}, check=False, timeout=10)
    assert tries.read_text().splitlines() == expected


def test_users_of_the_services_are_made_with_the_groups_of_their_devices() -> None:
    made = (SYSTEMD / "sysusers.d/gatehouse.conf").read_text("utf-8")
    for unit in SERVICES:
        found = settings(unit)
        (user,), (group,) = found["User"], found["Group"]
        assert re.search(rf"^u {user} ", made, re.MULTILINE)
        assert re.search(rf"^m {user} {group}$", made, re.MULTILINE)
        assert re.search(rf"^m {user} dialout$", made, re.MULTILINE)


@pytest.mark.real_part("systemd-sysusers, systemd-tmpfiles, root")
def test_users_and_directories_come_out_as_designed(tmp_path: Path) -> None:
    programs = [shutil.which(one) for one in ("systemd-sysusers", "systemd-tmpfiles")]
    if None in programs or os.geteuid() != 0:
        pytest.skip("needs root and Debian's systemd")
    (tmp_path / "etc").mkdir()
    for folder in ("sysusers.d", "tmpfiles.d"):
        shutil.copytree(SYSTEMD / folder, tmp_path / "usr/lib" / folder)
    subprocess.run([str(programs[0]), f"--root={tmp_path}"], check=True, capture_output=True)
    subprocess.run(
        [str(programs[1]), f"--root={tmp_path}", "--create", "--boot"], check=True, capture_output=True
    )
    users = {
        name: int(uid)
        for name, _, uid, *_ in (
            line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()
        )
    }
    groups = {
        name: (int(gid), members.split(","))
        for name, _, gid, members in (
            line.split(":") for line in (tmp_path / "etc/group").read_text().splitlines()
        )
    }
    assert sorted(groups["gatehouse"][1]) == ["gatehouse-sync", "gatehouse-terminal"]
    for folder, user, mode in (
        ("var/lib/gatehouse/terminal", "gatehouse-terminal", 0o2770),
        ("var/lib/gatehouse/sync", "gatehouse-sync", 0o2770),
        ("run/gatehouse", "gatehouse-terminal", 0o2750),
    ):
        status = (tmp_path / folder).stat()
        assert (status.st_uid, status.st_gid) == (users[user], groups["gatehouse"][0]), folder
        assert status.st_mode & 0o7777 == mode, folder


def test_the_table_in_the_readme_names_every_file_once() -> None:
    rows = re.findall(r"^\| `(\w[\w./-]+\.\w+)` \|", (SYSTEMD / "README.md").read_text("utf-8"), re.MULTILINE)
    files = [str(one.relative_to(SYSTEMD)) for one in SYSTEMD.rglob("*") if one.is_file()]
    assert sorted(rows) == sorted(set(files) - {"README.md"})


def test_every_file_says_why() -> None:
    for file in SYSTEMD.rglob("*"):
        if file.is_file() and file.suffix in {".conf", ".rules", ".service", ".target"}:
            assert re.search(r"^(#|//) \w+", file.read_text("utf-8"), re.MULTILINE), file
