"""The sync process's local socket: what it answers, whom it turns away, and what it leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.agent.echo import echo
from terminal.agent.local_requests import LocalRequests
from terminal.agent.local_socket import MAX_CLIENTS, MAX_LINE_BYTES, LocalError, LocalSocket
from tests.support.inviting import Drawn
from tests.support.page_sources import SOURCES
from tests.support.turning import turn_until
from tests.support.waiting import WITHIN_S

Answer = dict[str, Any]


async def obliging(request: Mapping[str, Any]) -> Answer:
    if request.get("command") == "refuse":
        raise LocalError("not today")
    return {"did": request.get("command")}


def live(path: Path, story: Callable[[], Awaitable[None]], handle: Any = obliging) -> None:
    """Run ``story`` while the socket is served."""

    async def run() -> None:
        local = LocalSocket(path, handle)
        serving = asyncio.create_task(local.run())
        try:
            await turn_until(lambda: local.is_open)
            await asyncio.wait_for(story(), WITHIN_S)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(run())
    assert not path.exists()


async def ask(path: Path, *lines: bytes) -> list[Answer]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"".join(lines))
    writer.write_eof()
    answers = [json.loads(line) async for line in reader]
    writer.close()
    return answers


def test_it_answers_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "local.sock"

    async def story() -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        answers = await ask(path, b'{"command": "a"}\n', b"nonsense\n", b"[1]\n", b'{"command": "refuse"}\n')
        assert answers[0] == {"ok": True, "did": "a"}
        assert [one["ok"] for one in answers] == [True, False, False, False]
        assert answers[3]["error"] == "not today"

    live(path, story)


@pytest.mark.parametrize(
    "garbage", [b"x" * (MAX_LINE_BYTES * 3) + b"\n", b"[" * 3_000 + b"\n", b"\xff\xfe\n"]
)
def test_garbage_costs_its_sender_the_connection_at_most(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "local.sock"

    async def story() -> None:
        with contextlib.suppress(ConnectionError):
            assert all(not one["ok"] for one in await ask(path, garbage))
        assert (await ask(path, b'{"command": "a"}\n'))[0]["ok"]

    live(path, story)


def test_a_crowd_is_turned_away(tmp_path: Path) -> None:
    path = tmp_path / "local.sock"

    async def story() -> None:
        crowd = [await asyncio.open_unix_connection(str(path)) for _ in range(MAX_CLIENTS)]
        for reader, writer in crowd:
            writer.write(b'{"command": "a"}\n')
            assert await reader.readline()
        late, writer = await asyncio.open_unix_connection(str(path))
        assert await late.read() == b""
        writer.close()
        for _, one in crowd:
            one.close()

    live(path, story)


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "local.sock"
    path.touch()

    async def story() -> None:
        assert (await ask(path, b'{"command": "a"}\n'))[0]["ok"]

    live(path, story)


@pytest.mark.parametrize("name", ["x" * 120, "nowhere/local.sock"])
def test_a_socket_that_cannot_be_made_is_told_and_harms_nothing(tmp_path: Path, name: str) -> None:
    async def run() -> None:
        local = LocalSocket(tmp_path / name, obliging)
        serving = asyncio.create_task(local.run())
        await turn_until(lambda: bool(local.fault))
        assert not serving.done()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(run())


def prompt(then: Callable[[float], None]) -> bool:
    """An office that answers in 12 ms."""
    then(0.012)
    return True


def requests(listen: tuple[str, int] | None = ("127.0.0.1", 0)) -> LocalRequests:
    return LocalRequests(SOURCES, prompt, listen, Drawn())


async def do(what: LocalRequests, **request: Any) -> Answer:
    try:
        return await what.handle(request)
    finally:
        await what.close()


def test_facts_text_and_echo() -> None:
    async def run() -> None:
        assert (await do(requests(), command="facts"))["line"] == {"frames": 900, "garbled": 3}
        assert "LAST EVENTS" in (await do(requests(), command="text"))["text"]
        assert await do(requests(), command="echo", count=3) == {
            "asked": 3,
            "answered": 3,
            "median_ms": 12.0,
            "worst_ms": 12.0,
            "link": "connected",
        }

    asyncio.run(run())


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"command": "burn"},
        {"command": "echo"},
        {"command": "echo", "count": 0},
        {"command": "echo", "count": 21},
        {"command": "echo", "count": True},
        {"command": "page", "seconds": 4 * 3_600 + 1},
        {"command": "page", "seconds": "60"},
    ],
)
def test_odd_requests_are_refused(request_: Answer) -> None:
    async def run() -> None:
        with pytest.raises(LocalError):
            await do(requests(), **request_)

    asyncio.run(run())


def test_the_page_is_off_unless_it_is_configured() -> None:
    async def run() -> None:
        with pytest.raises(LocalError, match="no status page is configured"):
            await do(requests(None), command="page", seconds=60)
        with pytest.raises(LocalError, match="is the network of the phone up"):
            await do(requests(("192.0.2.1", 0)), command="page", seconds=60)
        opened = requests()
        assert (await opened.handle({"command": "page", "seconds": 60}))["address"].startswith(
            "http://127.0.0.1:"
        )
        assert await opened.handle({"command": "page_close"}) == {"was_open": True}
        assert await opened.handle({"command": "page_close"}) == {"was_open": False}

    asyncio.run(run())


def test_lost_and_late_echoes_are_counted_as_lost() -> None:
    kept: list[Callable[[float], None]] = []

    def ask_the_office(then: Callable[[float], None]) -> bool:
        kept.append(then)
        if len(kept) == 3:
            kept[0](9.0)  # the first answer, much too late: the third question is not answered by it
            then(0.030)
        return len(kept) < 5

    async def run() -> None:
        found = await echo(ask_the_office, 20, within_s=0.01)
        assert found.asked == 4, "the session ended"
        assert found.round_trips_s == (0.030,)
        assert found.fields() == {"asked": 4, "answered": 1, "median_ms": 30.0, "worst_ms": 30.0}
        assert (await echo(lambda _then: False, 5)).fields() == {"asked": 0, "answered": 0}

    asyncio.run(run())


def test_without_a_session_the_link_says_why() -> None:
    async def run() -> None:
        away = LocalRequests(
            replace(SOURCES, link=lambda: "not connected: x"), lambda _then: False, None, Drawn()
        )
        assert await do(away, command="echo", count=5) == {
            "asked": 0,
            "answered": 0,
            "link": "not connected: x",
        }

    asyncio.run(run())


def test_facts_are_of_this_moment_and_a_gate_that_hangs_is_shown_as_it_was() -> None:
    status: Answer = {"status": "as it was"}

    async def news() -> None:
        status["status"] = "as it is"

    async def run() -> None:
        sources = replace(SOURCES, gate=lambda: status, refresh=news)
        fresh = LocalRequests(sources, prompt, None, Drawn())
        assert (await do(fresh, command="facts"))["gate"]["status"] == "as it is"
        hung = LocalRequests(replace(sources, refresh=asyncio.Event().wait), prompt, None, Drawn())
        assert (await do(hung, command="facts"))["gate"]["status"] == "as it is"

    asyncio.run(run())
