"""What runs beside the desk is started again; what is believed of a proxy is said in one place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.site.ending import Ending
from office.site.serving import Serving, end_process, kept_running, serve, server_options
from tests.support.office_process import ESTATE, office
from tests.support.waiting import WITHIN_S, until

RUNNING = """
import os, pathlib, signal, sys
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()}.")
signal.pause()
"""


def serving(*, secure: bool, proxy: str = "127.0.0.1") -> Serving:
    return Serving("127.0.0.1:8080", "https://desk.example.org/", secure, proxy, [])


def test_without_a_proxy_no_header_is_believed() -> None:
    assert not {"trusted_proxy", "trusted_proxy_headers"} & server_options(serving(secure=False)).keys()


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1", "10.1.2.3"])
def test_one_address_is_believed_where_browsers_speak_https(proxy: str) -> None:
    options = server_options(serving(secure=True, proxy=proxy))
    assert options["trusted_proxy"] == proxy
    assert options["trusted_proxy_headers"] == {"x-forwarded-for", "x-forwarded-proto"}


@pytest.mark.parametrize("proxy", ["*", "", "proxy.example.org", "10.0.0.0/8"])
def test_nobody_is_believed_by_a_name_or_a_range(proxy: str) -> None:
    with pytest.raises(OfficeError, match="--proxy"):
        server_options(serving(secure=True, proxy=proxy))


def test_what_ends_is_started_again_and_ends_with_the_desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pid"
    seen = []

    def runs_anew() -> bool:
        told = file.read_text() if file.exists() else ""
        return told.endswith(".") and told not in seen

    with kept_running("watcher", [sys.executable, "-c", RUNNING, str(file)]):
        until("it runs anew", runs_anew)
        seen.append(file.read_text())
        os.kill(int(seen[0][:-1]), signal.SIGKILL)
        until("it runs anew", runs_anew)
    assert "the watcher ended (signal 9); it is started again in 1 s" in capsys.readouterr().err


def test_what_cannot_be_started_is_told_and_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, file = tmp_path / "hub", tmp_path / "pid"
    said = []

    def is_told() -> bool:
        said.append(capsys.readouterr().err)
        return "could not be started" in "".join(said)

    with kept_running("hub", [str(program), str(file)]):
        until("it is told", is_told)
        made = tmp_path / "made"
        made.write_text(f"#!{sys.executable}{RUNNING}")
        made.chmod(0o700)
        made.rename(program)
        until("it runs", lambda: file.exists() and file.read_text().endswith("."))
    assert "the hub could not be started (No such file or directory)" in "".join(said)


def test_an_end_asked_for_before_the_desk_serves_is_kept(ending: Ending) -> None:
    signal.raise_signal(signal.SIGTERM)
    asked = []

    def application(_environ: object, _start: object) -> list[bytes]:
        asked.append(True)
        return []

    serve(Serving("127.0.0.1:0", "http://127.0.0.1:0/", False, "127.0.0.1", []), application, ending)
    assert asked == []


class Desk:
    """A desk with watcher and hub; what the three say goes to a file, which no end of them holds up."""

    def __init__(self, office: Path, said: Path) -> None:
        self._said = said
        words = [sys.executable, "-m", "office", "serve", str(office), "--listen", "127.0.0.1:0", "--hub"]
        with said.open("wb") as file:
            self.process = subprocess.Popen(words, stderr=file, stdout=subprocess.DEVNULL, process_group=0)

    def said(self) -> str:
        return self._said.read_text("utf-8")

    def until_said(self, text: str) -> None:
        until(text, lambda: text in self.said() or self.process.poll() is not None, told=self.said)
        assert self.process.poll() is None, self.said()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = office("init", str(tmp_path / "office"), "--estate", ESTATE, "--insecure")
    assert made.returncode == 0, made.stderr
    desk = Desk(tmp_path / "office", tmp_path / "said")
    yield desk
    end_process(desk.process)


def test_a_hub_that_cannot_serve_is_told_and_the_desk_goes_on(desk: Desk) -> None:
    desk.until_said("the hub ended")  # this office has no keys
    assert "it is started again" in desk.said()
    desk.process.terminate()
    assert desk.process.wait(WITHIN_S) == 0, desk.said()


def test_an_interrupt_from_the_keyboard_ends_all_without_a_word(desk: Desk) -> None:
    desk.until_said("the desk is at")
    os.killpg(desk.process.pid, signal.SIGINT)  # to all in the foreground, as a terminal does
    assert desk.process.wait(WITHIN_S) == 0, desk.said()
    assert "Traceback" not in desk.said()
    assert "signal 2" not in desk.said()
