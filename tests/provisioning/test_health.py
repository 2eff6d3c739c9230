"""What the machine says of itself, in the words of a person with a cure."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from provisioning.health import THROTTLED, findings_of, look_after, pcscd, supply
from provisioning.host import Host
from terminal.findings import Verdict


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ("0\n", Verdict.OK),
        ("50005\n", Verdict.ERROR),
        ("1\n", Verdict.ERROR),
        ("50000\n", Verdict.WARNING),
        ("20002\n", Verdict.OK),
        ("?\n", Verdict.WARNING),
    ],
)
def test_the_firmwares_word_on_the_supply(tmp_path: Path, told: str, verdict: Verdict) -> None:
    path = tmp_path / THROTTLED[1:]
    path.parent.mkdir(parents=True)
    path.write_text(told)
    assert [one.verdict for one in supply(Host(tmp_path))] == [verdict]


def test_a_board_without_that_word_is_passed_over(tmp_path: Path) -> None:
    assert list(supply(Host(tmp_path))) == []
    assert look_after(Host(tmp_path), None) == []


def test_pcscd_answers_or_the_cure_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pcscd.comm"
    assert "apt install pcscd" in next(pcscd(path)).text
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert "restart pcscd.socket" in next(pcscd(path)).text
        server.listen()
        assert next(pcscd(path)).verdict is Verdict.OK


def test_the_gates_own_check_is_handed_on() -> None:
    answer = {"ok": False, "findings": [{"what": "clock", "verdict": "warning", "text": "suspect"}]}
    assert [(one.what, one.verdict) for one in findings_of(answer)] == [("clock", Verdict.WARNING)]
    assert [one.text for one in findings_of({"ok": False, "errors": ["a", "b"]})] == ["a", "b"]
    assert findings_of({"ok": False, "error": "no"})[0].verdict is Verdict.ERROR
