"""The command: what it refuses, how it ends, and that nothing outlives it (the conftest's leftovers look)."""

from __future__ import annotations

import contextlib
import itertools
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ

import pytest

from tests.scripts.demonstration.demonstration import COMMAND, ROOT, run_demonstration
from tests.support.waiting import WITHIN_S


@pytest.mark.parametrize("words", [["--console"], ["--reader", "sim"]])
def test_without_a_terminal_it_names_the_way_without_one(words: list[str]) -> None:
    done = run_demonstration(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--once" in done.stderr


def test_a_directory_with_something_in_it_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "root.key").write_text("precious")
    done = run_demonstration("--once", "--reader", "sim", "--state", str(tmp_path))
    assert done.returncode == 1
    assert str(tmp_path / "keys") in done.stderr
    assert "not empty" in done.stderr
    assert [one.name for one in (tmp_path / "keys").iterdir()] == ["root.key"]


def test_a_path_too_long_for_a_socket_is_refused_with_the_cure(tmp_path: Path) -> None:
    done = run_demonstration("--once", "--reader", "sim", "--state", str(tmp_path / ("long" * 30)))
    assert done.returncode == 1
    assert "control_socket" in done.stderr


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGTERM, 128 + 15), (signal.SIGHUP, 128 + 1), (signal.SIGINT, 128 + 2)]
)
def test_a_signal_in_the_middle_ends_everything_in_order(how: signal.Signals, code: int) -> None:
    with _story_under_way() as process:
        process.send_signal(how)
        assert process.wait(WITHIN_S) == code


def test_an_impatient_second_signal_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with _story_under_way() as process:
        process.send_signal(signal.SIGTERM)
        for how in itertools.cycle((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                assert process.wait(0.01) == 128 + signal.SIGTERM
                break
            process.send_signal(how)
    assert list(tmp_path.iterdir()) == []


def test_the_gate_dies_with_a_demonstration_that_is_killed(tmp_path: Path) -> None:
    with _story_under_way("--state", str(tmp_path)) as process:
        process.kill()
        assert process.wait(WITHIN_S) == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["sim", "em4100_serial"])
def test_a_person_taps_sees_it_and_quits_and_finds_his_terminal_as_it_was(kind: str) -> None:
    owner, terminal = pty.openpty()
    ioctl(terminal, TIOCSWINSZ, pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "--reader", kind], cwd=ROOT, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE
    )
    os.close(terminal)
    with process:
        for awaited, key in (("reader up", "\x1b[A1"), ("reader up", "1"), ("GRANTED", "q")):
            _read_until(owner, awaited)
            os.write(owner, key.encode())
        assert process.wait(WITHIN_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert "\x1b[?1049l" in _read_until(owner, "\x1b[?25h")
    os.close(owner)


@contextmanager
def _story_under_way(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A demonstration whose gate runs."""
    command = [*COMMAND, "--once", "--reader", "sim", *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509  # no thread runs here
    ) as process:
        assert process.stdout is not None
        assert any("The gate has power" in line for line in process.stdout)
        yield process


def _heed_interrupts() -> None:
    """A shell's job in the background ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _read_until(descriptor: int, text: str) -> str:
    deadline = time.monotonic() + WITHIN_S
    seen = ""
    while text not in seen:
        left_s = deadline - time.monotonic()
        assert select.select([descriptor], [], [], max(0.0, left_s))[0], f"{text!r} did not come in {seen!r}"
        seen += os.read(descriptor, 4096).decode("utf-8", "replace")
    return seen
