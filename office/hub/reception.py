"""What gates say, taken in: which list they have, receipts, refusals, usage events, pulses.

The session has proved who speaks. Whatever is refused here is counted under its name, and
goes no further.
"""

from __future__ import annotations

from typing import Final

from office.errors import OfficeError
from office.hub.event_times import CorrectedTime, anchor_from_pulse, drift, event_time
from office.hub.facts import BootAnchor
from office.hub.log_intake import Batch, LogRefusedError, judge_batch
from office.hub.one_use import doubt, end_of, settle
from office.hub.port import HubStorage
from sync.envelope import UpdateKind
from sync.events import Event
from sync.refusal import GapError, RollbackError
from sync.statements.log_epoch import LogEpoch, Predecessor
from sync.statements.receipt import Receipt, verify_receipt
from sync.statements.refusal import StatementError
from sync.statements.wire import Sender
from sync.update import ListVersion

DRIFT: Final = "clock_drift"
SET_ASIDE: Final = "event_set_aside"
EVENTS_LOST: Final = "events_lost"
LOG_REPLACED: Final = "log_replaced"
UNKNOWN_LIST: Final = "unknown_list"
OVERTAKEN: Final = frozenset((GapError.attack, RollbackError.attack))
"""An update met another one on its way: what the gate reports next decides what follows."""


def take_report(store: HubStorage, gate_id: int, list_: tuple[ListVersion, bytes] | None, at: int) -> None:
    """The gate told at the begin of a session which list it has; ``None``: it has none."""
    version, digest = (None, b"") if list_ is None else list_
    with store.transaction():
        before = store.diary.contact(gate_id)
        store.diary.note_report(gate_id, at, version, digest)
        if version is None:
            return
        if _is_ours(store, gate_id, version, digest, "has", at):
            store.signed.confirmed(gate_id, version)
        elif _is_foreign(store, gate_id, version) and (before.version, before.digest) != (version, digest):
            doubt(store, gate_id, at)


def take_highest(store: HubStorage, gate_id: int, highest: tuple[ListVersion, bytes] | None, at: int) -> None:
    """The gate told at the begin of a session which list was its newest, and is lost; ``None``: none is."""
    version, digest = (None, b"") if highest is None else highest
    before = store.diary.contact(gate_id)
    if (before.highest, before.highest_digest) == (version, digest):
        return  # as at nearly every greeting: nothing to write
    with store.transaction():
        store.diary.note_highest(gate_id, at, version, digest)
        if version is None or _is_ours(store, gate_id, version, digest, "has lost", at):
            return
        if _is_foreign(store, gate_id, version):
            doubt(store, gate_id, at)


def _is_foreign(store: HubStorage, gate_id: int, version: ListVersion) -> bool:
    """Whether a list of this version that is not ours was never signed here: else it is only forgotten."""
    return store.signed.known(gate_id, version) is not None or version > store.signed.newest(gate_id)


def _is_ours(store: HubStorage, gate_id: int, version: ListVersion, digest: bytes, has: str, at: int) -> bool:
    """Whether it is known that we signed this list; an alarm where we did not."""
    known = store.signed.known(gate_id, version)
    if known is not None and known.digest == digest:
        return True
    if _is_foreign(store, gate_id, version):
        store.diary.alarm(
            gate_id,
            UNKNOWN_LIST,
            f"the gate {has} list {version} of digest {digest[:8].hex()}…, which this office never signed:"
            " a restored backup, or another office's key; see what was changed since, then: hub resume",
            at,
        )
    return False


def take_receipt(store: HubStorage, gate_id: int, data: bytes, at: int) -> Receipt:
    """A gate's receipt; raises ``OfficeError`` if it is not that gate's."""
    sender = Sender(store.gates.estate_id(), gate_id, store.gates.get(gate_id).public_key)
    try:
        receipt = verify_receipt(data, sender)
    except StatementError as error:
        store.diary.alarm(gate_id, error.attack, str(error), at)
        raise OfficeError(f"gate {gate_id}: receipt refused ({error.attack}): {error}") from None
    with store.transaction():
        store.receipts.add(receipt, data, at)
        contact = store.diary.contact(gate_id)
        # An older receipt may be under way while the gate goes on: it never takes the gate back.
        if contact.version is None or receipt.version >= contact.version:
            take_report(store, gate_id, (receipt.version, receipt.digest), at)
        _adopt(store, receipt)
        for move in store.moves.open():
            if move.from_gate == gate_id:
                settle(store, move, receipt, at)
    return receipt


def _adopt(store: HubStorage, receipt: Receipt) -> None:
    """Build on a snapshot from its receipt on: what came with it counts for moves that wait for this word."""
    gate_id = receipt.gate_id
    known, held = store.signed.known(gate_id, receipt.version), store.signed.held(gate_id)
    if known is None or known.kind is not UpdateKind.SNAPSHOT or known.digest != receipt.digest:
        return
    if known.kept and (held is None or held.version < known.version):
        store.signed.adopt(known)


