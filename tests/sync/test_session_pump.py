"""A session on a stream: carried until either ends, and no fault of anybody's is swallowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from sync.messages import Bye, Role
from sync.session import Session
from sync.session_events import Ended, Greeted, SessionEvent
from sync.session_pump import Pump
from tests.support.memory_stream import MemoryStream, joined
from tests.support.session_pair import PACE, hello
from tests.support.waiting import WITHIN_S


class End:
    """A session, its stream and its pump."""

    def __init__(
        self,
        role: Role,
        stream: MemoryStream,
        clock: list[float],
        on_event: Callable[[SessionEvent], None],
    ) -> None:
        self.session = Session(hello(role), pace=PACE, now=clock[0], random_bytes=bytes)
        self.stream = stream
        self.events: list[SessionEvent] = []

        def heard(event: SessionEvent) -> None:
            self.events.append(event)
            on_event(event)

        self.pump = Pump(self.session, self.stream, monotonic=lambda: clock[0], on_event=heard)


def pair(clock: list[float], at_gate: Callable[[SessionEvent], None]) -> tuple[End, End]:
    """A gate and an office on one stream."""
    up, down = joined()
    return End(Role.GATE, up, clock, at_gate), End(Role.OFFICE, down, clock, lambda _event: None)


def test_a_goodbye_ends_both_ends() -> None:
    async def live() -> None:
        clock = [0.0]
        gate, office = pair(clock, lambda _event: None)

        def leave(event: SessionEvent) -> None:
            if isinstance(event, Greeted):
                gate.session.send(Bye("stopping", "the gate stops"))

        gate, office = pair(clock, leave)
        ended = await asyncio.wait_for(asyncio.gather(gate.pump.run(), office.pump.run()), WITHIN_S)
        assert [one.code for one in ended] == ["stopping", "stopping"]
        assert [one.by_peer for one in ended] == [False, True]
        assert gate.stream.closed
        assert office.stream.closed

    asyncio.run(live())


def test_a_fault_in_what_follows_from_an_event_ends_the_session_and_is_told() -> None:
    async def live() -> None:
        def fail(event: SessionEvent) -> None:
            if isinstance(event, Greeted):
                raise OSError("the store's disk failed")

        gate, office = pair([0.0], fail)
        serving = asyncio.create_task(office.pump.run())
        with pytest.raises(OSError, match="the store's disk"):
            await asyncio.wait_for(gate.pump.run(), WITHIN_S)
        assert gate.stream.closed
        ended = await asyncio.wait_for(serving, WITHIN_S)
        assert ended.code == "ended"

    asyncio.run(live())


def test_an_end_that_reads_nothing_is_found_out_by_its_silence() -> None:
    async def live() -> None:
        clock = [0.0]
        gate, _ = pair(clock, lambda _event: None)
        gate.stream.reads.clear()
        running = asyncio.create_task(gate.pump.run())
        await asyncio.sleep(0)
        clock[0] = PACE.greeting_s + 1
        gate.pump.kick()
        gate.stream.reads.set()  # so that the last words find a way
        ended = await asyncio.wait_for(running, WITHIN_S)
        assert ended.code == "silent"
        assert isinstance(gate.events[-1], Ended)

    asyncio.run(live())


def test_a_stream_that_breaks_while_writing_ends_the_session() -> None:
    async def live() -> None:
        gate, office = pair([0.0], lambda _event: None)
        office.stream.closed = True
        ended = await asyncio.wait_for(gate.pump.run(), WITHIN_S)
        assert ended.code == "ended"

    asyncio.run(live())
