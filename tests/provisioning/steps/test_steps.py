"""What single steps know: changes by others, the package's files, each board's boot files, read-only root."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning import engine
from provisioning.engine import StepFailedError
from provisioning.errors import RefusedError
from provisioning.step import Condition, State, Step
from provisioning.steps.boot import without_console
from provisioning.steps.directories import listed
from provisioning.steps.order import set_up
from provisioning.steps.read_only_root import IN_MEMORY, mounted_read_only
from provisioning.uarts import used_uarts
from provisioning.visit import Visit
from tests.support.machine import CONFIG, ROOT, make_machine, snapshot, visit_to

PLACES = {
    "system": "usr/lib/systemd/system",
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
"""Where the table of systemd/README.md puts each folder."""


WIEGAND = 'kind = "wiegand"\nchip = "pinctrl-bcm2711"\ndata0 = "GPIO4"\ndata1 = "GPIO15"'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The tree of a small Debian for a Raspberry Pi 4."""
    return make_machine(tmp_path / "machine")


def apply(visit: Visit) -> None:
    """Set up and let the next visit in."""
    try:
        engine.apply(visit, set_up())
    finally:
        visit.journal.close()


def take_back(root: Path) -> list[str]:
    """Take everything back, and the journal."""
    visit = visit_to(root, config="")
    stays = engine.undo(visit, set_up(), purge=True)
    visit.journal.remove()
    return stays


def state_of(visit: Visit, name: str) -> State:
    """How one step stands."""
    return next(one.state for one in engine.plan(visit, set_up()) if one.step == name)


def install_package(root: Path) -> None:
    """Put the files where the Debian package puts them."""
    for folder, place in PLACES.items():
        shutil.copytree(ROOT / "systemd" / folder, root / place, dirs_exist_ok=True)


def test_every_folder_of_data_has_a_step_that_puts_it_in_place(machine: Path) -> None:
    folders = {one for one in (ROOT / "systemd").iterdir() if one.is_dir()}
    assert {one.name for one in folders} == {*PLACES, "office"}
    apply(visit_to(machine))
    names = {Path(path).name for path in snapshot(machine)}
    for one in folders:
        files = {path.name for path in one.iterdir()}
        # The office's own (scripts/install-office) never come onto a gate.
        assert files & names == (set() if one.name == "office" else files), one


def test_two_steps_never_want_one_path(machine: Path) -> None:
    visit = visit_to(machine)
    for step in set_up():
        engine.apply(visit, [step])
    owners: dict[str, str] = {}
    for change in visit.journal.record.changes:
        assert owners.setdefault(change.path, change.step) == change.step
    for step in set_up():
        assert step.check(visit).at_rest
    visit.journal.close()


def test_the_packages_files_are_left_where_they_are(machine: Path) -> None:
    install_package(machine)
    apply(visit_to(machine))
    there = set(snapshot(machine))
    assert "/etc/systemd/system/gate-terminal.service" not in there
    assert "/etc/udev/rules.d/70-gatehouse.rules" not in there
    link = machine / "etc/systemd/system/multi-user.target.wants/gate.target"
    assert link.readlink() == Path("/usr/lib/systemd/system/gate.target")
    assert state_of(visit_to(machine), "devices").reason == "the package's files are in force"


def test_our_copies_go_when_the_package_comes(machine: Path) -> None:
    apply(visit_to(machine))
    assert (machine / "etc/systemd/system/gate-terminal.service").exists()
    install_package(machine)
    apply(visit_to(machine))
    assert not (machine / "etc/systemd/system/gate-terminal.service").exists()
    link = machine / "etc/systemd/system/multi-user.target.wants/gate.target"
    assert link.readlink() == Path("/usr/lib/systemd/system/gate.target")


def test_a_purge_empties_the_state_that_the_package_has_made(machine: Path) -> None:
    for name in ("terminal", "sync"):
        (machine / "var/lib/gatehouse" / name).mkdir(parents=True)
    apply(visit_to(machine))
    (machine / "var/lib/gatehouse/sync/gate.key").write_text("secret")
    (machine / "var/lib/gatehouse/terminal/deep").mkdir()
    (machine / "var/lib/gatehouse/terminal/deep/file").touch()
    assert take_back(machine) == []
    left = {path for path in snapshot(machine) if path.startswith("/var/lib/gatehouse")}
    assert left == {"/var/lib/gatehouse", "/var/lib/gatehouse/terminal", "/var/lib/gatehouse/sync"}