def take_refusal(
    store: HubStorage, gate_id: int, refused: ListVersion, attack: str, text: str, at: int
) -> None:
    """The gate refused the update of this version; ``attack`` and ``text`` are its words."""
    with store.transaction():
        store.diary.alarm(gate_id, f"gate_refused_{attack}", text, at)
        # A gate without a list that calls one too old remembers a newer one, which we do not know.
        if attack not in OVERTAKEN or store.diary.contact(gate_id).version is None:
            change = store.wanted.difference(gate_id).change
            store.diary.note_refusal(gate_id, attack, refused, change, at)


def take_events(store: HubStorage, gate_id: int, batch: Batch, at: int) -> int:
    """Store a batch of a gate's usage log; the number up to which it may be acknowledged.

    Raises:
        LogRefusedError: nothing was stored; the alarm is noted.
    """
    epoch = batch.log_epoch
    position = store.events.position(gate_id, epoch)
    again = max(0, position.number + 1 - batch.first)
    stored = store.events.hashes(gate_id, epoch, batch.first, min(again, len(batch.entries)))
    anchors = _Anchors(store, gate_id)
    try:
        judged = judge_batch(batch, gate_id, position, stored, anchors.time_of)
    except LogRefusedError as refused:
        store.diary.alarm(gate_id, refused.attack, str(refused), at)
        raise
    if not judged.events:
        return position.number
    with store.transaction():
        store.events.store(gate_id, epoch, judged, received_at=at)
        if judged.lost:
            text = f"{judged.lost} events before {judged.events[0].number} were dropped for want of room"
            store.diary.alarm(gate_id, EVENTS_LOST, text, at)
        for one in judged.events:
            if one.set_aside is not None:
                text = f"event {one.number} of log {epoch.hex()} cannot be read: {one.set_aside}"
                store.diary.alarm(gate_id, SET_ASIDE, text, at)
    return judged.position.number


def take_log_epoch(store: HubStorage, epoch: LogEpoch, at: int) -> int:
    """A gate announces its log; the number of events that were lost with the one before."""
    gate_id, log_epoch = epoch.gate_id, epoch.log_epoch
    if log_epoch in store.events.logs(gate_id):
        return 0
    with store.transaction():
        known = [one for one in store.events.logs(gate_id) if one != log_epoch]
        store.events.begin(gate_id, log_epoch)
        before = epoch.predecessor or (Predecessor(known[-1], 0) if known else None)
        return 0 if before is None else _log_replaced(store, gate_id, log_epoch, before, at)


def take_log_state(store: HubStorage, gate_id: int, log_epoch: bytes, at: int) -> None:
    """A gate's greeting names its log: before a list goes out that would bring back slips of a lost one."""
    if (known := store.events.logs(gate_id)) and log_epoch not in known:
        with store.transaction():
            store.events.begin(gate_id, log_epoch)
            _log_replaced(store, gate_id, log_epoch, Predecessor(known[-1], 0), at)


def _log_replaced(store: HubStorage, gate_id: int, log_epoch: bytes, before: Predecessor, at: int) -> int:
    missing = max(0, before.last_number - store.events.position(gate_id, before.log_epoch).number)
    text = (
        f"the gate began log {log_epoch.hex()} after log {before.log_epoch.hex()}: {missing} events"
        " never came; its counted grants refuse until a clerk has confirmed what is left of them"
    )
    store.diary.alarm(gate_id, LOG_REPLACED, text, at)
    for row in store.wanted.counted(gate_id):
        end_of(store, row, at)
    return missing


def take_pulse(  # the two readings, the answer between them, and whose they are
    store: HubStorage,
    gate_id: int,
    boot_id: bytes,
    *,
    asked_boottime_ms: int,
    answered_boottime_ms: int,
    answer_utc_ms: int,
    at: int,
) -> int:
    """The gate told when, on its boot clock, it asked and got the office's answer; events dated by it."""
    anchor = anchor_from_pulse(asked_boottime_ms, answered_boottime_ms, answer_utc_ms)
    if anchor is None:
        store.diary.alarm(gate_id, DRIFT, "the gate's boot clock ran backwards within one exchange", at)
        return 0
    with store.transaction():
        dated = store.events.add_anchor(gate_id, boot_id, anchor)
        found = drift(store.events.anchors(gate_id, boot_id))
        if found is not None and found.suspicious:
            off = f"{found.ppm:+.0f} ppm (± {found.uncertainty_ppm:.0f})"
            text = f"its boot clock runs {off} beside the office's: one of the two was changed"
            store.diary.alarm(gate_id, DRIFT, text, at)
    return dated


class _Anchors:
    """Anchors of the boots that a batch names, each read once."""

    def __init__(self, store: HubStorage, gate_id: int) -> None:
        self._store = store
        self._gate_id = gate_id
        self._found: dict[bytes, list[BootAnchor]] = {}

    def time_of(self, event: Event) -> CorrectedTime | None:
        if event.boot_id not in self._found:
            self._found[event.boot_id] = self._store.events.anchors(self._gate_id, event.boot_id)
        return event_time(event, self._found[event.boot_id])
