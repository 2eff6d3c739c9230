"""The guard that every test runs under does see what a test leaves behind."""

from __future__ import annotations

import subprocess
import sys
import threading

from tests.support.leftovers import Leftovers, children

ORPHAN = "import subprocess as s; print(s.Popen(['sleep', '600'], stdout=s.DEVNULL).pid)"


def exchange(process: subprocess.Popen[bytes]) -> None:
    """Hear from the process, so that it is surely the program that it was started as."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"?")
    process.stdin.flush()
    assert process.stdout.read(1) == b"?"


def test_nothing_left_is_nothing_told() -> None:
    before = Leftovers.now()
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert before.remaining() == []


def test_a_thread_that_stays_is_named() -> None:
    before, end = Leftovers.now(), threading.Event()
    thread = threading.Thread(target=end.wait, name="straggler")
    thread.start()
    try:
        assert before.remaining(grace_s=0) == ["thread straggler"]
    finally:
        end.set()
        thread.join()


def test_a_process_that_stays_is_named_and_killed() -> None:
    before = Leftovers.now()
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        exchange(process)
        assert before.remaining(grace_s=0) == [f"process {process.pid} (cat)"]
        assert process.pid not in children()


def test_an_orphaned_grandchild_is_named_too() -> None:
    before = Leftovers.now()
    orphan = int(subprocess.run([sys.executable, "-c", ORPHAN], check=True, stdout=subprocess.PIPE).stdout)
    assert [one.partition(" (")[0] for one in before.remaining(grace_s=0)] == [f"process {orphan}"]
