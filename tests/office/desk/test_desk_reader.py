"""The desk's side of a reader at the clerk's PC: there only if the office has set a port for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client, override_settings
from msgspec.structs import replace

from office.errors import OfficeError
from office.registry.models import StaffRole
from office.site.directory import OfficeSettings, make_directory, open_directory

Browser = Callable[..., Client]
POLICY = """
from office.site import settings
print(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["connect-src"], settings.DESK_READER)
"""


def connects(path: Path) -> str:
    """Whom the pages of this office may ask, in a process of its own: settings are read once."""
    words = [sys.executable, "-c", POLICY]
    done = subprocess.run(
        words, env={"GATEHOUSE_OFFICE": str(path)}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_without_a_port_no_page_knows_of_a_reader(browser: Browser) -> None:
    client = browser(StaffRole.CLERK)
    page = client.get("/").content.decode()
    assert "reader.js" not in page
    assert 'id="reader"' not in page
    assert "Card reader at this PC" not in page
    assert client.get("/reader/").status_code == 404


@override_settings(DESK_READER="http://127.0.0.1:7317")
def test_with_a_port_every_page_listens_and_the_code_is_never_posted(browser: Browser) -> None:
    client = browser(StaffRole.CLERK)
    page = client.get("/").content.decode()
    assert 'data-address="http://127.0.0.1:7317"' in page
    assert "desk/reader.js" in page
    assert "helper does not run on this PC" in page
    page = client.get("/reader/").content.decode()
    form = page.partition('id="reader-pairing"')[2].partition("</form>")[0]
    assert "port 7317" in form
    assert "csrf" not in form
    assert client.post("/reader/", {"code": "A" * 24}).status_code == 405


def test_the_policy_lets_pages_ask_exactly_this_address(tmp_path: Path) -> None:
    plain = OfficeSettings("6761746568303031", secure=False)
    make_directory(tmp_path / "without", plain)
    make_directory(tmp_path / "with", replace(plain, reader_port=7317))
    assert connects(tmp_path / "without") == "[\"'self'\"]"
    assert connects(tmp_path / "with") == "[\"'self'\", 'http://127.0.0.1:7317'] http://127.0.0.1:7317"


@pytest.mark.parametrize("port", ["80", "65536", "-1", '"7317"'])
def test_a_port_that_no_user_may_have_is_refused(tmp_path: Path, port: str) -> None:
    (tmp_path / "office.toml").write_text(f'estate = "6761746568303031"\nreader_port = {port}\n')
    with pytest.raises(OfficeError, match="reader_port"):
        open_directory(tmp_path)
