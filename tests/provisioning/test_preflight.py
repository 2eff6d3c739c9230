"""What cannot work is refused before anything is touched, with reason and cure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.board import board_of
from provisioning.errors import RefusedError
from provisioning.host import Host
from provisioning.preflight import look_at_wiring, look_over, refuse_errors
from provisioning.steps.services import PROGRAM
from terminal.findings import Finding, Verdict
from tests.support.machine import CONFIG, ROOT, visit_to


def errors(findings: list[Finding]) -> str:
    """What would hinder, as one text."""
    return "; ".join(f"{one.what}: {one.text}" for one in findings if one.verdict is Verdict.ERROR)


def test_a_machine_as_it_should_be(machine: Path) -> None:
    findings = look_over(Host(machine))
    assert errors(findings) == ""
    refuse_errors(findings)
    told = [one.what for one in findings if one.verdict is Verdict.WARNING]
    assert told == (["program"] if os.geteuid() == 0 else ["rights", "program"])
    program = machine / PROGRAM[1:]
    program.parent.mkdir(parents=True)
    program.touch()
    assert "program" not in [one.what for one in look_over(Host(machine)) if one.verdict is Verdict.WARNING]


@pytest.mark.parametrize(
    ("release", "reason"),
    [
        ('ID=debian\nVERSION_ID="12"\n', ""),
        ("ID=raspbian\nVERSION_ID=13\n", ""),
        ('ID=raspios\nID_LIKE="debian"\nVERSION_ID=12\n', ""),
        ('ID=fedora\nPRETTY_NAME="Fedora 41"\nVERSION_ID=41\n', "system: Fedora 41: a gate runs on Debian"),
        (
            'ID=debian\nPRETTY_NAME="Debian 11"\nVERSION_ID=11\n',
            "system: Debian 11: known are releases 12 and 13",
        ),
        ("", ""),
    ],
)
def test_the_system_is_debian_of_a_known_release_or_an_empty_tree(
    machine: Path, release: str, reason: str
) -> None:
    (machine / "etc/os-release").write_text(release)
    told = errors(look_over(Host(machine)))
    assert told.startswith(reason)
    assert bool(told) is bool(reason)


GPIOD = 'backend = "gpiod"'


@pytest.mark.parametrize(
    ("gpio", "board", "reason"),
    [
        (GPIOD, "pi-5", ""),
        (GPIOD + '\nchip = "pinctrl-bcm2711"', "pi-4", ""),
        (GPIOD + '\nchip = "/dev/gate-gpio"', "pi-5", ""),
        (GPIOD + '\nchip = "pinctrl-bcm2711"', "pi-5", "'pinctrl-rp1' is; or leave it out"),
        (GPIOD, "none", "must name the 'chip'"),
        (GPIOD + '\nchip = "gpio-cdev"', "none", ""),
        ('backend = "rpi_gpio"', "pi-4", ""),
        ('backend = "rpi_gpio"', "pi-5", "does not know the Pi 5; use backend 'gpiod'"),
        ('backend = "rpi_gpio"', "none", "is for a Raspberry Pi"),
        ('backend = "sim"', "none", ""),
    ],
)
def test_wiring_that_this_board_cannot_do_is_refused(
    machine: Path, gpio: str, board: str, reason: str
) -> None:
    config = visit_to(machine, config=CONFIG.replace(GPIOD, gpio)).needed_config()
    told = errors(look_at_wiring(Host(machine), board_of(board), config))
    assert reason in told
    assert bool(told) is bool(reason)


def test_a_pi_5_with_the_drop_in_library_may_use_the_old_name(machine: Path) -> None:
    (machine / "opt/gatehouse/current/lib/python3.11/site-packages/lgpio.py").parent.mkdir(parents=True)
    (machine / "opt/gatehouse/current/lib/python3.11/site-packages/lgpio.py").touch()
    config = visit_to(machine, config=CONFIG.replace(GPIOD, 'backend = "rpi_gpio"')).needed_config()
    assert errors(look_at_wiring(Host(machine), board_of("pi-5"), config)) == ""


def test_simulated_locks_on_a_real_pi_are_told(machine: Path) -> None:
    config = visit_to(machine, config=CONFIG.replace(GPIOD, 'backend = "sim"')).needed_config()
    (finding,) = look_at_wiring(Host(machine), board_of("pi-4"), config)
    assert (finding.verdict, "no lock will move" in finding.text) == (Verdict.WARNING, True)


def test_all_reasons_are_told_at_once(machine: Path) -> None:
    (machine / "etc/os-release").write_text("ID=fedora\n")
    with pytest.raises(RefusedError) as caught:
        refuse_errors([*look_over(Host(machine)), *look_over(Host(machine))])
    assert len(caught.value.reasons) == 2


SCRIPT = """
import sys
from pathlib import Path
from provisioning.host import Host
from provisioning.preflight import look_over
from terminal.findings import Verdict
for one in look_over(Host(Path(sys.argv[1])), may_be_read_only=sys.argv[2] == "known"):
    if one.verdict is Verdict.ERROR or "only read" in one.text:
        print(one.what, one.text)
"""


@pytest.mark.real_part("mount namespace")
@pytest.mark.parametrize(
    ("option", "known", "told"),
    [
        ("ro,size=80m", "", "disk {}: mounted read-only; mount it for writing (mount -o remount,rw /)"),
        ("ro,size=80m", "known", "disk {}: only read, as it was set up"),
        ("size=1m", "", "space {}: 1 MiB and"),
        ("size=80m,nr_inodes=200", "", "space {}: 80 MiB and 199 files free"),
    ],
)
def test_a_read_only_and_a_full_disk_are_seen(machine: Path, option: str, known: str, told: str) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting needs root and unshare")
    mount = f'mount -t tmpfs -o {option} tmpfs {machine}/etc && exec "$0" -c "$1" {machine} "{known}"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount, sys.executable, SCRIPT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "unshare failed" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert done.stdout.startswith(told.format(machine / "etc")), done.stderr
