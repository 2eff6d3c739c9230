"""The hub: everything is made and wired here, and ended here (asyncio).

Gates dial in by network, or are asked in turn on a serial pair; each has one session. The
store is looked at when somebody wakes the hub and once a second, so that a change is on
its way at once, whoever made it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, Protocol

from msgspec import Struct

from office.errors import OfficeError, Trouble
from office.hub.conversation import Conversation, Desk
from office.hub.doorstep import Doorstep
from office.hub.doubles import DOUBLE_TEXT, DUPLICATE_IDENTITY, Boots
from office.hub.facts import Gate
from office.hub.floor_post import send_lowerings
from office.hub.lasting import Lasting, unless_store_fails
from office.hub.line import Line
from office.hub.online import OnlineKey
from office.hub.port import HubStorage
from office.hub.publisher import Outgoing, Publisher
from sync.messages import NONCE_BYTES, OrderAnswer, OrderSent
from sync.session import Session
from sync.session_events import Ended, Greeted, SessionEvent
from sync.session_pump import Pump
from sync.statements.order_kinds import Argument, OrderKind
from sync.streams import ByteStream

POLL_S: Final = 1.0
CONTACTS_EVERY_S: Final = 10.0
"""Contacts are noted together: a commit for each pulse of a thousand gates would be most of the work."""
NEW_GATES_EVERY_S: Final = 5.0
GATES_A_COMMIT: Final = 16
"""About 30 ms of signing."""
_ORDERLY: Final = frozenset({"ended", "replaced", "stopping", "struck_off"})
"""Ends that need nobody's attention."""


class Outside(Struct, frozen=True):
    """What the hub is given from outside, so that tests can give other things."""

    utc_ms: Callable[[], int]
    monotonic: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    software: str


class Entrance(Protocol):
    """A way by which gates come: a listener, a serial pair."""

    async def open(self, hub: Hub) -> None:
        """Begin to let gates in: each stream goes to ``hub.serve``. Raises ``OSError``."""

    def trust(self, gates: Iterable[Gate]) -> None:
        """Let in exactly these keys from now on; an invited gate stands here with its token's."""

    async def close(self) -> None:
        """Let nobody in any more, and end what is open."""


class _Link(Struct, frozen=True):
    gate: Gate
    conversation: Conversation
    session: Session


