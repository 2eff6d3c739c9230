"""How a permission list update comes into force at a gate: trust judges it, the store keeps it.

The one way in, whatever brought the bytes: a file in a technician's hand or the link
to the office.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from sync.chain import Anchor
from sync.codec import CodecError
from sync.encoding import decode_record
from sync.records import Tombstone
from sync.refusal import ListRefusedError
from sync.trust import Current, TrustedList
from sync.update import ListContent, ListVersion, StoredRecord, Unchanged
from terminal.config import Config
from terminal.permissions import compiled
from terminal.stores.database import DamagedError
from terminal.stores.errors import StoreError
from terminal.stores.list_format import Side
from terminal.stores.list_store import ListStore
from terminal.stores.time_anchor import TimeAnchorError, load_time


class UnusableListError(StoreError):
    """A sound list that would refuse every card at this gate; the list in force stays."""


class Taken(Struct, frozen=True):
    """Which list is in force once an update was taken."""

    version: ListVersion
    digest: bytes
    issued_at: int
    """Signed issue time, UTC seconds."""
    unchanged: bool
    """It was in force already: the office missed the first receipt."""
    ended: frozenset[int] | None = None
    """Ids of the grants that this update ended; ``None`` if it was in force already."""


def anchor_of(config: Config) -> Anchor:
    """What provisioning fixed: to which estate and gate this is, and whom it obeys."""
    return Anchor(config.estate_id, config.gate.id, config.roots)


def take_update(store: ListStore, anchor: Anchor, data: bytes, *, floor: int) -> Taken:
    """Put the received bytes into force, or change nothing; ``floor`` is UTC seconds surely passed.

    A list on disk that turns out to be damaged is set aside, and the update is judged
    anew against the one before it (``store.faults`` tells).

    Raises:
        ListRefusedError: by the attack's name; the list in force stays.
        UnusableListError: this gate does not know the list's time zone; the list in force stays.
        StoreError: disk full, read-only …; the list in force stays.
    """
    for _ in Side:  # each may be damaged once
        try:
            return _take(store, anchor, data, floor)
        except DamagedError as error:
            store.recover(error)
    return _take(store, anchor, data, floor)


def _take(store: ListStore, anchor: Anchor, data: bytes, floor: int) -> Taken:
    current = store.current()
    for one in (current, store.highest()):
        if one is not None and not _disbelieved(store, one):
            floor = max(floor, one.issued_at)
    try:
        outcome = TrustedList(anchor, current, store.content(), store.highest()).update(data, floor=floor)
    except ListRefusedError as refused:
        if refused.memory is not None:
            store.keep_memory(refused.memory)
        raise
    except CodecError as error:
        raise DamagedError(f"what trust remembers beside the list in force is damaged: {error}") from error
    if isinstance(outcome, Unchanged):
        if outcome.memory is not None:
            store.keep_memory(outcome.memory)
        issued_at = floor if current is None else current.issued_at
        return Taken(outcome.version, outcome.digest, issued_at, unchanged=True)
    _, problem = (None, "") if outcome.settings is None else compiled(outcome.settings)
    if problem:
        raise UnusableListError(f"list {outcome.version} would refuse every card here: {problem}")
    ended = frozenset(_ended(store.content(), outcome.later))
    store.apply(outcome)
    return Taken(outcome.version, outcome.digest, outcome.issued_at, unchanged=False, ended=ended)


def _ended(before: ListContent | None, later: Iterable[StoredRecord]) -> Iterator[int]:
    for one in later:
        if isinstance(decode_record(one), Tombstone) and (
            before is None or one not in before.credential(one.key)
        ):
            yield one.grant_id


def _disbelieved(store: ListStore, current: Current) -> bool:
    """Whether the root said, since this list came, that such a time has not passed yet."""
    try:
        lowered = load_time(store.directory).lowered
    except TimeAnchorError:
        return False
    return lowered is not None and lowered.disbelieves(current.version, current.issued_at)
