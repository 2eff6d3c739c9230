"""The status page on a real socket: one phone for some time, and what hostile clients get."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from terminal.agent.page_request import MAX_REQUEST_BYTES
from terminal.agent.page_server import MAX_CONNECTIONS, PageServer
from tests.support.inviting import Drawn
from tests.support.turning import turn_until
from tests.support.waiting import WITHIN_S

HOST = "127.0.0.1"
PAGE = "<p>all is well</p>"
Story = Callable[[PageServer, str, int], Awaitable[None]]


async def page() -> str:
    """What the server shows."""
    return PAGE


def live(story: Story, *, for_s: float = 60.0, whole_within_s: float = 5.0) -> None:
    """Run ``story`` with an open page: the server, its path, its port."""

    async def run() -> None:
        server = PageServer(page, Drawn(), whole_within_s=whole_within_s)
        address = await server.open(HOST, 0, for_s)
        port, _, path = address.removeprefix(f"http://{HOST}:").partition("/")
        try:
            await asyncio.wait_for(story(server, f"/{path}", int(port)), WITHIN_S)
        finally:
            await server.close()
        assert not server._connections

    asyncio.run(run())


async def say(port: int, data: bytes, *, host: str = HOST, finish: bool = False) -> bytes:
    """Send bytes from ``host`` and read to the end."""
    reader, writer = await asyncio.open_connection(HOST, port, local_addr=(host, 0))
    try:
        writer.write(data)
        if finish:
            writer.write_eof()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def get(path: str, method: str = "GET", extra: str = "") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: gate\r\n{extra}\r\n".encode()


def test_a_phone_gets_the_page_again_and_again() -> None:
    async def story(_server: PageServer, path: str, port: int) -> None:
        for _ in range(3):
            answer = await say(port, get(path))
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(f"\r\n\r\n{PAGE}".encode())

    live(story)


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/", "GET", 404), ("/wrong", "GET", 404), ("", "POST", 405), ("", "PUT", 405), ("/wrong", "POST", 404)],
)
def test_anything_else_is_refused(path: str, method: str, status: int) -> None:
    async def story(_server: PageServer, right: str, port: int) -> None:
        answer = await say(port, get(path or right, method, "Content-Length: 5\r\n") + b"hello")
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert PAGE.encode() not in answer

    live(story)


def test_the_first_phone_is_the_only_one() -> None:
    async def story(_server: PageServer, path: str, port: int) -> None:
        assert b"404" in await say(port, get("/guess"), host="127.0.0.2"), "a guess claims nothing"
        assert b"200" in await say(port, get(path))
        answer = await say(port, get(path), host="127.0.0.2")
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert PAGE.encode() not in answer
        assert b"200" in await say(port, get(path))

    live(story)


def test_big_headers_are_refused() -> None:
    async def story(_server: PageServer, path: str, port: int) -> None:
        for extra in ("X: " + "x" * MAX_REQUEST_BYTES + "\r\n", "A: b\r\n" * MAX_REQUEST_BYTES):
            answer = await say(port, get(path, extra=extra))
            assert PAGE.encode() not in answer
            assert not answer or answer.startswith(b"HTTP/1.1 431 ")
        assert b"200" in await say(port, get(path))

    live(story)


def test_half_a_request_is_no_request() -> None:
    async def story(_server: PageServer, path: str, port: int) -> None:
        assert await say(port, get(path)[:-2], finish=True) == b""
        assert await say(port, b"", finish=True) == b""
        assert b"200" in await say(port, get(path))

    live(story)


def test_a_slow_client_is_cut_off_and_the_phone_is_served() -> None:
    async def story(_server: PageServer, path: str, port: int) -> None:
        slow = [await asyncio.open_connection(HOST, port) for _ in range(MAX_CONNECTIONS)]
        for _, writer in slow:
            writer.write(b"GET /")
        # They fill every place, until their time is over.
        ended = await asyncio.gather(*(reader.read() for reader, _ in slow), return_exceptions=True)
        assert all(one == b"" or isinstance(one, ConnectionError) for one in ended)
        assert b"200" in await say(port, get(path))
        for _, writer in slow:
            writer.close()

    live(story, whole_within_s=0.3)


@pytest.mark.parametrize("said", [b"", get("/guess")], ids=["nothing", "a guess"])
def test_a_crowd_that_holds_its_connections_makes_room_for_the_phone(said: bytes) -> None:
    async def story(server: PageServer, path: str, port: int) -> None:
        crowd = []
        for _ in range(3):
            while len(server._connections) < MAX_CONNECTIONS:
                crowd.append(await asyncio.open_connection(HOST, port, local_addr=("127.0.0.2", 0)))
                crowd[-1][1].write(said)
                await turn_until(lambda: len(server._idle) == len(server._connections) > 0)
            assert b"200" in await say(port, get(path))
        for _, writer in crowd:
            writer.close()

    live(story)


def test_a_crowd_that_is_being_served_is_not_cut_off() -> None:
    async def story(server: PageServer, path: str, port: int) -> None:
        served = [await asyncio.open_connection(HOST, port) for _ in range(MAX_CONNECTIONS)]
        for _, writer in served:
            writer.write(get(path))
        await turn_until(lambda: len(server._connections) == MAX_CONNECTIONS and not server._idle)
        assert await say(port, get(path)) == b""
        for reader, writer in served:
            assert b"200" in await reader.read(15)
            writer.close()

    live(story)

    live(story)


def test_it_closes_by_itself_and_cuts_whoever_is_there() -> None:
    async def story(server: PageServer, _path: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        assert not server.is_open
        with pytest.raises(ConnectionRefusedError):
            await say(port, b"")

    live(story, for_s=0.2)


def test_opened_again_it_has_another_address() -> None:
    async def story(server: PageServer, path: str, port: int) -> None:
        again = await server.open(HOST, port, 60)
        assert not again.endswith(path)
        assert b"404" in await say(port, get(path)), "the old address is worth nothing"

    live(story)


def test_an_address_that_is_not_ours_is_an_error() -> None:
    async def run() -> None:
        with pytest.raises(OSError, match="assign|address"):
            await PageServer(page, Drawn()).open("192.0.2.1", 0, 60)

    asyncio.run(run())
