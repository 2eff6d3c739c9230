"""The desk as an estate runs it: HTTPS by a real nginx with the configuration of the docs in front."""

from __future__ import annotations

import http.client
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from office.site.serving import end_process
from scripts.demonstration.two_gates import free_port
from tests.support.certificates import web_certificate
from tests.support.waiting import until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "nginx-desk.conf"
ESTATE = "6761746568303031"
PASSWORD = "three gates in the rain"

pytestmark = [
    pytest.mark.real_part("nginx"),
    pytest.mark.skipif(NGINX is None, reason="the Debian package nginx-light is not installed"),
]


class Desk:
    """Ports of the proxy and of the desk behind it."""

    def __init__(self, https: int, plain: int, certificate: Path) -> None:
        self.https = https
        self.plain = plain
        self._trust = ssl.create_default_context(cafile=certificate)

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.https}"

    def browser(self, address: str = "127.0.0.1") -> Browser:
        return Browser(self, address)

    def connect(self, address: str) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            "localhost", self.https, context=self._trust, source_address=(address, 0), timeout=30
        )


class Browser:
    """Cookies, and the headers by which a browser says where a form comes from."""

    def __init__(self, desk: Desk, address: str) -> None:
        self._desk = desk
        self._address = address
        self._cookies: SimpleCookie = SimpleCookie()

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, str]:
        """Status and text of one answer."""
        sent = {"Cookie": "; ".join(f"{one.key}={one.value}" for one in self._cookies.values()), **headers}
        if form is not None:
            sent |= {
                "Origin": self._desk.origin,
                "Referer": f"{self._desk.origin}{path}",
                "Content-Type": "application/x-www-form-urlencoded",
            }
        connection = self._desk.connect(self._address)
        try:
            connection.request(method, path, None if form is None else urlencode(form), sent)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                assert "; secure" in cookie.lower()
                self._cookies.load(cookie)
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def sign_in(self, password: str, **headers: str) -> int:
        """The status: 302 is signed in."""
        _, page = self.ask("GET", "/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None, page
        form = {"csrfmiddlewaretoken": token[1], "username": "li", "password": password}
        return self.ask("POST", "/login/", form, **headers)[0]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    directory = tmp_path_factory.mktemp("proxied")
    office = directory / "office"
    password = directory / "password"
    password.write_text(PASSWORD)
    run("init", str(office), "--estate", ESTATE, "--host", "localhost")
    run("createuser", str(office), "li", "--role", "clerk", "--password-file", str(password))
    ports = {name: free_port() for name in ("https", "http", "desk")}
    certificate = directory / "desk.crt"
    certificate.write_bytes(web_certificate("localhost", directory / "desk.key"))
    (directory / "nginx.conf").write_text(configuration(directory, ports))
    processes: list[subprocess.Popen[bytes]] = []
    with ExitStack() as clearing:
        log = clearing.enter_context((directory / "err").open("wb"))
        listen = f"127.0.0.1:{ports['desk']}"
        for command in (
            [sys.executable, "-m", "office", "serve", str(office), "--listen", listen],
            [str(NGINX), "-p", str(directory), "-c", "nginx.conf", "-e", "nginx.log", "-g", "daemon off;"],
        ):
            process = subprocess.Popen(command, stderr=log)
            clearing.callback(end_process, process)
            processes.append(process)
        answers = Desk(ports["https"], ports["desk"], certificate)
        until("the desk answers behind the proxy", lambda: serves(answers) or ended(processes))
        assert not ended(processes), (directory / "err").read_text("utf-8")
        yield answers


def run(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "office", *words], check=True, capture_output=True)


def configuration(directory: Path, ports: dict[str, int]) -> str:
    """The example, with this test's ports and files, and nothing written elsewhere."""
    told = EXAMPLE.read_text("utf-8")
    for old, new in {
        "listen 443": f"listen 127.0.0.1:{ports['https']}",
        "listen 80;": f"listen 127.0.0.1:{ports['http']};",
        "127.0.0.1:8080": f"127.0.0.1:{ports['desk']}",
        "desk.example.org": "localhost",
        "/etc/gatehouse-office/": f"{directory}/",
    }.items():
        assert old in told
        told = told.replace(old, new)
    told = "".join(line for line in told.splitlines(keepends=True) if "[::]" not in line)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    elsewhere = "".join(f"{one}_temp_path {directory}/{one};\n" for one in kinds)
    return (
        f"user root;\npid {directory}/nginx.pid;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{elsewhere}{told}}}\n"
    )


def ended(processes: Sequence[subprocess.Popen[bytes]]) -> bool:
    return any(one.poll() is not None for one in processes)


def serves(desk: Desk) -> bool:
    try:
        return desk.browser().ask("GET", "/login/")[0] == 200
    except OSError:
        return False


def test_a_clerk_signs_in_and_sends_a_form(desk: Desk) -> None:
    browser = desk.browser()
    assert browser.ask("GET", "/")[0] == 302
    assert browser.sign_in(PASSWORD) == 302
    status, page = browser.ask("GET", "/")
    assert (status, "li" in page) == (200, True)


def test_wrong_passwords_from_elsewhere_shut_nobody_out(desk: Desk) -> None:
    thief = desk.browser("127.0.0.2")
    answers = [thief.sign_in("wrong") for _ in range(6)]
    assert answers[-1] == 429
    assert thief.sign_in(PASSWORD) == 429, "and the right one comes too late"
    assert desk.browser().sign_in(PASSWORD) == 302


def test_a_thief_cannot_say_to_be_somebody_else(desk: Desk) -> None:
    thief = desk.browser("127.0.0.3")
    answers = [thief.sign_in("wrong", **{"X-Forwarded-For": f"10.0.0.{one}"}) for one in range(6)]
    assert answers[-1] == 429


def test_who_comes_past_the_proxy_is_told_the_way(desk: Desk) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", desk.plain, timeout=30)
    connection.request("GET", "/login/", headers={"Host": "localhost"})
    answer = connection.getresponse()
    told = answer.read().decode()
    connection.close()
    assert answer.status == 403
    assert "https://localhost/" in told
    assert "X-Forwarded-Proto" in told
