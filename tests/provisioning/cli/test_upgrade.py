"""`upgrade` and `rollback` on a tree: links are turned, nothing of this machine is touched."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from provisioning.__main__ import main
from provisioning.cli._answer import EXIT_NO
from provisioning.cli.upgrade import EXIT_NOT_TRIED, install
from provisioning.errors import ProvisioningError
from provisioning.releases import Releases
from tests.support.machine import ROOT, snapshot
from tests.support.releases import NEW, OLD, Machine, serving, unpack


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


class Apt:
    """dpkg and apt as programs in the path: a package is a text of its fields, and apt runs ``postinst``."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = place / "machine"
        self._words = place / "apt-words"
        self._stick = place
        self._programs = place / "bin"
        self._programs.mkdir()
        self.make(
            "dpkg-deb", 'grep -q ^Package: "$2" || { echo "not a Debian format archive"; exit 2; }; cat "$2"'
        )
        self.make("dpkg", "echo arm64")
        self.postinst(f"upgrade --to {NEW}")
        monkeypatch.setenv("PATH", f"{self._programs}:{os.environ['PATH']}")
        monkeypatch.chdir(ROOT)

    def make(self, name: str, script: str) -> None:
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def postinst(self, *commands: str) -> None:
        """What apt does with a package that is not installed in this version, or installed again."""
        lines = [
            f"{sys.executable} -m provisioning {one} --root {self.root} >&2 || exit 1" for one in commands
        ]
        again = 'case "$*" in *--reinstall*) ;; *) exit 0;; esac'
        self.make("apt-get", "\n".join([f'echo "$*" >>{self._words}', again, *lines]))

    @property
    def words(self) -> str:
        return self._words.read_text() if self._words.exists() else ""

    def package(self, *, name: str = "gatehouse-gate", version: str = NEW, made_for: str = "arm64") -> Path:
        path = self._stick / f"{name}_{version}_{made_for}.deb"
        path.write_text(f"Package: {name}\nVersion: {version}\nArchitecture: {made_for}\n")
        return path

    def install(self, package: Path, releases: Releases, machine: Machine | None) -> tuple[int, str]:
        arguments = argparse.Namespace(package=package, root=Path("/"), dry_run=False, json=True)
        code, text, fields = install(arguments, releases, machine)
        assert (code == 0) is ("error" not in fields)
        return code, text


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apt:
    return Apt(tmp_path, monkeypatch)


def test_a_package_is_installed_and_its_release_serves(apt: Apt) -> None:
    assert apt.install(apt.package(), serving(apt.root), Machine()) == (0, "release 1.1 serves")


def test_a_release_that_nobody_could_try_is_told_as_such(apt: Apt) -> None:
    for machine in (None, Machine(meant_to_run=False)):
        releases = serving(apt.root)
        code, text = apt.install(apt.package(), releases, machine)
        assert (code, "was not tried" in text, releases.current()) == (EXIT_NOT_TRIED, True, NEW)
        assert apt.install(apt.package(), releases, machine) == (0, "release 1.1 serves"), "as before"
        shutil.rmtree(apt.root)


def test_a_release_that_is_gone_back_from_is_told_with_its_reason(apt: Apt) -> None:
    apt.postinst(f"upgrade --to {NEW}", "rollback")
    told = "release 1.1 was rolled back: by hand; 1.0 is in service"
    assert apt.install(apt.package(), serving(apt.root), Machine()) == (EXIT_NO, told)


def test_a_release_that_was_gone_back_from_by_hand_is_brought_in_again(apt: Apt) -> None:
    releases = serving(apt.root)
    releases.switch(NEW, on_trial=False)
    releases.go_back("by hand")
    assert apt.install(apt.package(), releases, Machine()) == (0, "release 1.1 serves")
    assert releases.current() == NEW


def test_an_old_verdict_is_none_on_another_release(apt: Apt) -> None:
    releases = serving(apt.root, also=(NEW, "1.2"))
    releases.switch("1.2", on_trial=False)
    releases.go_back("crashes")
    apt.postinst()
    code, text = apt.install(apt.package(), releases, Machine())
    assert (code, text) == (69, "release 1.1 does not serve, 1.0 does: gatehouse-provision upgrade --to 1.1")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "nginx"}, "is the package nginx, and a gate's releases come as gatehouse-gate"),
        ({"made_for": "armhf"}, "is made for armhf, and this machine is arm64"),
        ({"name": "no"}, "is no Debian package that can be read"),
    ],
)
def test_another_package_never_gets_to_apt(apt: Apt, fields: dict[str, str], why: str) -> None:
    package = apt.package(**fields)
    if fields.get("name") == "no":
        package.write_text("a picture")
    with pytest.raises(ProvisioningError, match=why):
        apt.install(package, serving(apt.root), Machine())
    assert apt.words == ""
