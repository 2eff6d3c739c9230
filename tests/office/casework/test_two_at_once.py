"""Two clerks at one card in the same moment: one is first, the other is told, nothing happens twice."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

Said = dict[str, Any]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What became of every race (`tests.support.clerks_at_once`)."""
    path = tmp_path_factory.mktemp("estate") / "office"
    for command in (
        ["office", "init", str(path), "--estate", "6761746568303031", "--insecure"],
        ["tests.support.clerks_at_once", str(path)],
    ):
        answer = subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, check=False, timeout=100
        )
        assert answer.returncode == 0, answer.stderr
    found: Said = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize(
    ("race", "ends", "rows"),
    [
        ("report", [["case_open", "done"]], 1),
        ("pay", [["done", "nothing_due"]], 1),
        ("give", [["chip_in_use", "done"], ["done", "faster"]], 1),
        ("send", [["done", "done"], ["done", "faster"]], 1),
        ("last", [["done", "quota_exceeded"]], 5),
    ],
)
def test_one_is_first_and_the_other_is_told(said: Said, race: str, ends: list[list[str]], rows: int) -> None:
    became, count = said["races"][race]
    assert became in ends
    assert count == rows


def test_the_trail_is_one_chain_whoever_wrote_it(said: Said) -> None:
    assert said["trail"] == {"broken": [], "whole": True}
