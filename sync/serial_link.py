"""A serial bus on a port, for the hub or for a gate: connections become streams of bytes (asyncio).

Thin: who speaks when is decided by `sync.bus_master` or `sync.bus_station`; here bytes and
deadlines are carried to and fro.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from sync.bus_master import BusMaster
from sync.bus_station import BusStation
from sync.connection import AddressDoubled, BusEvent, Closed, Connection, Opened
from sync.link_errors import LinkError, LostLinkError
from sync.serial_port import Port


class SerialStream:
    """One connection as a `sync.streams.ByteStream`; ``address`` is the gate's on the bus."""

    def __init__(
        self, connection: Connection, kick: Callable[[], None], wants_more: Callable[[Connection], bool]
    ) -> None:
        self.address = connection.address
        self._connection = connection
        self._kick = kick
        self._wants_more = wants_more
        self._moved = asyncio.Event()
        self._error: LinkError | None = None

    async def read(self) -> bytes:
        """The next bytes, at least one."""
        while True:
            if data := self._connection.take():
                return data
            await self._change()

    async def write(self, data: bytes) -> None:
        """Send ``data``; returns when the last of it was accepted and the line can soon take more."""
        while True:
            if self._error is not None:
                raise self._error
            if taken := self._connection.send(data):
                data = data[taken:]
                self._kick()  # not for nothing: each turn of the link wakes us up here
            if not data and self._wants_more(self._connection):
                return
            await self._change()

    def close(self) -> None:
        """End the stream; the bus still delivers what was accepted, for a moment."""
        self._connection.close()
        self.end(LostLinkError("the serial link was closed here"))
        self._kick()

    @property
    def is_over(self) -> bool:
        """Whether nothing can be read or written any more."""
        return self._error is not None

    def end(self, error: LinkError) -> None:
        """Nothing more comes or goes; for the link."""
        self._error = self._error or error
        self._moved.set()

    def moved(self) -> None:
        """Bytes may have come or gone; for the link."""
        self._moved.set()

    def carries(self, connection: Connection) -> bool:
        """Whether this is the stream of ``connection``."""
        return self._connection is connection

    async def _change(self) -> None:
        """Wait until something moves; raises when nothing ever will."""
        if self._error is not None:
            raise self._error
        self._moved.clear()
        await self._moved.wait()


class SerialLink:
    """Runs one side of the bus on an open port, from ``start`` to ``close`` or the port's end."""

    def __init__(
        self,
        port: Port,
        bus: BusMaster | BusStation,
        on_doubled: Callable[[int], None] = lambda _address: None,
    ) -> None:
        """To be made inside the loop. ``on_doubled``: two gates answer at this address."""
        self.bus = bus
        self._port = port
        self._on_doubled = on_doubled
        self._streams: list[SerialStream] = []
        self._waiting: deque[SerialStream] = deque()
        self._arrived = asyncio.Event()
        self._unwritten = b""
        self._error: LinkError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._kicked = False
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Serve the port from now on."""
        self._loop.add_reader(self._port.fileno(), self._read)
        self._turn()

    async def accept(self) -> SerialStream:
        """The next connection: at the hub of any gate, at a gate its only one.

        Raises:
            LinkError: the port failed; open it anew and start another link on it.
        """
        while True:
            while self._waiting:
                if not (stream := self._waiting.popleft()).is_over:
                    return stream
            if self._error is not None:
                raise self._error
            self._arrived.clear()
            await self._arrived.wait()

    def close(self) -> None:
        """Give the port back at once; all streams end."""
        self._fail(LostLinkError("the serial port was closed here"))

    def _read(self) -> None:
        try:
            data = self._port.read()
        except LinkError as error:
            self._fail(error)
            return
        self.bus.receive(data, self._loop.time())
        self._turn()

    def _kick(self) -> None:
        """Come back soon, once for however many streams have moved."""
        if not self._kicked and self._error is None:
            self._kicked = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._kicked = False
        if self._error is not None:
            return
        now = self._loop.time()
        self.bus.on_time(now)
        while data := self.bus.next_output(now):
            self._unwritten += data
        while (event := self.bus.next_event()) is not None:
            self._tell(event)
        for stream in self._streams:
            stream.moved()
        self._write()
        self._arm()

    def _write(self) -> None:
        if self._error is not None:
            return
        try:
            self._unwritten = self._unwritten[self._port.write(self._unwritten) :] if self._unwritten else b""
        except LinkError as error:
            self._fail(error)
            return
        if self._unwritten:
            self._loop.add_writer(self._port.fileno(), self._write)
        else:
            self._loop.remove_writer(self._port.fileno())

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.bus.next_deadline()
        if deadline is not None and self._error is None:
            self._timer = self._loop.call_at(deadline, self._turn)

    def _tell(self, event: BusEvent) -> None:
        match event:
            case Opened(connection):
                stream = SerialStream(connection, self._kick, self.bus.wants_more)
                self._streams.append(stream)
                self._waiting.append(stream)
                self._arrived.set()
            case Closed(connection, reason):
                for stream in [one for one in self._streams if one.carries(connection)]:
                    stream.end(LostLinkError(f"the serial link ended: {reason}"))
                    self._streams.remove(stream)
            case AddressDoubled(address):
                self._on_doubled(address)

    def _fail(self, error: LinkError) -> None:
        if self._error is not None:
            return
        self._error = error
        self._loop.remove_reader(self._port.fileno())
        self._loop.remove_writer(self._port.fileno())
        if self._timer is not None:
            self._timer.cancel()
        self._port.close()
        for stream in self._streams:
            stream.end(error)
        self._streams.clear()
        self._arrived.set()
