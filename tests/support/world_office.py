"""An office under test: the real store, keys, publisher and conversations; its clock is ours."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from office.errors import OfficeError
from office.hub.conversation import Conversation, Desk
from office.hub.facts import Gate
from office.hub.online import OnlineKey
from office.hub.planner import Why
from office.hub.publisher import Outgoing, Publisher
from office.hub.schema import Checkpoint, pass_by
from office.hub.signers import DirectorySigners
from office.hub.store import HubStore
from office.keys import KeyDirectory
from sync.content import MemoryContent
from sync.delegation import Role
from sync.encoding import encode_settings, stored
from sync.envelope import countersign, parse_envelope
from sync.messages import OrderAnswer, OrderSent
from sync.records import ListSettings, Record
from sync.session import Session
from sync.session_events import Pace
from sync.statements.order_kinds import Argument, OrderKind
from sync.update import ListVersion
from tests.support.estate import CHAIN, DAY, ESTATE_ID, FOREVER, MANAGER, NOW, SETTINGS
from tests.support.hub import registered


def make_keys(path: Path) -> KeyDirectory:
    """The estate's test keys in a real key directory."""

    def seed(name: str) -> Callable[[int], bytes]:
        return lambda _size: sha256(b"gatehouse test key " + name.encode()).digest()

    keys = KeyDirectory.create(path, ESTATE_ID, random_bytes=seed("root"))
    for name, role in (("lists", Role.LIST), ("online", Role.ONLINE)):
        keys.create_key(name, random_bytes=seed(name))
        keys.delegate(name, role, gates=None, issued_at=NOW - DAY, not_after=FOREVER)
    return keys


class OfficeSide:
    """One hub over one store; `restart` makes all objects anew on the same files."""

    def __init__(self, directory: Path, gates: int, *, checkpoint: Checkpoint = pass_by) -> None:
        self.directory = directory
        self.utc_ms = NOW * 1000
        self.path = directory / "hub.db"
        keys = directory / "keys"
        self.keys = KeyDirectory(keys) if keys.exists() else make_keys(keys)
        self._checkpoint = checkpoint
        self._nonces = 0
        self._counter = 0
        self._begin(HubStore.found(self.path, ESTATE_ID, checkpoint=checkpoint))
        there = {one.gate_id for one in self.store.gates.all()}
        for number in set(range(1, gates + 1)) - there:
            self.store.gates.add(registered(number))

    @property
    def now_s(self) -> int:
        return self.utc_ms // 1000

    # Its life

    def close(self) -> None:
        self.store.close()

    def restart(self) -> None:
        """All links must have been cut."""
        self.store.close()
        self._begin(HubStore(self.path, checkpoint=self._checkpoint))

    def backup(self) -> None:
        """Copy the store as it is now."""
        target = self.directory / "backup.db"
        target.unlink(missing_ok=True)
        self.store.backup(target)

    def restore(self) -> None:
        """Begin anew on the copy; what came after it is lost."""
        self.store.close()
        for side in ("-wal", "-shm"):
            Path(f"{self.path}{side}").unlink(missing_ok=True)
        shutil.copy(self.directory / "backup.db", self.path)
        self._begin(HubStore(self.path, checkpoint=self._checkpoint))

    def _begin(self, store: HubStore) -> None:
        self.store = store
        self.online = OnlineKey(self.keys, store, lambda: self.utc_ms)
        self.signers = DirectorySigners(self.keys)
        self.publisher = Publisher(store, self.signers)
        self.spoke: list[int] = []
        self.desk = Desk(
            store, lambda: self.utc_ms, self.online.answer_pulse, self.advance, self.spoke.append
        )
        self.links: dict[int, Conversation] = {}
        self.sessions: dict[int, Session] = {}
        self._last_change = 0

    # Gates that dial in

    def accept(self, gate: Gate, pace: Pace, now: float) -> tuple[Session, Conversation]:
        """A session for a gate that has proved its key; it takes the place of the one before."""
        self._nonces += 1
        nonce = self._nonces.to_bytes(16, "big")
        hello = self.online.hello(gate.gate_id, nonce, "office under test")
        session = Session(hello, pace=pace, now=now, random_bytes=bytes)
        conversation = Conversation(self.desk, gate, session, kick=lambda: None)
        if (before := self.links.get(gate.gate_id)) is not None:
            before.end("replaced", "the gate has dialled anew")
        self.links[gate.gate_id] = conversation
        self.sessions[gate.gate_id] = session
        return session, conversation

    def advance(self, gate_id: int) -> Outgoing:
        return self.publisher.advance(gate_id, self.now_s)

    def look(self) -> None:
        """Push what has changed, as the hub does when it is woken."""
        while changes := self.store.wanted.changes_after(self._last_change):
            self._last_change = changes[-1].number
            for gate_id in sorted({one.gate_id for one in changes} & self.links.keys()):
                self.links[gate_id].push(self.advance(gate_id))

    def order(self, gate_id: int, kind: OrderKind, arguments: dict[str, Argument]) -> list[OrderAnswer]:
        """Send an order; its answer comes into the list."""
        answers: list[OrderAnswer] = []
        conversation = self.links[gate_id]
        assert conversation.session_nonce is not None
        self._counter += 1
        signed = self.online.sign_order(
            self.store.gates.get(gate_id),
            conversation.session_nonce,
            self._counter,
            kind,
            arguments,
            valid_s=10,
        )
        conversation.order(self._counter, OrderSent(signed), answers.append)
        return answers

    # Clerks and the manager

    def want(
        self, gate_id: int, *records: Record, urgent: bool = False, settings: ListSettings | None = None
    ) -> None:
        """Put records and settings on a gate's wanted list."""
        if settings is None and not self.store.wanted.content(gate_id).settings():
            settings = SETTINGS
        self.store.wanted.put(
            gate_id,
            [stored(one) for one in records],
            settings=None if settings is None else encode_settings(settings),
            urgent=urgent,
            at=self.now_s,
        )
        self.look()

    def wanted_digest(self, gate_id: int, version: ListVersion) -> bytes:
        """Digest of what the office wants the gate to have, under this version."""
        wanted = self.store.wanted.content(gate_id)
        content = MemoryContent(wanted.settings(), sorted(wanted.records()))
        return content.digest(estate_id=ESTATE_ID, gate_id=gate_id, version=version)

    def settle_by_hand(self, gate_id: int) -> Why:
        """What people do when they are asked: look, let go on, sign; why it stands now."""
        outgoing = self.advance(gate_id)
        if outgoing.why is Why.NEEDS_CLERK:
            self.store.diary.resume(gate_id, self.now_s)
        elif outgoing.why is Why.NEEDS_MANAGER:
            try:
                proposal = self.publisher.propose(gate_id, self.now_s)
            except OfficeError:
                return outgoing.why
            signed = countersign(proposal, MANAGER, delegations=CHAIN)
            self.publisher.countersigned(gate_id, parse_envelope(signed).statement, signed)
        if gate_id in self.links:
            self.links[gate_id].push(self.advance(gate_id))
        return outgoing.why
