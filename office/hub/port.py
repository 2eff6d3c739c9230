"""What the hub asks of the office's database: a small port, so that the desk can bring its own.

A change of a list and its outbox row are one transaction; so is what was signed and the
list that it leads to. Several hubs may share a store: numbers are given by the store.

Of each gate the store keeps two lists in one table of records. `wanted` is what the office
wants the gate to have. `held` is the list at the end of the chain of signed updates that
lead on from what the gate has reported. Where they differ, there is something to sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from office.hub.book_ports import GateStandings, LoweringBook, MoveBook
from office.hub.facts import (
    Alarm,
    BootAnchor,
    Change,
    Contact,
    Difference,
    EventRow,
    Gate,
    GrantRow,
    Held,
    Invitation,
    KeptReceipt,
    LinkKind,
    LogPosition,
    SignedList,
    StoredEvents,
)
from sync.statements.receipt import Receipt
from sync.update import ListContent, ListVersion, StoredRecord


class GateRegister(Protocol):
    """Which gates there are, and whose keys they have."""

    def estate_id(self) -> bytes:
        """The estate of this store."""

    def add(self, gate: Gate) -> None:
        """Register a gate; raises ``OfficeError`` if id, name, key or bus address is taken."""

    def wire(self, gate_id: int, link: LinkKind, bus_address: int | None) -> None:
        """The gate is reached this way from now on; raises ``OfficeError`` if the address is taken."""

    def give_key(self, gate_id: int, public_key: bytes, at: int) -> None:
        """The gate has this key from now on, the one before is struck; raises ``OfficeError`` if taken."""

    def strike_key(self, gate_id: int, at: int) -> None:
        """Refuse the gate's key for ever; the gate is planned again, and waits for another."""

    def is_struck(self, public_key: bytes) -> bool:
        """Whether this key was struck: of a lost gate, or of a unit that was replaced."""

    def strike(self, gate_id: int, at: int) -> None:
        """Strike a lost gate off: its key is refused from now on, for ever."""

    def get(self, gate_id: int) -> Gate:
        """The gate of this id; raises ``OfficeError`` if there is none."""

    def by_key(self, public_key: bytes) -> Gate | None:
        """The gate with this key, struck off or not."""

    def all(self) -> list[Gate]:
        """Every gate, struck off or not, by id."""

    def announce_format(self, gate_id: int, version: int) -> None:
        """The newest list format that the gate has said it reads."""


class WantedLists(Protocol):
    """What the office wants each gate to have."""

    def put(
        self,
        gate_id: int,
        records: Iterable[StoredRecord] = (),
        *,
        removed: Iterable[tuple[bytes, int]] = (),
        settings: bytes | None = None,
        urgent: bool,
        at: int,
    ) -> Change | None:
        """Change a gate's list, with the outbox row in the same transaction; ``None`` if nothing changed."""

    def announce(self, gate_id: int, at: int) -> Change:
        """Have every hub look at the gate again, though what is wanted is the same."""

    def content(self, gate_id: int) -> ListContent:
        """The wanted list, read as it is asked for."""

    def under(self, gate_id: int, keys: Iterable[bytes]) -> list[StoredRecord]:
        """What is wanted at a gate under these credential keys."""

    def difference(self, gate_id: int) -> Difference:
        """Where the wanted list differs from the held one."""

    def size(self, gate_id: int) -> int:
        """How many records are wanted at this gate."""

    def rows(self, *, key: bytes | None = None, issue_id: int | None = None) -> list[GrantRow]:
        """Records of one credential or of one issue, at every gate."""

    def counted(self, gate_id: int) -> list[GrantRow]:
        """Wanted grants of one gate that have uses."""

    def unused_grant_id(self) -> int:
        """A grant id above every one that was ever wanted."""

    def changes_after(self, number: int, limit: int = 1000) -> list[Change]:
        """The outbox from a number on, in order."""


class SignedLists(Protocol):
    """What was signed for each gate."""

    def held(self, gate_id: int) -> Held | None:
        """The list at the end of the signed chain; ``None`` before the first."""

    def held_content(self, gate_id: int) -> ListContent:
        """Its content, read as it is asked for."""

    def top(self, gate_id: int) -> ListVersion:
        """The highest version that was ever signed for the gate or seen at it; 0.0 at first."""

    def newest(self, gate_id: int) -> ListVersion:
        """The highest version that this office has signed for the gate; 0.0 at first."""

    def known(self, gate_id: int, version: ListVersion) -> SignedList | None:
        """What was signed under this version, if it is remembered."""

    def kept(self, gate_id: int) -> list[SignedList]:
        """Updates whose bytes are kept: those that the gate has not confirmed, oldest first."""

    def confirmed(self, gate_id: int, version: ListVersion) -> None:
        """The gate has this version: what leads to it need not be kept."""

    def envelopes(self, gate_id: int, after: ListVersion) -> list[bytes]:
        """The deltas that lead from a version of the chain to its end; raises ``OfficeError`` if none do."""

    def envelope(self, signed: SignedList) -> bytes | None:
        """The signed bytes, as long as they are kept."""

    def add_delta(self, signed: SignedList, envelope: bytes, held: Held) -> None:
        """A delta on the held list, which it moves on, in one transaction."""

    def add_snapshot(self, signed: SignedList, envelope: bytes, held: Held) -> None:
        """A snapshot on its way to the gate; ``held`` is what it leads to once adopted."""

    def adopt(self, signed: SignedList) -> None:
        """The gate has taken this snapshot: it is the held list from now on."""


