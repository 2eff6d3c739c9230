"""A hub's store with gates that judge what it signs by the real rules, all in this process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from msgspec import Struct, field

from office.errors import OfficeError
from office.hub.address import StoreAddress
from office.hub.facts import Gate as RegisteredGate
from office.hub.facts import LinkKind
from office.hub.planner import Powers, Why
from office.hub.publisher import Outgoing, Publisher
from office.hub.reception import take_receipt, take_refusal, take_report
from office.hub.schema import Checkpoint, pass_by
from office.hub.store import HubStore
from sync.chain import Anchor
from sync.delegation import Role
from sync.encoding import decode_record, encode_settings, stored
from sync.envelope import ListStatement, parse_envelope, seal
from sync.keys import SigningKey
from sync.records import ClockState, Grant, ListSettings, Record, RevocationReason, Tombstone
from sync.refusal import ListRefusedError
from sync.statements.receipt import Receipt, Spent, sign_receipt
from tests.support.estate import (
    CHAIN,
    ESTATE_ID,
    LISTS,
    NOW,
    ONLINE,
    ROOT,
    SETTINGS,
    Gate,
    card,
    key,
    resident,
)
from tests.support.postgresql import keep_copy, put_back, store_address
from tests.support.waiting import until


class KeysAtHand(Struct):
    """`office.hub.signers.Signers` with the estate's test keys, some of which may be away."""

    list_key: bool = True
    online_key: bool = True

    def powers(self, gate_id: int, at: int) -> Powers:
        return Powers(self.list_key, self.online_key)

    def seal(self, statement: ListStatement, role: Role) -> bytes:
        if not (self.list_key if role is Role.LIST else self.online_key):
            raise OfficeError(f"the {role.name.lower()} key is not here")
        return seal(statement, [LISTS if role is Role.LIST else ONLINE], delegations=CHAIN)


class GateBox(Struct):
    """A gate: its list, its key, and what reached it."""

    gate_id: int
    gate: Gate = field(default_factory=Gate)
    refused: list[str] = field(default_factory=list)
    spent: tuple[Spent, ...] = ()
    """What its next receipt tells of uses."""

    @property
    def key(self) -> SigningKey:
        return gate_key(self.gate_id)

    @property
    def anchor(self) -> Anchor:
        return Anchor(ESTATE_ID, self.gate_id, (ROOT.public,))

    def offer(self, data: bytes) -> str | None:
        """Judge an update by the real rules; the attack's word if it is refused."""
        try:
            self.gate.offer(data, self.anchor)
        except ListRefusedError as refused:
            self.refused.append(refused.attack)
            return refused.attack
        return None

    def receipt(self, applied_at: int | None = NOW) -> bytes:
        current = self.gate.current
        assert current is not None
        clock = ClockState.UNKNOWN if applied_at is None else ClockState.TRUSTED
        receipt = Receipt(
            ESTATE_ID, self.gate_id, current.version, current.digest, applied_at, clock, self.spent
        )
        return sign_receipt(receipt, self.key)

    def opens(self, grant_id: int) -> bool:
        """Whether its list has this grant, not ended."""
        if self.gate.content is None:
            return False
        records = [decode_record(one) for one in self.gate.content.records()]
        return any(isinstance(one, Grant) and one.grant_id == grant_id for one in records)


def gate_key(gate_id: int) -> SigningKey:
    """The own key of a test gate."""
    return key(f"gate {gate_id}")


def registered(gate_id: int, link: LinkKind = LinkKind.NETWORK) -> RegisteredGate:
    """A gate as the register has it."""
    address = gate_id if link is LinkKind.SERIAL else None
    return RegisteredGate(gate_id, f"gate {gate_id}", gate_key(gate_id).public, link, address, NOW)


