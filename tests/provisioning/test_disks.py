"""A disk that is full or read-only in the middle of a visit: told with its cure, and gone on with later."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.machine import ROOT

COMMON = """
import subprocess, sys
from pathlib import Path
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from tests.support.set_up_visit import apply, without_journal
from tests.support.enrolling import enrol, list_of
from tests.support.machine import add_users, copy_machine, make_machine, snapshot

machine, whole = Path(sys.argv[1]) / "machine", Path(sys.argv[1]) / "whole"
machine.mkdir()

def new_disk():
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", machine], check=True)

def remount(option):
    subprocess.run(["mount", "-o", f"remount,{option}", machine], check=True)

def refused(work, word):
    try:
        work(machine)
    except ProvisioningError as error:
        assert word in str(error), error
    else:
        raise AssertionError("not refused")

def with_little_room(work, words):
    # Refused again and again, with so many KiB free, and then it is done.
    refusals = 0
    for free_kib in range(0, 400, 8):
        room = Host(machine).space("/").free_bytes
        (machine / "ballast").write_bytes(bytes(room - free_kib * 1024))
        try:
            work(machine)
            break
        except ProvisioningError as error:
            assert any(one in str(error) for one in words), error
            refusals += 1
        finally:
            (machine / "ballast").unlink()
    assert refusals > 3, refusals
"""
FULL = """
new_disk()
make_machine(machine)
copy_machine(machine, whole)
apply(whole)
with_little_room(apply, ["free some space"])
assert without_journal(snapshot(machine)) == without_journal(snapshot(whole))
new_disk()
add_users(machine)
with_little_room(enrol, ["No space left on device", "free space", "disk is full"])
assert list_of(machine) is not None
print("went on")
"""
READ_ONLY = """
new_disk()
add_users(make_machine(machine))
before = snapshot(machine)
remount("ro")
refused(apply, "mount it for writing")
refused(enrol, "ead-only")
assert snapshot(machine) == before
remount("rw")
apply(machine)
print("went on")
"""


@pytest.mark.real_part("mount namespace")
@pytest.mark.parametrize("script", [FULL, READ_ONLY], ids=["full", "read-only"])
def test_a_disk_that_takes_no_more_is_told_and_gone_on_with(script: str, tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting needs root and unshare")
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", COMMON + script, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "unshare failed" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
