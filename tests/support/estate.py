"""A small estate for tests of lists: fixed keys, a few records, and a gate that takes updates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec import Struct, field

from sync.chain import Anchor
from sync.content import MemoryContent
from sync.delegation import Delegation, Role, Withdrawals, sign_delegation, sign_withdrawals
from sync.delta import Step
from sync.encoding import encode_settings, stored
from sync.envelope import seal
from sync.keys import SigningKey
from sync.publishing import Destination, delta, snapshot
from sync.records import (
    Access,
    Credential,
    DoorPolicy,
    Grant,
    GrantKind,
    ListSettings,
    Record,
    Schedule,
    Technology,
    Window,
)
from sync.trust import Current, TrustedList
from sync.update import Accepted, ListVersion, Unchanged

DAY = 86_400
NOW = 1_800_000_000
"""Issue time of first lists: 2027-01-15 08:00 UTC."""
FOREVER = NOW + 3650 * DAY

ESTATE_ID = bytes.fromhex("6573746174652031")
GATE_ID = 7
HERE = Destination(ESTATE_ID, GATE_ID)


def key(name: str) -> SigningKey:
    """The test key of this name: the same in every run."""
    return SigningKey(sha256(b"gatehouse test key " + name.encode()).digest())


ROOT = key("root")
LISTS = key("lists")
ONLINE = key("online")
MANAGER = key("manager")
ANCHOR = Anchor(ESTATE_ID, GATE_ID, (ROOT.public,))


def delegate(
    signer: SigningKey, role: Role, serial: int, *, gates: frozenset[int] | None = None, until: int = FOREVER
) -> bytes:
    """A root's delegation of ``signer`` at this estate."""
    return sign_delegation(Delegation(ESTATE_ID, signer.public, role, gates, NOW - DAY, until, serial), ROOT)


def withdraw(version: int, *signers: SigningKey) -> bytes:
    """A root's withdrawals statement."""
    return sign_withdrawals(Withdrawals(ESTATE_ID, version, frozenset(one.key_id for one in signers)), ROOT)


CHAIN = (
    delegate(LISTS, Role.LIST, 1),
    delegate(ONLINE, Role.ONLINE, 2),
    delegate(MANAGER, Role.MANAGER, 3),
)

ALWAYS = Window(0x7F, 0, 1440)
SETTINGS = ListSettings(
    "Asia/Shanghai",
    (DoorPolicy(1), DoorPolicy(2)),
    schedules=(Schedule(1, (Window(0x1F, 480, 1080),)), Schedule(2, (ALWAYS,))),
)


def card(number: int) -> Credential:
    """Card ``number`` of the estate."""
    return Credential(Technology.ISO14443A, (0x04A10000 + number).to_bytes(4, "big"))


def resident(number: int, *, schedule: int | None = None, until: int | None = None, door: int = 1) -> Grant:
    """A resident's grant on card ``number``; grant and issue ids follow from it."""
    return Grant(
        1000 + number,
        2000 + number,
        card(number),
        GrantKind.RESIDENT,
        (Access(door),),
        schedule=schedule,
        valid_until=until,
    )


def content(records: Iterable[Record], settings: ListSettings = SETTINGS) -> MemoryContent:
    """A list of these records."""
    return MemoryContent(encode_settings(settings), [stored(one) for one in records])


def first_list(count: int = 20) -> MemoryContent:
    """Residents 1 to ``count``."""
    return content(resident(number) for number in range(1, count + 1))


def signed_snapshot(
    what: MemoryContent,
    revision: int = 1,
    *signers: SigningKey,
    epoch: int = 1,
    at: int = NOW,
    chain: Sequence[bytes] = CHAIN,
    withdrawals: bytes | None = None,
) -> bytes:
    """A snapshot envelope, signed by the list key unless ``signers`` say otherwise."""
    statement = snapshot(HERE, what, ListVersion(epoch, revision), issued_at=at)
    return seal(statement, signers or (LISTS,), delegations=chain, withdrawals=withdrawals)


class Gate(Struct):
    """What a gate keeps between updates, in memory."""

    current: Current | None = None
    content: MemoryContent | None = None
    highest: Current | None = None
    floor: int = NOW - DAY
    kept: list[bytes] = field(default_factory=list)
    """Envelopes of accepted updates."""

    def offer(self, data: bytes, anchor: Anchor = ANCHOR) -> Accepted | Unchanged:
        """Judge an update and apply it; a refusal passes through and changes nothing."""
        outcome = TrustedList(anchor, self.current, self.content, self.highest).update(data, floor=self.floor)
        if isinstance(outcome, Accepted):
            before = MemoryContent(b"", ()) if self.content is None else self.content
            self.content = before.after(outcome)
            self.current = Current(outcome.version, outcome.digest, outcome.issued_at, outcome.memory)
            self.highest = max(self.highest or self.current, self.current, key=lambda one: one.version)
            self.kept.append(outcome.envelope)
        return outcome

    def remember(self, memory: bytes) -> None:
        """Keep the trust memory that a refusal or a repeated list handed out."""
        assert self.current is not None
        current = self.current
        self.current = Current(current.version, current.digest, current.issued_at, memory)

    def lose_list(self) -> None:
        """Both databases are damaged; what is kept beside them is not."""
        self.current = self.content = None

    def signed_delta(
        self,
        steps: Sequence[Step],
        *signers: SigningKey,
        at: int = NOW + 60,
        chain: Sequence[bytes] = (),
        withdrawals: bytes | None = None,
    ) -> bytes:
        """The delta envelope of the next revision, by the list key unless told otherwise."""
        assert self.current is not None
        assert self.content is not None
        base = (self.current.version, self.content)
        statement, _ = delta(HERE, base, steps, issued_at=at)
        return seal(statement, signers or (LISTS,), delegations=chain, withdrawals=withdrawals)

    def image(self) -> tuple[object, ...]:
        """Everything the gate keeps, byte for byte."""
        assert self.current is not None
        assert self.content is not None
        return (
            self.current,
            self.content.settings(),
            tuple(self.content.records()),
            tuple(self.content.bucket_digests()),
            tuple(self.kept),
        )


def gate_with(what: MemoryContent, *, at: int = NOW) -> Gate:
    """A gate that accepted ``what`` as its first list."""
    gate = Gate()
    gate.offer(signed_snapshot(what, at=at))
    return gate
