"""The helper's socket under attack: foreign pages, rebound names, no code, replays, floods and noise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from deskreader import server as module
from deskreader.errors import DeskReaderError
from deskreader.pairing import proof
from deskreader.server import MAX_CONNECTIONS, Server, Settings
from deskreader.taps import Taps
from drivers.ports import CardRead, HealthChanged, Technology
from scripts.demonstration.two_gates import free_port
from tests.support.waiting import until_async

ORIGIN, CODE = "https://desk.example.org", "ABCDEFGHIJKLMNOPQRSTUV27"
CARD = CardRead(Technology.ISO14443A, bytes.fromhex("04A1B2C3"), 32, 1.0)
WITHIN_S = 8.0


class Helper:
    """A helper that listens, and a browser that says anything to it."""

    def __init__(self) -> None:
        self.taps, self.now, self._drawn = Taps(), 0.0, 0
        self.settings = Settings(ORIGIN, free_port(), CODE)
        self.server = Server(self.settings, self.taps, lambda: self.now, self._random)
        self.taps.on_event(HealthChanged(ok=True, cause=""))

    def _random(self, count: int) -> bytes:
        self._drawn += 1
        return self._drawn.to_bytes(count, "big")

    async def send(self, data: bytes) -> tuple[int, str, Any]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.settings.port)
        try:
            writer.write(data)
            answer = await asyncio.wait_for(reader.read(), WITHIN_S)
        finally:
            writer.close()
        head, _, body = answer.decode().partition("\r\n\r\n")
        status = int(head.split(" ")[1]) if head else 0
        return status, head, json.loads(body) if body else None

    async def post(self, path: str, body: object, **fields: str) -> tuple[int, str, Any]:
        data = json.dumps(body).encode()
        given = {
            "Host": f"127.0.0.1:{self.settings.port}",
            "Origin": ORIGIN,
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
        } | {name.replace("_", "-"): value for name, value in fields.items()}
        head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {one}\r\n" for name, one in given.items())
        return await self.send(head.encode() + b"\r\n" + data)

    async def question(self, known: str = "ready", code: str = CODE) -> dict[str, str]:
        """What a page that has this code asks."""
        challenge = (await self.post("/hello", {}))[2]["challenge"]
        nonce = "ab" * 16
        said = proof(code, "page", challenge, nonce, known)
        return {"challenge": challenge, "nonce": nonce, "known": known, "proof": said}

    async def waiting(self) -> asyncio.Task[tuple[int, str, Any]]:
        """A page that waits for a card."""
        task = asyncio.create_task(self.post("/wait", await self.question()))
        await until_async("a page waits", lambda: self.taps._waiting is not None)
        return task


def live(story: Callable[[Helper], Awaitable[None]]) -> None:
    async def run() -> None:
        helper = Helper()
        await helper.server.open()
        try:
            await asyncio.wait_for(story(helper), 3 * WITHIN_S)
        finally:
            await helper.server.close()

    asyncio.run(run())


def test_a_page_that_waits_does_not_keep_the_helper_from_ending_quietly() -> None:
    complaints: list[object] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        helper = Helper()
        await helper.server.open()
        page = await helper.waiting()
        await asyncio.wait_for(helper.server.close(), WITHIN_S)
        assert (await page)[0] == 0

    asyncio.run(run())
    assert complaints == []


def test_a_page_with_the_code_gets_the_card_once_under_the_helpers_proof() -> None:
    async def story(helper: Helper) -> None:
        waits = await helper.waiting()
        helper.taps.on_event(CARD)
        status, head, body = await waits
        assert (status, f"Access-Control-Allow-Origin: {ORIGIN}" in head) == (200, True)
        assert "Cache-Control: no-store" in head
        assert body["proof"] == proof(CODE, "helper", "ab" * 16, body["told"])
        told = json.loads(body["told"])
        assert (told["state"], told["technology"], told["number"]) == ("card", 1, "04A1B2C3")
        assert told["challenge"]  # for the next question
        again = await helper.waiting()
        helper.taps.on_event(HealthChanged(False, "unplugged"))
        assert json.loads((await again)[2]["told"])["state"] == "away"

    live(story)


def test_a_foreign_origin_and_a_rebound_name_hear_nothing() -> None:
    async def story(helper: Helper) -> None:
        asked = await helper.question()
        for fields, status in (
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Host": f"evil.example:{helper.settings.port}"}, 421),
            ({"Host": f"localhost:{helper.settings.port}"}, 421),
            ({"Content_Type": "text/plain"}, 415),
        ):
            found, head, body = await helper.post("/wait", asked, **fields)
            assert (found, body) == (status, None), fields
            if "Origin" in fields:
                assert "Access-Control" not in head
        assert (await helper.post("/hello", {}, Origin="https://evil.example"))[0] == 403
        waits = asyncio.create_task(helper.post("/wait", asked))  # the challenge was not spent by them
        await until_async("a page waits", lambda: helper.taps._waiting is not None)
        helper.taps.on_event(CARD)
        assert (await waits)[0] == 200

    live(story)


def test_without_the_code_and_by_replay_nothing_is_told() -> None:
    async def story(helper: Helper) -> None:
        assert (await helper.post("/wait", await helper.question(code="B" * 24)))[0] == 401
        asked = await helper.question("none")
        assert (await helper.post("/wait", asked))[0] == 200
        assert (await helper.post("/wait", asked))[0] == 409  # seen on the way, said again
        old = await helper.question()
        helper.now += 121.0
        assert (await helper.post("/wait", old))[0] == 409
        changed = await helper.question("none")
        assert (await helper.post("/wait", {**changed, "known": "ready"}))[0] == 401
        wrong: list[object] = [{}, [], "x", {**changed, "more": "1"}, {**changed, "proof": 5}]
        for body in wrong:
            assert (await helper.post("/wait", body))[0] == 400
        helpers = await helper.question("none")
        said = proof(CODE, "helper", helpers["challenge"], helpers["nonce"], "none")
        assert (await helper.post("/wait", {**helpers, "proof": said}))[0] == 401  # the other side's proof

    live(story)


def test_a_page_that_has_gone_gets_no_card_and_holds_no_place() -> None:
    async def story(helper: Helper) -> None:
        waits = await helper.waiting()
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        await until_async(
            "nobody waits", lambda: helper.taps._waiting is None and not helper.server._connections
        )
        helper.taps.on_event(CARD)
        asked = await helper.question("none")
        assert json.loads((await helper.post("/wait", asked))[2]["told"])["state"] == "ready"

    live(story)


def test_noise_floods_and_slow_senders_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(helper: Helper) -> None:
        for noise in (b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"A" * 40_000):
            assert (await helper.send(noise))[0] in (400, 421)
        assert (await helper.post("/wait", "x" * 2_000))[0] == 413
        assert (await helper.post("/wait", "x", Content_Length="99999999"))[0] == 400
        idle = [
            await asyncio.open_connection("127.0.0.1", helper.settings.port) for _ in range(MAX_CONNECTIONS)
        ]
        await until_async("all have come in", lambda: len(helper.server._connections) == MAX_CONNECTIONS)
        assert await helper.send(b"") == (0, "", None)  # one more than there is room for
        for reader, writer in idle:  # they say nothing, and are cut off
            assert await asyncio.wait_for(reader.read(), WITHIN_S) == b""
            writer.close()
        assert (await helper.post("/hello", {}))[0] == 200

    monkeypatch.setattr(module, "SEND_WITHIN_S", 0.3)
    live(story)


def test_only_the_loopback_is_bound_and_a_taken_port_is_told() -> None:
    async def story(helper: Helper) -> None:
        assert helper.server._server is not None
        (socket,) = helper.server._server.sockets
        assert socket.getsockname() == ("127.0.0.1", helper.settings.port)
        other = Server(helper.settings, Taps(), lambda: 0.0, bytes)
        with pytest.raises(DeskReaderError, match="does the helper run already"):
            await other.open()

    live(story)
