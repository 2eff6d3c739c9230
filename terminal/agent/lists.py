"""The permission list as the link sees it: what is in force, what an update does, what is receipted.

Applying a large list takes seconds; every method but ``state`` and ``authority`` is for the
one worker thread on which this object was opened.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from sync.chain import Anchor
from sync.encoding import decode_record
from sync.envelope import statement_mark
from sync.keys import SigningKey
from sync.memory import TrustMemory
from sync.messages import ListState
from sync.records import Tombstone
from sync.statements.authority import Authority
from sync.statements.receipt import Receipt, Spent, sign_receipt
from terminal.clock import Judged
from terminal.floor_updates import take_lowering
from terminal.list_updates import Taken, take_update
from terminal.stores.access_state import AccessState
from terminal.stores.list_store import ListStore
from terminal.stores.time_anchor import Lowered


class AgentLists:
    """The one writer of the gate's list while the sync process runs."""

    def __init__(
        self,
        store: ListStore,
        anchor: Anchor,
        key: SigningKey,
        *,
        judged: Callable[[], Judged],
        access_state: Callable[[], AccessState],
    ) -> None:
        """``access_state`` reads what the gate process spent; it raises ``StoreError``."""
        self._store = store
        self._anchor = anchor
        self._key = key
        self._judged = judged
        self._access_state = access_state
        self.state: ListState | None = None
        self.highest: ListState | None = None
        """The newest list that was ever in force here, if that one is lost."""
        self.issued_at = 0
        self.authority = Authority(anchor)
        self.known: tuple[bytes, ...] = ()
        """Marks of the delegations that updates need not carry any more."""
        self.withdrawals_version = 0
        self._look()

    def take(self, envelope: bytes) -> Taken:
        """Put an update into force, or find that it is already.

        Raises:
            ListRefusedError: by the attack's name; the list in force stays.
            StoreError: disk full, unknown time zone …; the list in force stays.
        """
        try:
            return take_update(self._store, self._anchor, envelope, floor=self._judged().now.floor)
        finally:
            self._look()

    def receipt(self, taken: Taken) -> bytes:
        """The signed receipt of an update, once the gate process decides by it.

        A use that was being spent meanwhile is counted: it was refused, or is in the log.
        Raises ``StoreError``: the log cannot be read.
        """
        now = self._judged().now
        receipt = Receipt(
            self._anchor.estate_id,
            self._anchor.gate_id,
            taken.version,
            taken.digest,
            now.wall,
            now.clock,
            self._spent(taken.ended),
        )
        return sign_receipt(receipt, self._key)

    def keep(self, authority: Authority) -> None:
        """Remember withdrawals that the office showed outside an update; raises ``StoreError``."""
        current = self._store.current()
        if current is None:
            return  # they come again with the first list
        memory = TrustMemory.decode(current.memory)
        if authority.withdrawn.version > memory.withdrawals_version:
            newer = replace(
                memory,
                withdrawals_version=authority.withdrawn.version,
                withdrawn=authority.withdrawn.key_ids,
            )
            self._store.keep_memory(newer.encode())
            self._look()

    def lower_floor(self, signed: bytes) -> Lowered:
        """Take the root's word that the time floor is too high; raises ``StatementError``, ``StoreError``."""
        return take_lowering(self._store, self._anchor, signed)

    def close(self) -> None:
        """Let the next writer in."""
        self._store.close()

    def _look(self) -> None:
        current, highest = self._store.current(), self._store.highest()
        self.state = self.highest = None
        if highest is not None and (current is None or highest.version > current.version):
            self.highest = ListState(highest.version, highest.digest)
        if current is not None:
            self.state = ListState(current.version, current.digest)
            self.issued_at = current.issued_at
            memory = TrustMemory.decode(current.memory)
            self.authority = Authority.of(self._anchor, memory)
            self.known = tuple(statement_mark(one) for one in memory.delegations)
            self.withdrawals_version = memory.withdrawals_version

    def _spent(self, ended: frozenset[int] | None) -> tuple[Spent, ...]:
        """Uses spent here of grants that ended; of all that ever did, when a receipt was missed."""
        state = self._access_state()
        touched = state.used.keys() | state.void
        if ended is None:
            ended = self._tombstones() if touched else frozenset()
        return tuple(
            Spent(one, None if one in state.void else state.used[one]) for one in sorted(touched & ended)
        )

    def _tombstones(self) -> frozenset[int]:
        content = self._store.content()
        if content is None:
            return frozenset()
        return frozenset(
            one.grant_id for one in content.records() if isinstance(decode_record(one), Tombstone)
        )
