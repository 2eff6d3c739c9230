"""The guard that every test runs under does see what a test leaves behind."""

from __future__ import annotations

import subprocess
import sys
import threading

from tests.support.leftovers import Leftovers, children

ORPHAN = "import subprocess as s; print(s.Popen(['sleep', '600'], stdout=s.DEVNULL).pid)"


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
    process = subprocess.Popen(["sleep", "600"])
    assert before.remaining(grace_s=0) == [f"process {process.pid} (sleep 600)"]
    assert process.pid not in children()
    process.wait()


def test_an_orphaned_grandchild_is_named_too() -> None:
    before = Leftovers.now()
    orphan = int(subprocess.run([sys.executable, "-c", ORPHAN], check=True, stdout=subprocess.PIPE).stdout)
    assert before.remaining(grace_s=0) == [f"process {orphan} (sleep 600)"]