def test_accounts_that_others_changed_since_lose_our_names_alone(machine: Path) -> None:
    apply(visit_to(machine))
    for name, line in {
        "passwd": "later:x:1001:1001::/home/later:/bin/sh",
        "group": "later:x:1001:gatehouse-sync,pi",
    }.items():
        with (machine / "etc" / name).open("a") as file:
            file.write(line + "\n")
    stays = take_back(machine)
    assert [line.partition(": ")[0].rpartition("/")[2] for line in stays] == ["group", "passwd"]
    assert "gatehouse" not in (machine / "etc/passwd").read_text()
    group = (machine / "etc/group").read_text()
    assert group.splitlines() == [
        "root:x:0:",
        "dialout:x:20:pi",
        "input:x:102:",
        "gpio:x:986:pi",
        "pi:x:1000:",
        "later:x:1001:pi",
    ]
    assert "gatehouse" not in (machine / "etc/shadow").read_text()


def test_users_that_came_between_two_visits_outlive_the_purge(machine: Path) -> None:
    apply(visit_to(machine))
    passwd, group = machine / "etc/passwd", machine / "etc/group"
    with passwd.open("a") as file:
        file.write("later:x:1001:1001::/home/later:/bin/sh\n")
    group.write_text(group.read_text().replace("gpio:x:986:gatehouse-terminal,pi", "gpio:x:986:pi,later"))
    passwd.write_text(passwd.read_text().replace("gatehouse-sync:", "gatehouse-gone:"))
    apply(visit_to(machine))
    assert "gpio:x:986:gatehouse-terminal,later,pi" in group.read_text()
    take_back(machine)
    assert "later:x:1001" in passwd.read_text()
    assert "gatehouse-sync" not in passwd.read_text()
    assert "gatehouse" not in group.read_text()


@pytest.mark.parametrize(
    ("board", "port", "lines"),
    [
        ("pi-1", "/dev/ttyAMA0", ["enable_uart=1"]),
        ("pi-3", "/dev/serial0", ["enable_uart=1", "dtoverlay=disable-bt"]),
        ("pi-5", "/dev/ttyAMA0", ["dtparam=uart0=on"]),
        ("pi-5", "/dev/gate-serial-usb-0_1_1_0", []),
        ("pi-4", "/dev/ttyAMA3", []),  # by an overlay of the technician's own
    ],
)
def test_boot_files_of_each_board(machine: Path, board: str, port: str, lines: list[str]) -> None:
    apply(visit_to(machine, board=board, config=CONFIG.replace("/dev/serial0", port)))
    text = (machine / "boot/firmware/config.txt").read_text()
    block = text.partition("[all]\ngpio=5=op,dh,pu\n")[2].splitlines()
    assert block == ["gpio=17=op,dl,pd", "dtparam=strict_gpiod", *lines, "# gatehouse: end"]
    console = "console=serial0" in (machine / "boot/firmware/cmdline.txt").read_text()
    masked = (machine / "etc/systemd/system/serial-getty@ttyAMA0.service").is_symlink()
    assert (console, masked) == (not lines, bool(lines))


def test_simulated_lines_and_other_boards_leave_the_boot_files_alone(machine: Path) -> None:
    before = snapshot(machine / "boot")
    usb = CONFIG.replace("/dev/serial0", "/dev/ttyUSB0")
    assert state_of(visit_to(machine, board="none"), "boot").condition is Condition.NOT_NEEDED
    apply(visit_to(machine, config=usb.replace('"gpiod"', '"sim"')))
    assert snapshot(machine / "boot") == before


def test_the_relay_of_a_readers_supply_is_at_rest_from_power_up_too(machine: Path) -> None:
    power = '[readers.pedestrian_in.power]\nline = "GPIO27"\nactive_low = true\n'
    changes = state_of(visit_to(machine, config=CONFIG + power), "boot").changes
    assert "gpio=27=op,dh,pu" in " ".join(changes)


@pytest.mark.parametrize(
    ("board", "change", "reason"),
    [
        ("pi-5", ("x", "x"), "is the debug connector of a Pi 5"),
        ("pi-4", ("/dev/serial0", "/dev/ttyS0"), "is not on the pin header"),
        ("pi-4", ('"GPIO17"', '"GPIO15"'), "[doors.pedestrian.outputs.lock] uses GPIO 15, which is a wire"),
        ("pi-4", ('"GPIO22"', '"GPIO14"'), "[doors.pedestrian.inputs.exit] uses GPIO 14, which is a wire"),
        ("pi-4", ('kind = "sim"', WIEGAND), "[readers.pedestrian_in] uses GPIO 15, which is a wire"),
    ],
)
def test_a_serial_port_that_cannot_be_is_refused(
    machine: Path, board: str, change: tuple[str, str], reason: str
) -> None:
    before = snapshot(machine)
    with pytest.raises(RefusedError, match=re.escape(reason)):
        apply(visit_to(machine, board=board, config=CONFIG.replace(*change)))
    assert snapshot(machine) == before