class HubRig:
    """A store in a directory, gates that are registered in it, and a publisher."""

    def __init__(
        self,
        directory: Path,
        gates: int = 1,
        *,
        checkpoint: Checkpoint = pass_by,
        address: StoreAddress | None = None,
    ) -> None:
        self.address = address or store_address(directory)
        self.store = HubStore.found(self.address, ESTATE_ID, checkpoint=checkpoint)
        self.keys = KeysAtHand()
        self.boxes = {number: GateBox(number) for number in range(1, gates + 1)}
        self.now = NOW
        for number in self.boxes:
            self.store.gates.add(registered(number))
        self.publisher = Publisher(self.store, self.keys)

    def close(self) -> None:
        self.store.close()

    def reopen(self) -> None:
        """Begin anew on the same store, as a restarted hub does."""
        self.store.close()
        self.store = HubStore(self.address)
        self.publisher = Publisher(self.store, self.keys)

    def back_up(self, directory: Path) -> None:
        """Keep a copy of the store as it is now, in the place of an older one."""
        keep_copy(self.address, directory)

    def restore(self, directory: Path) -> None:
        """Put that copy in the place of the store, and begin anew."""
        self.store.close()
        put_back(self.address, directory)
        self.reopen()

    def want(self, gate_id: int, *records: Record, urgent: bool = False) -> None:
        """Put records on a gate's wanted list, with settings if it has none."""
        empty = not self.store.wanted.content(gate_id).settings()
        self.store.wanted.put(
            gate_id,
            [stored(one) for one in records],
            settings=encode_settings(SETTINGS) if empty else None,
            urgent=urgent,
            at=self.now,
        )

    def want_settings(self, gate_id: int, settings: ListSettings) -> None:
        self.store.wanted.put(gate_id, settings=encode_settings(settings), urgent=False, at=self.now)

    def report(self, gate_id: int) -> None:
        """The gate begins a session."""
        current = self.boxes[gate_id].gate.current
        list_ = None if current is None else (current.version, current.digest)
        take_report(self.store, gate_id, list_, self.now)

    def advance(self, gate_id: int) -> Outgoing:
        return self.publisher.advance(gate_id, self.now)

    def deliver(self, gate_id: int, data: bytes, *, receipt: bool = True) -> str | None:
        """One update reaches the gate; its answer reaches the hub unless told otherwise."""
        box = self.boxes[gate_id]
        attack = box.offer(data)
        if attack is not None:
            refused = parse_envelope(data).statement.version
            take_refusal(self.store, gate_id, refused, attack, "told by the gate", self.now)
        elif receipt:
            take_receipt(self.store, gate_id, box.receipt(self.now), self.now)
        return attack

    def exchange(self, gate_id: int, *, most: int = 10) -> Outgoing:
        """A session from its begin until there is nothing to send."""
        self.report(gate_id)
        for _ in range(most):
            outgoing = self.advance(gate_id)
            if not outgoing.envelopes:
                return outgoing
            for data in outgoing.envelopes:
                if self.deliver(gate_id, data) is not None:
                    self.report(gate_id)
                    break
        raise AssertionError(f"gate {gate_id} does not come to rest: {outgoing.why}")

    def kind(self, data: bytes) -> str:
        """``snapshot`` or ``delta``, and by whose key."""
        envelope = parse_envelope(data)
        names = {LISTS.key_id: "list", ONLINE.key_id: "online"}
        signers = [names.get(one.key_id, "other") for one in envelope.signatures]
        return f"{envelope.statement.kind.name.lower()} by {' and '.join(signers)}"


def until_stored(store: Path, what: str, check: Callable[[HubStore], object]) -> None:
    """Look at the store, which another process works on, until ``check`` holds."""
    with closing(HubStore(store)) as hub:
        until(what, lambda: check(hub))


def lost(number: int, at: int = NOW) -> Tombstone:
    return Tombstone(1000 + number, 2000 + number, card(number), RevocationReason.LOST, at)


def with_residents(rig: HubRig, count: int = 20, gate_id: int = 1) -> None:
    rig.want(gate_id, *(resident(number) for number in range(1, count + 1)))
    assert rig.exchange(gate_id).why is Why.IN_SYNC


def same_list(rig: HubRig, gate_id: int = 1) -> bool:
    content = rig.boxes[gate_id].gate.content
    wanted = rig.store.wanted.content(gate_id)
    assert content is not None
    return sorted(content.records()) == sorted(wanted.records()) and content.settings() == wanted.settings()
