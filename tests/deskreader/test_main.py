"""The helper's commands, and that nothing of it needs Linux before a reader is opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deskreader.__main__ import default_code_file, main

TREE = Path(__file__).resolve().parents[2]
ELSEWHERE = """
import os, sys
for name in ("fcntl", "termios", "pwd", "grp", "resource", "pty", "smartcard"):
    sys.modules[name] = None
del os.eventfd, os.EFD_NONBLOCK
import deskreader.__main__, drivers.readers.pcsc
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"office", "terminal", "django", "provisioning", "cryptography"}))
"""


def test_the_code_is_made_once_and_shown_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["pair", "--code-file", str(tmp_path / "code")]
    shown = []
    for more in ([], [], ["--new"]):
        assert main([*words, *more]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] != shown[2]
    assert len(shown[0].strip()) == 29


@pytest.mark.parametrize(
    "origin",
    [
        "desk.example.org",
        "http://desk.example.org",
        "https://desk.example.org/",
        "https://Desk",
        "null",
        "*",
        "https://desk.example.org\r\nX: y",
        "https://a@b",
        "",
    ],
)
def test_an_office_that_is_no_origin_is_refused(
    origin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--office", origin, "--code-file", str(tmp_path / "code")]) == 1
    assert "give the desk's address as the browser shows it" in capsys.readouterr().err
    assert not (tmp_path / "code").exists()


def test_a_code_that_others_may_read_stops_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "code"
    main(["pair", "--code-file", str(path)])
    path.chmod(0o644)
    assert main(["run", "--office", "https://desk.example.org", "--code-file", str(path)]) == 1
    assert "others may read it" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "80", "65536", "x", "-1"])
def test_a_port_is_one_that_a_user_may_have(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--office", "https://desk.example.org", "--port", port])
    assert "is no port from 1024 to 65535" in capsys.readouterr().err


def test_the_code_lies_in_the_users_own_profile() -> None:
    assert default_code_file({"LOCALAPPDATA": "/u/l"}) == Path("/u/l/Gatehouse/desk-reader.code")
    assert default_code_file({"XDG_CONFIG_HOME": "/u/c"}) == Path("/u/c/gatehouse/desk-reader.code")


def test_it_loads_without_what_only_linux_has_and_without_the_office() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], cwd=TREE, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