class ReceiptBook(Protocol):
    """What gates have confirmed."""

    def add(self, receipt: Receipt, data: bytes, received_at: int) -> bool:
        """Keep a verified receipt; whether it is new."""

    def of_gate(self, gate_id: int) -> list[KeptReceipt]:
        """A gate's receipts, oldest version first."""

    def newest(self, gate_id: int) -> KeptReceipt | None:
        """Of the highest version."""

    def first_from(self, gate_id: int, version: ListVersion) -> KeptReceipt | None:
        """Of the lowest version that is not below this one."""


class EventShelf(Protocol):
    """Usage events, each stored once by (gate, log epoch, number)."""

    def position(self, gate_id: int, log_epoch: bytes) -> LogPosition:
        """How far this log has been taken in."""

    def hashes(self, gate_id: int, log_epoch: bytes, first: int, count: int) -> dict[int, bytes]:
        """Payload hashes by number of what is stored already."""

    def begin(self, gate_id: int, log_epoch: bytes) -> None:
        """Remember that the gate has this log, of which nothing has come yet."""

    def store(self, gate_id: int, log_epoch: bytes, events: StoredEvents, *, received_at: int) -> None:
        """Store a judged batch durably: after this it may be acknowledged."""

    def read(self, gate_id: int, log_epoch: bytes, after: int, limit: int) -> list[EventRow]:
        """Events of one log in order."""

    def logs(self, gate_id: int) -> list[bytes]:
        """Log epochs of a gate, oldest first."""

    def erase(self, gate_id: int, log_epoch: bytes, number: int) -> None:
        """Erase one payload; its hash stays, so that the chain still proves the rest."""

    def purge(self, received_before: int) -> int:
        """Remove events whose retention is over, oldest first; how many went."""

    def anchors(self, gate_id: int, boot_id: bytes) -> list[BootAnchor]:
        """The time anchors of one boot, in order."""

    def add_anchor(self, gate_id: int, boot_id: bytes, anchor: BootAnchor) -> int:
        """Keep a time anchor, and date events that waited for it; how many."""


class GateDiary(Protocol):
    """Contacts and alarms."""

    def contact(self, gate_id: int) -> Contact:
        """Last contact, last report and last refusal."""

    def note_contact(self, gate_id: int, at: int) -> None:
        """The gate spoke."""

    def note_report(self, gate_id: int, at: int, version: ListVersion | None, digest: bytes) -> None:
        """The gate told which list it has; ``None``: it has none."""

    def note_highest(self, gate_id: int, at: int, version: ListVersion | None, digest: bytes) -> None:
        """The newest list that the gate ever had, where that one is lost; ``None``: it is not."""

    def note_refusal(self, gate_id: int, attack: str, refused: ListVersion, change: int, at: int) -> None:
        """The gate refused the update of this version, signed for this change."""

    def resume(self, gate_id: int, at: int) -> None:
        """A clerk has looked: what this gate knows the office knows again, and a refusal is settled."""

    def alarm(self, gate_id: int | None, name: str, text: str, at: int) -> None:
        """Count a named refusal or fault, so that the office can see it."""

    def alarms(self) -> list[Alarm]:
        """Every alarm with its count, newest first."""


class InvitationBook(Protocol):
    """Site bundles that were made, and the keys that were presented with them."""

    def put(self, invitation: Invitation) -> None:
        """Note an invitation, or how far it has come."""

    def by_token(self, token: bytes) -> Invitation | None:
        """The invitation with this token's public half."""

    def of_gate(self, gate_id: int) -> list[Invitation]:
        """A gate's invitations, oldest first."""

    def accepted_since(self, at: int) -> list[Invitation]:
        """Those whose key was accepted at this time or later."""

    def alive(self) -> list[Invitation]:
        """Those that wait for a key, or for a person's decision on one."""


class AsBuiltFiles(Protocol):
    """What technicians built in and tested, as the gates signed it; nothing is thrown away."""

    def add(self, gate_id: int, made_at: int, data: bytes, received_at: int) -> bool:
        """Keep a verified file; False if it was here already."""

    def before(self, gate_id: int, made_at: int, data: bytes) -> bytes | None:
        """The gate's last file made before this one; ``None`` if this is the first."""

    def newest(self, gate_id: int) -> bytes | None:
        """The file that was made last; ``None`` if there is none."""


class HubStorage(Protocol):
    """One store with its parts; everything inside ``transaction`` is all or nothing."""

    @property
    def gates(self) -> GateRegister: ...
    @property
    def wanted(self) -> WantedLists: ...
    @property
    def signed(self) -> SignedLists: ...
    @property
    def receipts(self) -> ReceiptBook: ...
    @property
    def events(self) -> EventShelf: ...
    @property
    def diary(self) -> GateDiary: ...
    @property
    def standings(self) -> GateStandings: ...
    @property
    def moves(self) -> MoveBook: ...
    @property
    def lowerings(self) -> LoweringBook: ...
    @property
    def invitations(self) -> InvitationBook: ...
    @property
    def as_built(self) -> AsBuiltFiles: ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable at the end; may be nested, the outermost decides."""
