"""The package on a booted Debian: whatever happens to the gate, it is back in service."""

from __future__ import annotations

import json
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from tests.support.booted_gate import (
    BAD,
    GATE,
    NEW,
    OLD,
    STATE,
    SYNC,
    answer,
    release,
    until_restarted,
    with_settings,
    within,
)
from tests.support.bundles import bundle_file
from tests.support.container import TRIXIE, Container, Workshop, plain_tree
from tests.support.estate import key
from tests.support.gate_package import (
    CONFIG,
    LOCK_PIN,
    SERVICES,
    become_a_pi,
    carry_package,
    install,
    need_wheels,
    put_into_service,
    replace_by_spare,
    serves,
    tap,
)
from tests.support.waiting import until

pytestmark = [
    pytest.mark.one_python,  # each container has its own
    pytest.mark.real_part("a booted Debian container"),
    pytest.mark.timeout(300),  # the first run makes the tree and builds the wheels
]
CRASHES = 100
Tried = tuple[Container, subprocess.Popen[str]]


def test_a_release_on_trial_serves(tried: Tried) -> None:
    gate, upgrade = tried
    until("the trial", lambda: release(gate) == (NEW, OLD, NEW), told=gate.journal)
    until("a tap by the release on trial", partial(serves, gate), told=gate.journal)
    assert upgrade.poll() is None, "it waits for the verdict"


def test_it_is_in_service_after_a_boot_without_network_or_hands(gate: Container) -> None:
    assert "granted" in tap(gate)
    assert "unknown_credential" in tap(gate, "04A1FFFF", opens=False)
    assert gate.show(GATE, "NRestarts") == "0"


