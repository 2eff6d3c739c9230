"""A listening hub that echoes, gates that dial it, and strangers on plain sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from sync.keys import SigningKey
from sync.link_errors import LinkError
from sync.network_link import Dialler, HubAddress, Patience
from sync.network_listener import Limits, NetworkListener, TurnedAway
from sync.tls_stream import TlsStream
from tests.support.estate import ONLINE, key
from tests.support.waiting import until_async

LOOPBACK = "127.0.0.1"
WITHIN_S = 8.0
"""For a hang; nothing waits for it."""
GATE = key("gate 7")
STRANGER = key("stranger")


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Play a story, which must not hang."""

    async def within() -> None:
        async with asyncio.timeout(WITHIN_S):
            await story()

    asyncio.run(within())


async def echo(stream: TlsStream) -> None:
    """Say everything back until the peer ends."""
    while data := await stream.read():
        await stream.write(data)


class Hub:
    """A listener on a port of its own, and whom it turned away."""

    def __init__(
        self, gates: Iterable[bytes], limits: Limits, serve: Callable[[TlsStream], Awaitable[None]]
    ) -> None:
        self.turned_away: list[TurnedAway] = []
        self.served: asyncio.Queue[TlsStream] = asyncio.Queue()
        self._serve = serve
        self._news = asyncio.Condition()
        self._telling: set[asyncio.Task[None]] = set()
        self.listener = NetworkListener(ONLINE, gates, self._serve_one, self._note, limits)
        self.address: HubAddress

    async def attacks(self, count: int) -> list[str]:
        """The words of the first ``count`` refusals, once there are that many."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.turned_away) >= count)
        return [one.error.attack for one in self.turned_away]

    async def busy(self) -> None:
        """Wait until somebody is connected. The listener has no bell for this: nobody else needs one."""
        await until_async("somebody is connected", lambda: self.listener._tasks)

    async def empty(self) -> None:
        """Wait until nobody is connected any more."""
        await asyncio.gather(*self.listener._tasks)

    async def _serve_one(self, stream: TlsStream) -> None:
        self.served.put_nowait(stream)
        await self._serve(stream)

    def _note(self, one: TurnedAway) -> None:
        self.turned_away.append(one)
        task = asyncio.ensure_future(self._wake())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()


@asynccontextmanager
async def hub(
    *gates: bytes,
    limits: Limits | None = None,
    serve: Callable[[TlsStream], Awaitable[None]] = echo,
    host: str = LOOPBACK,
) -> AsyncIterator[Hub]:
    """A hub for these gates (by default gate 7) as long as the block runs."""
    one = Hub(gates or (GATE.public,), limits or Limits(), serve)
    one.address = HubAddress(host, await one.listener.open(host, 0))
    try:
        yield one
    finally:
        await one.listener.close()


def dialler(*hubs: HubAddress, key: SigningKey = GATE, patience: Patience | None = None) -> Dialler:
    """A gate's dialler that gives up in time for a test."""
    return Dialler(key, hubs, patience or Patience(2.0, 2.0, 2.0))


async def answer(stream: TlsStream, said: bytes = b"hello") -> bytes:
    """What the hub echoes."""
    await stream.write(said)
    return await stream.read()


async def error_of(dialling: Awaitable[TlsStream]) -> LinkError:
    """The error of a dial that must fail."""
    try:
        stream = await dialling
    except LinkError as error:
        return error
    stream.close()
    raise AssertionError("the link came up")