class Hub:
    """One hub process over one store."""

    def __init__(
        self,
        store: HubStorage,
        publisher: Publisher,
        online: OnlineKey,
        outside: Outside,
        entrances: Iterable[Entrance],
        keys_changed: Callable[[], bool],
    ) -> None:
        """``keys_changed``: whether keys have come or gone, so that what waited for one can be signed."""
        self._store = store
        self._publisher = publisher
        self._online = online
        self._keys_changed = keys_changed
        self._outside = outside
        self._entrances = tuple(entrances)
        self._links: dict[int, _Link] = {}
        self._last_change = 0
        self._spoke: set[int] = set()
        self._turned_away: dict[str, str] = {}
        self._unsent: dict[int, None] = {}
        """An ordered set: gates whose changes are not signed yet, revocations first."""
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._lasting = Lasting(self.stop)
        self._counter = 0
        self._trusted: list[Gate] = []
        self._doorstep = Doorstep(store, online, self._now_s, self.turned_away)
        self._boots = Boots()
        self._desk = Desk(store, outside.utc_ms, online.answer_pulse, self._advance, self._spoke.add)

    @property
    def connected(self) -> dict[int, Conversation]:
        """Conversations by gate."""
        return {gate_id: link.conversation for gate_id, link in self._links.items()}

    def wake(self) -> None:
        """The store has changed; from the loop's thread."""
        self._woken.set()
        asyncio.get_running_loop().call_soon(unless_store_fails, self._look_at_register)

    def stop(self) -> None:
        """End ``run``; from the loop's thread."""
        self._stopped.set()
        self._woken.set()

    def ends_with(self, task: asyncio.Task[None]) -> None:
        """A task that is to last as long as the hub: its failure ends ``run`` and is raised there."""
        self._lasting.watch(task)

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Until ``stop``. Raises ``OSError`` if an entrance cannot be opened, and whatever ended the hub."""
        self._last_change = self._newest_change()
        self._look_at_register()
        try:
            for one in self._entrances:
                await one.open(self)
            ready()
            self._lasting.every(CONTACTS_EVERY_S, self._note_contacts)
            self._lasting.every(NEW_GATES_EVERY_S, self._look_at_register)
            while not self._stopped.is_set():
                self._woken.clear()
                self._look_at_changes()
                if self._unsent:
                    self._push_some()
                    await asyncio.sleep(0)  # what was signed goes out before the next are signed
                else:
                    await _wait(self._woken, POLL_S)
        finally:
            await self._lasting.end()
            for one in self._entrances:
                await one.close()
            self._note_contacts()
        self._lasting.check()

    async def serve(self, stream: ByteStream, public: bytes, line: Line) -> None:
        """One gate's session, or an invited one's request, on its stream to its end; raises ``LinkError``."""
        gate = self._store.gates.by_key(public)
        if gate is None or gate.struck_at is not None:
            return await self._doorstep.serve(stream, public)
        outside = self._outside
        session = Session(
            self._online.hello(gate.gate_id, outside.random_bytes(NONCE_BYTES), outside.software),
            pace=line.pace,
            now=outside.monotonic(),
            random_bytes=outside.random_bytes,
        )
        pump: Pump
        conversation = Conversation(self._desk, gate, session, kick=lambda: pump.kick())  # noqa: PLW0108 - the pump is made after it
        pump = Pump(
            session,
            stream,
            monotonic=outside.monotonic,
            on_event=lambda event: self._on_event(gate, conversation, event),
            helping_bytes=line.helping_bytes,
        )
        link = _Link(gate, conversation, session)
        self._take_place(link)
        try:
            await pump.run()
        finally:
            if self._links.get(gate.gate_id) is link:
                del self._links[gate.gate_id]

    def order(
        self,
        gate_id: int,
        kind: OrderKind,
        arguments: dict[str, Argument],
        *,
        valid_s: int,
        then: Callable[[OrderAnswer], None],
    ) -> None:
        """Sign and send an order; ``then`` gets the gate's answer.

        Raises:
            OfficeError: the gate is not connected, or there is no online key.
            CodecError: the order is outside the format.
        """
        link = self._links.get(gate_id)
        nonce = None if link is None else link.conversation.session_nonce
        if link is None or nonce is None or not link.session.is_open:
            raise OfficeError(
                f"gate {gate_id} is not connected: an order is for people who wait for it",
                Trouble.NOT_CONNECTED,
                gate=gate_id,
            )
        self._counter += 1
        signed = self._online.sign_order(link.gate, nonce, self._counter, kind, arguments, valid_s=valid_s)
        link.conversation.order(self._counter, OrderSent(signed), then)

    def turned_away(self, attack: str, text: str) -> None:
        """Somebody was not let in; the office shall see it, with the next note of contacts."""
        # Kept by name: a flood of strangers costs one row for each name and no commit of its own.
        self._turned_away[attack] = text

    def _take_place(self, link: _Link) -> None:
        """One session a gate: the newest counts. Two devices with one key are told."""
        before = self._links.get(link.gate.gate_id)
        self._links[link.gate.gate_id] = link
        if before is not None:
            before.conversation.end("replaced", "the gate has dialled anew")

    def _on_event(self, gate: Gate, conversation: Conversation, event: SessionEvent) -> None:
        conversation.on_event(event)
        if isinstance(event, Greeted) and self._boots.is_double(gate.gate_id, event.hello.boot_id):
            self._store.diary.alarm(gate.gate_id, DUPLICATE_IDENTITY, DOUBLE_TEXT, self._now_s())
        if isinstance(event, Ended) and event.code not in _ORDERLY:
            self._store.diary.alarm(gate.gate_id, f"session_{event.code}", event.text, self._now_s())

    def _advance(self, gate_id: int) -> Outgoing:
        return self._publisher.advance(gate_id, self._now_s())

    def _look_at_changes(self) -> None:
        """Send out what has changed, revocations first; what is not connected gets it when it comes."""
        if self._keys_changed():
            self._unsent.update(dict.fromkeys(sorted(self._links)))
        changes = self._store.wanted.changes_after(self._last_change)
        if not changes:
            return
        self._last_change = changes[-1].number
        urgent = {one.gate_id for one in changes if one.urgent}
        affected = sorted({one.gate_id for one in changes}, key=lambda one: (one not in urgent, one))
        self._unsent.update(dict.fromkeys(affected))

    def _push_some(self) -> None:
        """Sign for a few gates in one commit and send: the first must not wait for the thousandth."""
        some = list(islice(self._unsent, GATES_A_COMMIT))
        for gate_id in some:
            del self._unsent[gate_id]
        now = self._now_s()
        there = [one for one in some if one in self._links]
        for gate_id, outgoing in self._publisher.advance_all(there, now).items():
            link = self._links.get(gate_id)
            if isinstance(outgoing, OfficeError):
                self._store.diary.alarm(gate_id, "cannot_sign", str(outgoing), now)
            elif link is not None:
                link.conversation.push(outgoing)

    def _newest_change(self) -> int:
        """What changed while no hub ran goes out when each gate comes."""
        number = 0
        while changes := self._store.wanted.changes_after(number):
            number = changes[-1].number
        return number

    def _look_at_register(self) -> None:
        """Let in who is registered; send what was taken in for those who are there."""
        send_lowerings(self._store, self.connected)
        trusted = self._doorstep.let_in()
        if trusted == self._trusted:
            return
        self._trusted = trusted
        for one in self._entrances:
            one.trust(trusted)
        keys = {one.public_key for one in trusted}
        for link in [one for one in self._links.values() if one.gate.public_key not in keys]:
            link.conversation.end("struck_off", "this gate's key was struck off")

    def _note_contacts(self) -> None:
        if not self._spoke and not self._turned_away:
            return
        at = self._now_s()
        with self._store.transaction():
            for gate_id in self._spoke:
                self._store.diary.note_contact(gate_id, at)
            for attack, text in self._turned_away.items():
                self._store.diary.alarm(None, attack, text, at)
        self._spoke.clear()
        self._turned_away.clear()

    def _now_s(self) -> int:
        return self._outside.utc_ms() // 1000


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
