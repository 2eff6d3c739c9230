"""A killed run leaves its directory to the next one, which removes no living run's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.run_directory import run_directory

RUN = "import sys; from pathlib import Path; from tests.support.run_directory import run_directory as make;"
RUN += "print(make('run-', Path(sys.argv[1])), flush=True); sys.stdin.read()"


def start(home: Path) -> tuple[subprocess.Popen[str], Path]:
    """A run that lives until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_run_left_is_swept_and_a_living_run_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "run-of somebody else").mkdir()
    killed, left = start(tmp_path)
    with killed:
        killed.kill()
    living, kept = start(tmp_path)
    with living:
        assert left != kept
        assert not left.exists()
        made = run_directory("run-", tmp_path)
        assert kept.exists()
        living.communicate("")
    assert {one.name for one in tmp_path.iterdir()} == {made.name, "run-of somebody else"}
