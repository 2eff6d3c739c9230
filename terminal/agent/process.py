"""The sync process: everything is made and wired here, and ended here (asyncio).

Order of a start: the list's store on its worker thread, the gate's key, the clock; then
READY, for nobody waits for a link; then the link, again and again. Nothing that happens
here touches the gate process.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from sync.backoff import Backoff
from sync.gate_key import KEY_FILE, load_or_make
from sync.keys import SigningKey
from sync.link_errors import LinkError, LostLinkError, RefusedByPeerError, WrongHubError
from sync.messages import NONCE_BYTES
from sync.session import Session
from sync.session_events import Ended
from sync.session_pump import Pump
from terminal import clock
from terminal.agent.conversation import Conversation, Parts
from terminal.agent.drop_folder import DropFolder
from terminal.agent.enrolling import Enrolling
from terminal.agent.facts import Sources
from terminal.agent.gate_socket import GateSocket
from terminal.agent.greeting import gate_hello
from terminal.agent.link import AuthenticatedStream, Link
from terminal.agent.lists import AgentLists
from terminal.agent.local_requests import LocalRequests
from terminal.agent.local_socket import LocalSocket, socket_path
from terminal.agent.log_source import LogSource
from terminal.agent.pieces import FilePieces
from terminal.agent.status import status_facts
from terminal.agent.time_source import TimeSource
from terminal.config import Config
from terminal.list_updates import anchor_of
from terminal.notify import ServiceManager
from terminal.stores.list_store import ListStore

STATUS_EVERY_S: Final = 15.0
DROP_EVERY_S: Final = 3.0


class Outside(Struct, frozen=True):
    """What the process is given from outside, so that tests can give other things."""

    read_clock: Callable[[], clock.Reading]
    boot: bytes
    random_bytes: Callable[[int], bytes]
    software: str


class AgentProcess:
    """One gate's sync process."""

    def __init__(
        self,
        config: Config,
        outside: Outside,
        service: ServiceManager,
        make_link: Callable[[SigningKey], Link | None],
    ) -> None:
        """``make_link``: the configured way to the office for this key; ``None``: files alone."""
        self._config = config
        self._outside = outside
        self._service = service
        self._anchor = anchor_of(config)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="list")
        self._link_state = "not connected yet"
        self._refusals: Counter[str] = Counter()
        self._pump: Pump | None = None
        self._conversation: Conversation | None = None
        self._gate = GateSocket(config.control_socket, self._kick)
        self._gate_status: dict[str, Any] = {}
        self._time = TimeSource(config.sync_dir, outside.boot, outside.read_clock)
        self._key = load_or_make(config.sync_dir / KEY_FILE, random_bytes=outside.random_bytes).key
        self._log = LogSource(config.terminal_dir, self._anchor, self._key, outside.boot)
        self._link = make_link(self._key)
        self._enrolling = Enrolling(config.sync_dir)
        self._pieces = FilePieces(config.sync_dir)
        self._stopped = asyncio.Event()
        self._asked = LocalRequests(
            self._sources(), self._echo, config.status_page.place, outside.random_bytes
        )
        self._local = LocalSocket(socket_path(config), self._asked.handle)

    @property
    def public_key(self) -> bytes:
        """What the office registers this gate by."""
        return self._key.public

    def stop(self) -> None:
        """End ``run``; from the loop's thread."""
        self._stopped.set()

    async def run(self) -> None:
        """Until ``stop``.

        Raises:
            StoreError: another process writes the list here, or it is another gate's.
        """
        loop = asyncio.get_running_loop()
        lists, drop = await loop.run_in_executor(self._pool, self._open_lists)
        parts = self._parts(lists)
        self._service.ready(self._status_line())
        jobs: list[Coroutine[Any, Any, None]] = [self._gate.run(), self._watch(), self._local.run()]
        if self._link is not None:
            jobs.append(self._keep_linked(self._link, parts))
        if drop is not None:
            jobs.append(self._watch_drop_folder(drop, parts))
        tasks = [asyncio.create_task(one) for one in jobs]
        stopping = asyncio.create_task(self._stopped.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            self._service.stopping()
            for task in [*tasks, stopping]:
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)
            await self._asked.close()
            await loop.run_in_executor(self._pool, lists.close)
            self._pool.shutdown()
            self._log.close()

    def _open_lists(self) -> tuple[AgentLists, DropFolder | None]:
        config = self._config
        store = ListStore(config.sync_dir, estate_id=config.estate_id, gate_id=config.gate.id)
        # Of its own: a database belongs to the thread that opened it.
        log = LogSource(config.terminal_dir, self._anchor, self._key, self._outside.boot)
        lists = AgentLists(
            store, self._anchor, self._key, judged=self._time.judged, access_state=log.access_state
        )
        directory = config.link.drop_dir
        return lists, DropFolder(Path(directory), config.gate.id, lists, log) if directory else None

    def _parts(self, lists: AgentLists) -> Parts:
        return Parts(
            boot_id=self._outside.boot,
            lists=lists,
            log=self._log,
            time=self._time,
            gate=self._gate,
            worker=self._work,
            doors={one.settings.id: name for name, one in self._config.doors.items()},
            status=lambda: status_facts(
                self._gate_status if self._gate.connected else {}, self._time.judged(), self._refusals
            ),
            count=self._count,
            welcomed=self._enrolling.confirmed,
        )

    def _work(self, work: Callable[[], object], then: Callable[[object | Exception], None]) -> None:
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(lambda done: _tell(done, then))

    async def _keep_linked(self, link: Link, parts: Parts) -> None:
        backoff = Backoff()
        while True:
            stood_s = 0.0
            try:
                await self._enrolling.before(link, parts.lists.authority, self._time.judged().now.floor)
                stream = await link.connect()
                began = self._monotonic()
                failure = await self._talk(link, stream, parts)
                stood_s = self._monotonic() - began
            except LinkError as error:
                failure = error
            self._link_state = f"not connected: {failure}"
            backoff = backoff.after(failure, stood_s=stood_s)
            await asyncio.sleep(backoff.delay_s(self._outside.random_bytes(1)[0] / 256))

    async def _watch_drop_folder(self, drop: DropFolder, parts: Parts) -> None:
        """The gate process is told of a new list before it is receipted, as on the link."""
        loop = asyncio.get_running_loop()
        while True:
            taken = await loop.run_in_executor(self._pool, drop.apply)
            if taken is not None:
                parts.time.learn(taken.version, taken.issued_at)
                await self._gate_knows()
            await loop.run_in_executor(self._pool, drop.export, taken)
            await asyncio.sleep(DROP_EVERY_S)

    async def _gate_knows(self) -> None:
        """Return once the gate process decides by the new list, or is away."""
        await self._gate.answer({"command": "list_changed"})

    async def _talk(self, link: Link, stream: AuthenticatedStream, parts: Parts) -> LinkError:
        nonce = self._outside.random_bytes(NONCE_BYTES)
        session = Session(
            gate_hello(self._anchor, parts, nonce=nonce, software=self._outside.software),
            pace=link.pace,
            now=self._monotonic(),
            random_bytes=self._outside.random_bytes,
            pieces=self._pieces,
        )
        conversation = Conversation(
            parts, session, stream.peer_public_key, monotonic=self._monotonic, kick=self._kick
        )
        self._pump = pump = Pump(
            session,
            stream,
            monotonic=self._monotonic,
            on_event=conversation.on_event,
            before_wait=conversation.fill,
            helping_bytes=link.helping_bytes,
        )
        self._link_state, self._conversation = "connected", conversation
        try:
            ended = await pump.run()
            return pump.refusal or _failure(ended)
        finally:
            self._pump = self._conversation = None

    async def _watch(self) -> None:
        """Keep the service manager content, and know how the gate process is."""
        every_s = min(STATUS_EVERY_S, (self._service.watchdog_s or 3 * STATUS_EVERY_S) / 3)
        while True:
            self._service.watchdog()
            self._service.status(self._status_line())
            if self._gate.connected:
                self._gate.ask({"command": "status"}, self._learn_status)
            await asyncio.sleep(every_s)

    async def _refresh(self) -> None:
        """Know how the gate process is at this moment."""
        self._learn_status(await self._gate.answer({"command": "status"}))

    def _learn_status(self, answer: dict[str, Any]) -> None:
        if answer.get("ok") is True:
            self._gate_status = answer

    def _sources(self) -> Sources:
        """What may be seen from outside."""
        return Sources(
            name=self._config.gate.name,
            software=self._outside.software,
            link_kind=self._config.link.kind.value,
            link=lambda: self._link_state if self._link is not None else "by files alone",
            line=lambda: None if self._link is None else self._link.diagnostics(),
            gate=lambda: self._gate_status if self._gate.connected else {},
            refresh=self._refresh,
            judged=self._time.judged,
            refused=lambda: self._refusals,
            standing=lambda: self._enrolling.told,
            events=self._log.newest,
        )

    def _echo(self, then: Callable[[float], None]) -> bool:
        """Ask the office at once; False without a session."""
        conversation = self._conversation
        if conversation is None:
            return False
        conversation.on_echo = then
        conversation.pulse()
        return True

    def _status_line(self) -> str:
        gate = "gate process there" if self._gate.connected else "gate process away"
        refused = ", ".join(f"{count} x {attack}" for attack, count in sorted(self._refusals.items()))
        parts = [self._link_state, gate, self._enrolling.told, self._local.fault]
        return "; ".join([*filter(None, parts), *([f"refused: {refused}"] if refused else [])])

    def _count(self, attack: str) -> None:
        self._refusals[attack] += 1

    def _kick(self) -> None:
        if self._pump is not None:
            self._pump.kick()

    def _monotonic(self) -> float:
        return self._outside.read_clock().monotonic


def _tell(done: asyncio.Future[object], then: Callable[[object | Exception], None]) -> None:
    if done.cancelled():
        return
    error = done.exception()
    if error is None:
        then(done.result())
    elif isinstance(error, Exception):
        then(error)


def _failure(ended: Ended) -> LinkError:
    """Why to dial again, as the back-off sorts it."""
    if ended.code != "refused_identity":
        return LostLinkError(f"{ended.code}: {ended.text}" if ended.text else ended.code)
    return RefusedByPeerError(ended.text) if ended.by_peer else WrongHubError(ended.text)
