"""`upgrade` and `rollback` on a tree: links are turned, nothing of this machine is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provisioning.__main__ import main
from provisioning.cli._answer import EXIT_NO
from tests.support.machine import snapshot
from tests.support.releases import NEW, OLD, serving, unpack


def ask(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    assert main([*map(str, words), "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["ok"] is (code == 0)
    return answer


def test_up_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases = serving(tmp_path)
    answer = ask(capsys, "upgrade", "--to", NEW, "--root", tmp_path)
    assert (answer["changed"], answer["current"], answer["previous"]) == (True, NEW, OLD)
    assert answer["on_trial"] is None
    assert ask(capsys, "upgrade", "--to", NEW, "--root", tmp_path)["changed"] is False
    answer = ask(capsys, "rollback", "--root", tmp_path)
    assert (answer["current"], answer["refused"]) == (OLD, {"version": NEW, "reason": "by hand"})
    assert releases.current() == OLD
    assert "no release to go back to" in ask(capsys, "rollback", "--root", tmp_path, code=EXIT_NO)["error"]


def test_a_dry_run_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serving(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert ask(capsys, "upgrade", "--to", NEW, "--root", tmp_path, "--dry-run")["current"] == OLD
    assert ask(capsys, "rollback", "--root", tmp_path, "--dry-run")["current"] == OLD
    refused = ask(capsys, "upgrade", "--to", "7.0", "--root", tmp_path, "--dry-run", code=EXIT_NO)
    assert "no whole release '7.0'" in refused["error"]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_trial_is_judged_where_services_run_and_not_by_a_dry_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # whatever asked this machine's service manager would fail
    releases = serving(tmp_path)
    words = ("upgrade", "--judge", "--root", tmp_path)
    assert "no release is on trial" in told(capsys, *words, "--dry-run")
    releases.switch(NEW, on_trial=True)
    before = snapshot(tmp_path)
    assert "would judge release 1.1, and go back to 1.0" in told(capsys, *words, "--dry-run")
    assert ask(capsys, *words, code=69)["on_trial"] == NEW
    assert snapshot(tmp_path) == before


def told(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([*map(str, words)]) == 0
    return capsys.readouterr().out


def test_answers_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unpack(tmp_path, OLD)
    assert main(["upgrade", "--to", OLD, "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "release 1.0 is in place\n"
    assert main(["upgrade", "--to", "7.0", "--root", str(tmp_path)]) == EXIT_NO
    assert "there is no whole release '7.0' (there: 1.0)" in capsys.readouterr().err


def test_a_package_needs_a_running_machine_and_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = ask(capsys, "upgrade", tmp_path / "gone.deb", code=EXIT_NO)
    assert "is the stick mounted?" in answer["error"]
    answer = ask(capsys, "upgrade", tmp_path / "x.deb", "--root", tmp_path, code=EXIT_NO)
    assert "chroot" in answer["error"]


@pytest.mark.parametrize("words", [[], ["--to", "1.0", "--judge"], ["x.deb", "--to", "1.0"]])
def test_exactly_one_thing_is_asked_for(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["upgrade", *words])
    assert "usage:" in capsys.readouterr().err
