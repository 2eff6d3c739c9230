"""`init` and `createuser`, as a person runs them, and `serve` over a real socket."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from office.registry.models import StaffRole
from office.site.cli import ROLES
from tests.support.office_process import ESTATE, office


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("estate") / "office"
    answer = office("init", str(path), "--estate", ESTATE, "--insecure")
    assert answer.returncode == 0, answer.stderr
    return path


def test_roles_are_those_of_the_registry() -> None:
    assert tuple(ROLES) == tuple(StaffRole.values)


def test_a_new_office_is_private_and_is_not_made_twice(made: Path) -> None:
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert stat.S_IMODE((made / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((made / "office.db").stat().st_mode) == 0o600
    again = office("init", str(made), "--estate", ESTATE)
    assert again.returncode == 1
    assert "there is an office here already" in again.stderr


def test_the_hub_reads_the_same_file(made: Path) -> None:
    answer = office("hub", "report", str(made / "office.db"))
    assert answer.returncode == 0, answer.stderr


def test_a_member_of_staff_is_made_with_a_password_worth_its_name(made: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("short\n")
    weak = office("createuser", str(made), "li", "--role", "clerk", "--password-file", str(password))
    assert weak.returncode == 1
    assert "password" in weak.stderr
    password.write_text("three gates in the rain\n")
    assert (
        office("createuser", str(made), "li", "--role", "clerk", "--password-file", str(password)).returncode
        == 0
    )
    taken = office("createuser", str(made), "li", "--role", "clerk", "--password-file", str(password))
    assert "li exists" in taken.stderr


def test_a_wrong_estate_and_a_missing_office_are_told(tmp_path: Path) -> None:
    assert "16 hexadecimal digits" in office("init", str(tmp_path / "x"), "--estate", "12").stderr
    assert "make the office with: init" in office("serve", str(tmp_path / "none")).stderr


def test_a_secret_that_others_can_read_is_refused(made: Path) -> None:
    secret = made / "secret.key"
    secret.chmod(0o644)
    try:
        answer = office("serve", str(made))
    finally:
        secret.chmod(0o600)
    assert answer.returncode == 1
    assert "chmod 600" in answer.stderr


def test_a_desk_without_a_name_is_refused_by_file_and_option(made: Path, tmp_path: Path) -> None:
    copy = tmp_path / "office"
    copy.mkdir()
    (copy / "office.toml").write_text(f'estate = "{ESTATE}"\nhosts = []\n')
    told = office("serve", str(copy)).stderr
    assert "office.toml" in told
    assert "hosts" in told