def test_an_old_image_with_its_boot_files_elsewhere(machine: Path) -> None:
    (machine / "boot/firmware").rename(machine / "boot/old")
    for file in (machine / "boot/old").iterdir():
        file.rename(machine / "boot" / file.name)
    (machine / "boot/old").rmdir()
    apply(visit_to(machine))
    assert "gpio=17" in (machine / "boot/config.txt").read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("console=serial0,115200 console=tty1 root=x\n", "console=tty1 root=x\n"),
        ("console=tty1 console=ttyAMA0,115200n8 root=x", "console=tty1 root=x"),
        ("root=x console=ttyS0\n", "root=x\n"),
        ("root=x myconsole=ttyS0 8250.nr_uarts=1\n", "root=x myconsole=ttyS0 8250.nr_uarts=1\n"),
        ("", ""),
    ],
)
def test_the_console_leaves_the_serial_port(before: str, after: str) -> None:
    assert without_console(before) == after
    assert without_console(after) == after


def test_no_port_is_used_without_a_configuration() -> None:
    assert used_uarts(None) == {}


def test_a_read_only_root_needs_a_partition_for_the_state(machine: Path) -> None:
    before = snapshot(machine)
    with pytest.raises(RefusedError, match="needs a partition of its own for /var/lib/gatehouse"):
        apply(visit_to(machine, read_only_root=True))
    assert snapshot(machine) == before


def test_a_read_only_root_comes_stays_and_goes(machine: Path) -> None:
    fstab = machine / "etc/fstab"
    with fstab.open("a") as file:
        file.write("LABEL=gatehouse /var/lib/gatehouse ext4 noatime 0 2\n")
    before = fstab.read_text()
    apply(visit_to(machine, read_only_root=True))
    rows = [line.split() for line in fstab.read_text().splitlines() if not line.startswith("#")]
    options = {one[1]: one[3].split(",") for one in rows}
    assert options["/"] == ["defaults", "noatime", "ro"]
    assert options["/boot/firmware"] == ["defaults", "ro"]
    assert "ro" not in options["/var/lib/gatehouse"]
    assert {one for one in options if one in IN_MEMORY} == {"/tmp", "/var/log"}
    assert state_of(visit_to(machine), "read-only-root").condition is Condition.DONE
    apply(visit_to(machine, read_only_root=False))
    assert fstab.read_text() == before


@pytest.mark.parametrize(
    ("line", "ro"),
    [
        ("/dev/sda1 / ext4 rw,noatime 0 1\n", "/dev/sda1 / ext4 noatime,ro 0 1\n"),
        ("/dev/sda1\t/\text4\tdefaults\n", "/dev/sda1\t/\text4\tdefaults,ro\n"),
        ("/dev/sda2 /home ext4 rw 0 2\n", "/dev/sda2 /home ext4 rw 0 2\n"),
        ("# /dev/sda1 / ext4 rw 0 1\n", "# /dev/sda1 / ext4 rw 0 1\n"),
        ("\n", "\n"),
    ],
)
def test_root_and_boot_are_mounted_read_only(line: str, ro: str) -> None:
    assert mounted_read_only(line) == ro
    assert mounted_read_only(ro) == ro


@pytest.mark.real_part("systemd-tmpfiles")
def test_systemd_makes_the_same_directories_of_the_same_list(machine: Path) -> None:
    apply(visit_to(machine))
    before = snapshot(machine)
    done = subprocess.run(
        ["systemd-tmpfiles", "--create", f"--root={machine}", "gatehouse.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = {path: what for path, what in snapshot(machine).items() if before.get(path) != what}
    assert set(made) <= {"/run", "/run/gatehouse"}
    assert "/var/lib/gatehouse/sync" in {one.path for one in listed(visit_to(machine))}


class Lies:
    """A step that says it did its work, and did not."""

    name = "lies"
    title = "nothing"
    holds_state = False

    def check(self, visit: Visit) -> State:
        return State(Condition.TO_DO, "1 change", ("make it so",))

    def apply(self, visit: Visit) -> None:
        pass

    def verify(self, visit: Visit) -> State:
        return self.check(visit)

    def undo(self, visit: Visit) -> list[str]:
        return []


def test_a_step_that_did_not_do_its_work_is_found_out(machine: Path) -> None:
    step: Step = Lies()
    visit = visit_to(machine)
    with pytest.raises(StepFailedError, match="yet it is not done: make it so"):
        engine.apply(visit, [step])
    visit.journal.close()


@pytest.fixture(autouse=True)
def no_temporaries(machine: Path) -> Iterator[None]:
    """No half-written file is left in any test."""
    yield
    assert [path for path in snapshot(machine) if path.endswith(".gatehouse-new")] == []
