"""The sync process's end of the gate's socket, against a real one whose other end is ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from terminal.agent.gate_socket import MAX_WAITING, GateSocket
from tests.support.waiting import WITHIN_S

Answer = Callable[[dict[str, Any]], bytes]


class GateEnd:
    """A gate process's socket that says what the test wants."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.asked: list[dict[str, Any]] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        while line := await reader.readline():
            self.asked.append(json.loads(line))
            writer.write(self._answer(self.asked[-1]))
        writer.close()


def obliging(asked: dict[str, Any]) -> bytes:
    return json.dumps({"ok": True, "did": asked["command"]}).encode() + b"\n"


def silent(_asked: dict[str, Any]) -> bytes:
    return b""


def live(
    tmp_path: Path,
    answer: Answer,
    story: Callable[[GateSocket, GateEnd, asyncio.Queue[None]], Awaitable[None]],
) -> None:
    """Run ``story`` with a socket that follows a gate."""

    async def run() -> None:
        path, end = tmp_path / "gate.sock", GateEnd(answer)
        server = await asyncio.start_unix_server(end.serve, str(path))
        woken: asyncio.Queue[None] = asyncio.Queue()
        gate = GateSocket(path, lambda: woken.put_nowait(None))
        following = asyncio.create_task(gate.run())
        try:
            await asyncio.wait_for(woken.get(), WITHIN_S)  # it follows, or was hung up on
            await asyncio.wait_for(story(gate, end, woken), WITHIN_S)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            gate._hang_up()
            server.close()
            for writer in end.writers:
                writer.close()
            await server.wait_closed()

    asyncio.run(run())


async def asked(gate: GateSocket, what: dict[str, Any]) -> dict[str, Any]:
    """One question and its answer."""
    answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    gate.ask(what, answered.set_result)
    return await answered


def test_questions_are_answered_in_order_and_events_wake(tmp_path: Path) -> None:
    async def story(gate: GateSocket, end: GateEnd, woken: asyncio.Queue[None]) -> None:
        answers = await asyncio.gather(*(asked(gate, {"command": f"c{number}"}) for number in range(20)))
        assert [one["did"] for one in answers] == [f"c{number}" for number in range(20)]
        end.writers[0].write(b'{"event": {"number": 5}}\n')
        await woken.get()
        assert end.asked[0] == {"command": "follow"}

    live(tmp_path, obliging, story)


def test_a_gate_that_is_not_there_answers_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        gate = GateSocket(tmp_path / "nothing.sock", lambda: None)
        answer = await asyncio.wait_for(asked(gate, {"command": "open"}), WITHIN_S)
        assert answer["ok"] is False
        assert "does not run" in answer["error"]

    asyncio.run(story())


def test_a_gate_that_goes_answers_everything_that_waits(tmp_path: Path) -> None:
    async def story(gate: GateSocket, end: GateEnd, _woken: asyncio.Queue[None]) -> None:
        waiting = asyncio.gather(*(asked(gate, {"command": "open"}) for _ in range(5)))
        await asyncio.sleep(0)
        end.writers[0].close()
        answers = await waiting
        assert all(one["ok"] is False for one in answers)
        assert not gate.connected

    def only_follow(what: dict[str, Any]) -> bytes:
        return obliging(what) if what["command"] == "follow" else b""

    live(tmp_path, only_follow, story)


def test_a_slow_gate_costs_a_few_questions_and_is_hung_up_on(tmp_path: Path) -> None:
    async def story(gate: GateSocket, _end: GateEnd, _woken: asyncio.Queue[None]) -> None:
        waiting = [
            asyncio.ensure_future(asked(gate, {"command": "open", "valid_s": 0.2}))
            for _ in range(MAX_WAITING + 10)
        ]
        answers = await asyncio.gather(*waiting)
        assert all(one["ok"] is False for one in answers)
        assert not gate.connected

    def only_follow(what: dict[str, Any]) -> bytes:
        return obliging(what) if what["command"] == "follow" else b""

    live(tmp_path, only_follow, story)


def test_garbage_hangs_up_and_raises_nothing(tmp_path: Path) -> None:
    for garbage in (b"\xff\xfe\n", b"[1, 2]\n", b"x" * (1 << 21) + b"\n", b"[" * 100_000 + b"\n"):

        def answer(what: dict[str, Any], said: bytes = garbage) -> bytes:
            return obliging(what) if what["command"] == "follow" else said

        async def story(gate: GateSocket, _end: GateEnd, _woken: asyncio.Queue[None]) -> None:
            told = await asked(gate, {"command": "open"})
            assert told["ok"] is False
            assert not gate.connected

        directory = tmp_path / str(len(garbage))
        directory.mkdir()
        live(directory, answer, story)