def test_users_and_state_are_those_of_the_design(gate: Container) -> None:
    for unit, user, folder in ((GATE, "gatehouse-terminal", "terminal"), (SYNC, "gatehouse-sync", "sync")):
        pid = gate.show(unit, "MainPID")
        assert gate.run("stat", "--format=%U", f"/proc/{pid}") == user
        state = f"/var/lib/gatehouse/{folder}"
        assert gate.run("stat", "--format=%U %G %a", state) == f"{user} gatehouse 2770"
        status = gate.run("cat", f"/proc/{pid}/status")
        for line in ("CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
            assert line in status, unit
    inside = gate.show(GATE, "MainPID")
    interfaces = gate.run("nsenter", "--net", "--target", inside, "ip", "-br", "link").splitlines()
    assert [line.split()[0] for line in interfaces] == ["lo"]


def test_nothing_it_needs_is_forbidden_and_nothing_else_allowed(gate: Container) -> None:
    python = "/opt/gatehouse/current/bin/python3"
    # The check of a list, some time after a start, lowers its own priority first of all.
    check = f"{python} -m terminal.list_check /var/lib/gatehouse/sync"
    expected = (
        (GATE, check, "success"),
        (GATE, "touch /var/lib/gatehouse/sync/x", "success"),
        (GATE, "touch /etc/gatehouse/x", "exit-code"),
        (GATE, "touch /opt/gatehouse/current/x", "exit-code"),
        (GATE, "cat /var/lib/gatehouse/sync/gate.key", "exit-code"),
        (GATE, f"{python} -c 'import socket; socket.socket(socket.AF_INET)'", "exit-code"),
        (SYNC, f"{python} -c 'import socket; socket.socket(socket.AF_INET)'", "success"),
        (SYNC, f"{python} -c 'import socket; socket.socket(socket.AF_PACKET)'", "exit-code"),
        (SYNC, f"{python} -c 'import os; os.chown(\"/tmp\", 0, 0)'", "exit-code"),
        (SYNC, "cat /var/lib/gatehouse/sync/gate.key", "success"),
    )
    ends = within(gate, [one[:2] for one in expected])
    assert list(zip([one[1] for one in expected], ends, strict=True)) == [one[1:] for one in expected]
    for unit in SERVICES:
        said = gate.run("journalctl", "--no-pager", f"--unit={unit}")
        for word in ("not permitted", "denied", "Traceback", "Unknown"):
            assert word not in said, unit


def test_a_killed_gate_is_back(gate: Container) -> None:
    life = gate.show(GATE, "InvocationID")
    gate.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", GATE)
    until_restarted(gate, GATE, life)
    tap(gate)


def test_a_hung_decision_loop_is_ended_by_the_watchdog(gate: Container) -> None:
    assert gate.show(GATE, "WatchdogUSec") == "10s"
    with_settings(gate, GATE, "WatchdogSec=1s")  # the hang is no matter of its length
    gate.run("systemctl", "restart", GATE)
    life = gate.show(GATE, "InvocationID")
    gate.run("systemctl", "kill", "--signal=STOP", "--kill-whom=main", GATE)
    until_restarted(gate, GATE, life, 40)
    assert "Watchdog timeout" in gate.run("journalctl", "--no-pager", f"--unit={GATE}")
    tap(gate)
    with_settings(gate, GATE)
    gate.run("systemctl", "restart", GATE)


def test_a_hundred_crashes_in_a_row_do_not_tire_it(gate: Container) -> None:
    # Its pauses are left out, and the release after each: they take a minute.
    with_settings(gate, GATE, "RestartSec=10ms", "ExecStopPost=")
    gate.run("systemctl", "restart", GATE)
    kill = (
        f"n=0; while [ $n -lt {CRASHES} ]; do"
        f" systemctl kill --signal=KILL --kill-whom=main {GATE} 2>/dev/null || continue;"
        f" until [ $(systemctl show --value --property=NRestarts {GATE}) -gt $n ]; do :; done;"
        " n=$((n + 1)); done"
    )
    gate.run("timeout", "100", "sh", "-c", kill)
    gate.until_serving(GATE)
    assert int(gate.show(GATE, "NRestarts")) >= CRASHES
    tap(gate)
    with_settings(gate, GATE)


def test_it_opens_without_sync_process_and_network(gate: Container) -> None:
    gate.run("systemctl", "stop", SYNC)
    gate.run("ip", "link", "set", "lo", "down")
    assert "granted" in tap(gate)
    life = gate.show(GATE, "InvocationID")
    gate.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", GATE)
    until_restarted(gate, GATE, life)
    assert "granted" in tap(gate)
    gate.run("ip", "link", "set", "lo", "up")


def test_the_sync_process_serves_without_the_gate_and_comes_back(gate: Container) -> None:
    with_settings(gate, SYNC, "RestartSec=10ms")
    gate.run("systemctl", "stop", GATE)
    life = gate.show(SYNC, "InvocationID")
    gate.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", SYNC)
    until_restarted(gate, SYNC, life)
    assert gate.show(GATE, "ActiveState") == "inactive"
    with_settings(gate, SYNC)


def test_no_end_of_the_gate_leaves_a_relay_driven(own: Container) -> None:
    registers = become_a_pi(own)
    try:
        for end in (
            ("systemctl", "stop", GATE),
            ("systemctl", "kill", "--signal=KILL", "--kill-whom=main", GATE),
            ("systemctl", "kill", "--signal=STOP", "--kill-whom=main", GATE),  # the watchdog's case
        ):
            own.run("systemctl", "restart", GATE)
            own.until_serving(GATE)
            assert registers.output(LOCK_PIN) is False
            until("a tap", partial(serves, own), told=own.journal)
            assert registers.output(LOCK_PIN) is True, "the lock is driven open"
            own.run(*end)
            until(
                f"the line undriven after {end[1:]}", lambda: not registers.drives(LOCK_PIN), told=own.journal
            )
    finally:
        registers.close()


def test_events_outlive_the_power_and_a_boot_is_quick(own: Container) -> None:
    tap(own)
    before = own.run("gatehouse-terminal", "log", "--limit", "100").splitlines()
    assert before
    own.cut_power()
    own.boot()
    until("the first granted tap", partial(serves, own), told=own.journal)
    after = own.run("gatehouse-terminal", "log", "--limit", "100").splitlines()
    assert after[: len(before)] == before


def test_an_installed_gate_is_tested_and_serves_again(gate: Container) -> None:
    gate.run("gatehouse-provision", "selftest", "--non-interactive", "--stop-gate")
    gate.until_serving(*SERVICES)
    assert serves(gate)
    gate.run("gatehouse-provision", "report")


def test_a_spare_takes_the_place_of_a_dead_unit(workshop: Workshop, installed: tuple[Path, ...]) -> None:
    # That the office then refuses the dead unit's key: tests/office/hub/test_enrolment_link.py.
    container = Container(workshop.tree("spare", *installed))
    try:
        container.boot()
        began = time.monotonic()
        replace_by_spare(
            container, bundle_file(config=CONFIG.encode(), replaces=True, token=key("spare's token"))
        )
        assert "granted" in tap(container)
        print(f"first granted tap {time.monotonic() - began:.1f} s after the bundle was at hand")
    finally:
        container.cut_power()


def test_debian_13_has_a_gate_that_may_speak_to_its_pcscd(
    workshop: Workshop, packages: dict[str, Path]
) -> None:
    need_wheels(TRIXIE)
    container = Container(workshop.tree("trixie", plain_tree(TRIXIE)))
    try:
        container.boot()
        install(container, packages[OLD])
        put_into_service(container, bundle_file(config=CONFIG.encode()))
        assert "granted" in tap(container)
        container.run("udevadm", "verify", "/usr/lib/udev/rules.d/70-gatehouse.rules")
        for action in ("access_pcsc", "access_card"):
            check = f"pkcheck --action-id org.debian.pcsc-lite.{action} --process $!"
            ask = f"sleep 60 & {check}; answer=$?; kill $!; exit $answer"
            container.run("sh", "-c", ask, user="gatehouse-terminal")
            assert "Not authorized" in container.run("sh", "-c", ask, user="gatehouse-sync", ok=False)
    finally:
        container.cut_power()


def test_up_to_a_good_release_back_from_a_bad_one_and_out(tried: Tried, packages: dict[str, Path]) -> None:
    own, upgrade = tried
    told = json.loads(upgrade.communicate(timeout=60)[0])
    assert (upgrade.returncode, told["current"], told["previous"]) == (0, NEW, OLD)
    assert release(own) == (NEW, OLD, None)
    tap(own)

    # The same file once more after a return by hand: apt alone would say that this is installed already.
    answer(own, "gatehouse-provision", "rollback")
    again = answer(own, "gatehouse-provision", "upgrade", carry_package(own, packages[NEW]))
    assert (again["current"], release(own)) == (NEW, (NEW, OLD, None))

    bad = carry_package(own, packages[BAD])
    assert "would install" in own.run("gatehouse-provision", "upgrade", bad, "--dry-run")
    gone = answer(own, "gatehouse-provision", "upgrade", bad, ok=False)
    assert (gone["current"], gone["refused"]["version"]) == (NEW, BAD)
    # The bad release's process may be the one that still runs while its end is on the way.
    until("a tap by the release that came back", partial(serves, own), told=own.journal)
    found = answer(own, "gatehouse-provision", "rollback", "--dry-run")
    assert found["refused"]["version"] == BAD
    assert "restarted" in found["refused"]["reason"]

    own.run("apt-get", "-q", "remove", "--yes", "gatehouse-gate")
    assert own.run("systemctl", "is-active", GATE, ok=False) in ("inactive", "unknown")
    assert not (own.root / "opt/gatehouse").exists()
    assert (own.root / "var/lib/gatehouse/sync/gate.key").is_file()
    own.run("apt-get", "-q", "purge", "--yes", "gatehouse-gate")
    assert not (own.root / "var/lib/gatehouse").exists()


def test_a_system_that_is_only_read_serves_and_a_bad_release_cut_off_is_gone_back_from(
    workshop: Workshop, layers: tuple[Path, ...], packages: dict[str, Path]
) -> None:
    container, disk = Container(workshop.tree("read-only", *layers)), workshop.disk("state")
    root = container.root
    subprocess.run(["cp", "-a", f"{root}/var/lib/gatehouse/.", disk], check=True)
    (root / "etc/fstab").write_text(f"none / auto defaults 0 1\nnone {STATE} auto noauto 0 2\n")
    bad = carry_package(container, packages[BAD])
    try:
        container.boot(f"--bind={disk}:{STATE}")
        found = answer(container, "gatehouse-provision", "apply", "--read-only-root")
        assert (found["changes"], found["reboot"]) == (1, True)
        container.power_off()

        container.boot(f"--bind={disk}:{STATE}")
        until("a tap", partial(serves, container), told=container.journal)
        for place, writable in (
            ("/usr/x", False),
            ("/etc/gatehouse/x", False),
            (f"{STATE}/terminal/x", True),
        ):
            container.run("touch", place, ok=writable)
        container.run("rm", f"{STATE}/terminal/x")
        assert "runs" in container.run("gatehouse-provision", "doctor")
        told = answer(container, "gatehouse-provision", "upgrade", bad, ok=False)
        assert "remount,rw" in told["error"]

        container.run("mount", "-o", "remount,rw", "/")
        container.run("apt-get", "-q", "install", "--yes", bad)
        assert release(container) == (BAD, OLD, BAD)
        container.cut_power()
        container.boot(f"--bind={disk}:{STATE}")
        until("the end of a bad release", lambda: release(container)[0] == OLD, told=container.journal)
        until("a tap by the release that came back", partial(serves, container), told=container.journal)
    finally:
        container.cut_power()


def test_what_was_set_up_is_examined_and_taken_back(own: Container) -> None:
    found = answer(own, "gatehouse-provision", "doctor")
    assert found["errors"] == 0, found["findings"]
    told = {one["what"]: one["text"] for one in found["findings"]}
    assert told["service"] == "the gate runs: runs"
    assert "runs and holds its lines" in told["gate"], "its own check ran as its own user"

    own.run("systemctl", "stop", GATE)
    stopped = answer(own, "gatehouse-provision", "doctor", ok=False)
    assert f"not running: {GATE}" in str(stopped["findings"])
    again = answer(own, "gatehouse-provision", "apply")
    assert (again["changes"], again["steps"][-1]["changes"]) == (1, [f"start {GATE}"])
    tap(own)

    assert answer(own, "gatehouse-provision", "uninstall")["stays"] == []
    assert own.run("systemctl", "is-active", GATE, ok=False) == "inactive"
    assert own.run("systemctl", "is-enabled", "gate.target", ok=False) == "disabled"
    put_into_service(own, bundle_file(config=CONFIG.encode()))
    own.until_serving(*SERVICES)
    tap(own)

    assert answer(own, "gatehouse-provision", "uninstall", "--purge")["stays"] == []
    state = own.root / "var/lib/gatehouse"
    assert sorted(path.name for path in state.rglob("*")) == ["sync", "terminal"]
