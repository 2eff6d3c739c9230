"""What the kernel tells of supply, clocks and cards, judged by tables of what real machines tell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.ports import DriverError
from provisioning.selftest.gate_process import as_owner
from provisioning.selftest.machine import THROTTLED, Machine
from provisioning.selftest.probes import clock, files, link, power, space, storage
from provisioning.selftest.visit import one_line
from sync.as_built import MAX_TEXT, Check, Result
from sync.gate_key import KEY_FILE
from sync.records import ClockState
from tests.provisioning.selftest.visits import JUDGED, Gate
from tests.support.estate import NOW
from tests.support.nobody import NOBODY

RTC = "sys/class/rtc/rtc0"
CARD = "sys/block/mmcblk0/device"


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("told", "now", "before"),
    [
        ("0", [], []),
        ("0x0", [], []),
        ("1", ["under-voltage"], []),
        ("50005", ["under-voltage", "throttled"], ["under-voltage", "throttled"]),
        ("50000", [], ["under-voltage", "throttled"]),
        ("e0008", ["too hot"], ["clock held back", "throttled", "too hot"]),
    ],
)
def test_flags_of_the_supply(told: str, now: list[str], before: list[str]) -> None:
    assert power.throttled(told) == (now, before)


@pytest.mark.parametrize(
    ("told", "result", "text"),
    [
        (None, Result.SKIPPED, "no flag"),
        ("0\n", Result.PASSED, "no under-voltage"),
        ("50000\n", Result.FAILED, "since it was switched on"),
        ("50005\n", Result.FAILED, "at this moment"),
        ("error\n", Result.FAILED, "no flags"),
    ],
)
def test_supply(tmp_path: Path, told: str | None, result: Result, text: str) -> None:
    gate = Gate(tmp_path)
    if told is not None:
        put(tmp_path / "machine", THROTTLED, told)
    found = gate.test()
    check = found.get("power") or found["power.broken_off"]
    assert check.result is result
    assert text in check.text


@pytest.mark.parametrize(
    ("state", "result"),
    [
        (ClockState.TRUSTED, Result.PASSED),
        (ClockState.SUSPECT, Result.PASSED),
        (ClockState.UNKNOWN, Result.FAILED),
    ],
)
def test_clock(state: ClockState, result: Result) -> None:
    assert clock._clock(replace(JUDGED, now=replace(JUDGED.now, clock=state))).result is result


@pytest.mark.parametrize(
    ("told", "result", "text"),
    [
        (None, Result.SKIPPED, "none"),
        (str(NOW + 2), Result.PASSED, "+2 s off"),
        (str(NOW - 9), Result.FAILED, "-9 s off"),
        (str(NOW - 5_000), Result.FAILED, "replace its battery"),
        ("garbage", Result.FAILED, "tells no time"),
        ("-5", Result.FAILED, "tells no time"),
    ],
)
def test_battery_clock(tmp_path: Path, told: str | None, result: Result, text: str) -> None:
    if told is not None:
        put(tmp_path, f"{RTC}/since_epoch", told)
        put(tmp_path, f"{RTC}/name", "rtc-ds1307 1-0068\n")
    check = clock._battery_clock(Machine(tmp_path), JUDGED)
    assert check.result is result
    assert text in check.text


def test_battery_clock_without_sure_time_is_not_compared(tmp_path: Path) -> None:
    put(tmp_path, f"{RTC}/since_epoch", str(NOW + 999))
    check = clock._battery_clock(Machine(tmp_path), replace(JUDGED, wall_ms=None))
    assert check.result is Result.PASSED


@pytest.mark.parametrize(
    ("life", "result", "text"),
    [
        ("0x01 0x01", Result.PASSED, "up to 10 %"),
        ("0x02 0x05", Result.PASSED, "40 to 50 %"),
        ("0x01 0x0a", Result.FAILED, "90 to 100 %"),
        ("0x0b 0x01", Result.FAILED, "more than its life"),
        (None, Result.PASSED, "does not tell its wear"),
        ("worn", Result.FAILED, "replace the card"),
    ],
)
def test_wear_of_the_card(tmp_path: Path, life: str | None, result: Result, text: str) -> None:
    put(tmp_path, "proc/self/mounts", "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n")
    put(tmp_path, f"{CARD}/name", "SC32G\n")
    put(tmp_path, f"{CARD}/csd", "400e0032db790000ee1f7f800a400000\n")
    if life is not None:
        put(tmp_path, f"{CARD}/life_time", life)
    check = storage._wear(Machine(tmp_path), Path("/var/lib/gatehouse/terminal"))
    assert check.result is result
    assert text in check.text
    assert "SC32G" in check.text


@pytest.mark.parametrize(
    ("mounts", "card"),
    [
        ("/dev/mmcblk0p2 / ext4 rw 0 0\n", "mmcblk0"),
        ("/dev/root / ext4 rw 0 0\n", "mmcblk0"),
        ("/dev/mmcblk0p2 / ext4 ro 0 0\n/dev/sda1 /var ext4 rw 0 0\n", None),
        ("/dev/sda1 / ext4 rw 0 0\n/dev/mmcblk1p1 /var/lib ext4 rw 0 0\n", "mmcblk1"),
        ("/dev/sda1 / ext4 rw 0 0\n/dev/mmcblk1p1 /var/lib/gate ext4 rw 0 0\n", None),
        ("garbage\n", None),
        ("", None),
    ],
)
def test_which_card_the_state_lies_on(tmp_path: Path, mounts: str, card: str | None) -> None:
    put(tmp_path, "proc/self/mounts", mounts)
    put(tmp_path, f"{CARD}/name", "SC32G")
    assert storage.card_of(Machine(tmp_path), Path("/var/lib/gatehouse/terminal")) == card


def test_a_slow_disk_and_one_that_cannot_be_written_fail(tmp_path: Path) -> None:
    times = iter(range(1_000))
    slow = storage._speed(tmp_path, lambda: float(next(times)))
    assert slow.result is Result.FAILED
    assert "too slow" in slow.text
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
    gone = storage._speed(tmp_path / "nowhere", lambda: 0.0)
    assert "run gatehouse-provision apply" in gone.text


def test_the_write_test_follows_nobodys_link(tmp_path: Path) -> None:
    victim, state = tmp_path / "victim", tmp_path / "state"
    state.mkdir()
    victim.write_text("precious")
    for plant in (os.symlink, os.link):
        plant(victim, state / ".write-test")
        assert storage._speed(state, lambda: 0.0).result is Result.PASSED
        assert victim.read_text() == "precious"
        assert list(state.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_write_test_writes_as_the_owner_of_the_state(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, NOBODY, NOBODY)
    assert storage._speed(state, lambda: 0.0).result is Result.PASSED
    state.chmod(0o500)
    assert "cannot be written" in storage._speed(state, lambda: 0.0).text


def test_space(tmp_path: Path) -> None:
    assert space._free("space", tmp_path).result is Result.PASSED
    assert space._free("space", tmp_path / "nowhere").result is Result.FAILED
    assert "0 MB are free" in space._free("space", Path("/proc")).text


def test_a_key_that_others_may_read_fails(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    key = gate.config.sync_dir / KEY_FILE
    key.touch(0o600)
    assert gate.test()["files.key"].result is Result.PASSED
    assert gate.test()["files.state"].result is Result.PASSED, "as closed as it must be"
    key.chmod(0o640)
    assert "chmod 600" in gate.test()["files.key"].text
    gate.config.path.chmod(0o666)
    assert "anybody may change it" in files._unchanged_by_others("files.config", gate.config.path).text
    gate.config.terminal_dir.chmod(0o755)
    assert "should be 2770" in gate.test()["files.state"].text


@pytest.mark.parametrize(
    ("before", "after", "result", "text"),
    [
        ({}, {}, Result.FAILED, "not open"),
        ({"frames": 5}, {"frames": 5}, Result.FAILED, "no frame came"),
        (
            {"frames": 5, "garbled": 1, "resent": 1},
            {"frames": 105, "garbled": 1, "resent": 2},
            Result.PASSED,
            "100",
        ),
        ({"frames": 5, "garbled": 1}, {"frames": 105, "garbled": 21}, Result.FAILED, "20 garbled"),
        ({"frames": 900}, {"frames": 10}, Result.FAILED, "no frame"),
    ],
)
def test_errors_of_a_pair(before: dict[str, int], after: dict[str, int], result: Result, text: str) -> None:
    check = link.line("link.line", before, after)
    assert check.result is result
    assert text in check.text


@pytest.mark.parametrize(
    ("echo", "result", "text"),
    [
        (
            {"asked": 10, "answered": 10, "median_ms": 12.4, "worst_ms": 30},
            Result.PASSED,
            "12 ms there and back",
        ),
        ({"asked": 10, "answered": 9, "median_ms": 12.4, "worst_ms": 30}, Result.PASSED, "9 of 10"),
        ({"asked": 10, "answered": 8, "median_ms": 12.4, "worst_ms": 30}, Result.FAILED, "8 of 10"),
        ({"asked": 0, "answered": 0, "link": "not connected: no route"}, Result.FAILED, "no route"),
    ],
)
def test_echoes(echo: dict[str, object], result: Result, text: str) -> None:
    check = link._echoes("link.echo", echo)
    assert check.result is result
    assert text in check.text


def test_what_a_device_says_becomes_one_line_that_fits() -> None:
    assert one_line("two\nlines\x1b[2J", MAX_TEXT) == "two lines\N{REPLACEMENT CHARACTER}[2J"
    assert len(one_line("x" * 900, MAX_TEXT)) == MAX_TEXT
    assert Check("a", Result.PASSED, one_line(str(DriverError("é")), MAX_TEXT)).text == "é"


def test_the_machine_tells_what_it_is(tmp_path: Path) -> None:
    put(tmp_path, "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    put(tmp_path, "etc/os-release", 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    told = Machine(tmp_path)
    assert (told.model, told.system) == ("Raspberry Pi 4 Model B Rev 1.4", "Debian GNU/Linux 12 (bookworm)")
    nothing = Machine(tmp_path / "nowhere")
    assert (nothing.model, nothing.system) == ("unknown board", "unknown system")


def test_acting_as_the_owner_of_a_directory(tmp_path: Path) -> None:
    with as_owner(tmp_path):
        (tmp_path / "file").touch()
    assert (tmp_path / "file").stat().st_uid == tmp_path.stat().st_uid
