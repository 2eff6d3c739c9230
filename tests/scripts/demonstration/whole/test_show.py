"""`scripts/run` as a person has it: started, its page used, a cable pulled, ended by Ctrl-C, nothing left."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from scripts.demonstration.whole.browser import Browser
from tests.scripts.demonstration.demonstration import COMMAND, ROOT, run_demonstration
from tests.support.waiting import until

WITHIN_S = 30.0
"""The hub's answer over a pair of wires, on a busy machine."""
STARTED_WITHIN_S = 150
PAGE = re.compile(r"The gate page:  (http://127\.0\.0\.1:\d+)/")
DESK = re.compile(r"The desk:       (http://127\.0\.0\.1:\d+)/")


class GatePage:
    """What a browser without scripts does with the page."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._opener = build_opener(ProxyHandler({}))

    def _at(self, gate: int) -> Request:
        return Request(f"{self._origin}/en/gates/{gate}")

    def act(self, gate: int, act: str, **fields: str) -> None:
        data = urlencode({"act": act, **fields}).encode()
        self._get(Request(f"{self._origin}/en/gates/{gate}", data))

    def sees(self, gate: int, text: str) -> None:
        """The gate's picture comes to show this."""
        until(f"gate {gate}: {text}", lambda: text in self._get(self._at(gate)))

    def newest(self, gate: int) -> tuple[int, str]:
        """Number and text of the last tap that is shown."""
        taps = re.findall(
            r'<li value="(\d+)" class="(?:granted|refused)">(.*?)</li>', self._get(self._at(gate))
        )
        return (int(taps[0][0]), taps[0][1]) if taps else (0, "")

    def first_card(self) -> str:
        found = re.search(r'<option value="([0-9A-F]+)">', self._get(Request(f"{self._origin}/en")))
        assert found is not None
        return found.group(1)

    def _get(self, request: Request) -> str:
        with self._opener.open(request, timeout=WITHIN_S) as answer:
            text: str = answer.read().decode()
            return text


@contextmanager
def shown(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The demonstration under way, and what it said first."""
    command = [*COMMAND, "--households", "20", "--state", str(directory)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        try:
            yield process, said
        finally:
            if process.poll() is None:
                process.terminate()


@pytest.mark.one_python  # the story of the same pieces is played under each
@pytest.mark.timeout(STARTED_WITHIN_S)
def test_a_person_taps_cuts_the_cable_reports_a_loss_and_ends_it_all() -> None:
    with tempfile.TemporaryDirectory(prefix="gh-") as folder, shown(Path(folder)) as (process, said):
        found, at_desk = PAGE.search(said), DESK.search(said)
        assert found is not None, said
        assert at_desk is not None, said
        page, desk = GatePage(found.group(1)), Browser(at_desk.group(1))
        card = page.first_card()
        _opens_the_door(page, card)
        _fire_and_mains(page)
        page.act(1, "cable")
        page.sees(1, "cable pulled out")
        _report_lost(desk, card, said)
        until("lost at the south gate", lambda: _taps(page, 2, card, "lost"))
        until("granted at the north gate, which has not heard of it", lambda: _taps(page, 1, card, "granted"))
        page.act(1, "cable")
        until("lost at the north gate", lambda: _taps(page, 1, card, "lost"))
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        while "being stopped" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)  # an impatient one changes nothing
        rest, errors = process.communicate(timeout=WITHIN_S)
        assert (process.returncode, errors) == (0, ""), rest
        assert not list(Path(folder).rglob("*.sock"))


def _opens_the_door(page: GatePage, card: str) -> None:
    page.act(1, "tap", card=card, reader="pedestrian_in")
    page.sees(1, "✓ granted · pedestrian")
    page.act(1, "push")
    page.sees(1, "leaf open")
    page.act(1, "close")
    page.sees(1, "leaf closed")
    page.act(2, "tap", number="0B AD CA 4D", reader="barrier_in")
    page.sees(2, "✕ refused · barrier · unknown credential")
    page.act(2, "tap", number="nonsense", reader="barrier_in")
    page.sees(2, "Not possible: a card&#x27;s number is hexadecimal")
    page.act(2, "exit")
    page.sees(2, "exit button")


def _fire_and_mains(page: GatePage) -> None:
    page.act(2, "fire")
    page.sees(2, "FIRE: released")
    page.act(2, "fire")
    page.act(2, "mains")
    page.sees(2, "mains failed")


def _report_lost(desk: Browser, card: str, said: str) -> None:
    password = re.search(r"^  clerk +(\S+)$", said, re.MULTILINE)
    assert password is not None
    desk.open("/login/")
    desk.submit("/login/", {"username": "clerk", "password": password.group(1)})
    desk.open(f"/find/?{urlencode({'q': card})}")
    desk.follow(r"^/cards/\d+/$")
    desk.submit("/report/$", {"kind": "lost"})


def _taps(page: GatePage, gate: int, card: str, seen: str) -> bool:
    """Whether a tap of now comes out so; an earlier one does not count."""
    before = page.newest(gate)[0]
    page.act(gate, "tap", card=card, reader="pedestrian_in")
    until(f"a tap at gate {gate}", lambda: page.newest(gate)[0] > before)
    return seen in page.newest(gate)[1]


def test_a_directory_with_an_office_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "office").mkdir()
    (tmp_path / "office" / "office.toml").write_text("precious")
    done = run_demonstration("--households", "20", "--state", str(tmp_path))
    assert done.returncode == 1
    assert "there is an office here already" in done.stderr


def test_an_estate_too_small_is_refused(tmp_path: Path) -> None:
    done = run_demonstration("--households", "3", "--state", str(tmp_path))
    assert done.returncode == 1
    assert "--households" in done.stderr
