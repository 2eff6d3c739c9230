"""The office's side of one session: what a gate says goes into the store, what it lacks goes out.

Runs on the hub's loop. Whatever a gate says that cannot be believed is counted in the
store under its name; the other gates are served on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from office.errors import OfficeError
from office.hub.facts import Gate, Lowering
from office.hub.file_intake import judged_batch
from office.hub.floor_post import lowering_told
from office.hub.log_intake import EventGapError, LogRefusedError
from office.hub.port import HubStorage
from office.hub.publisher import Outgoing
from office.hub.reception import (
    take_events,
    take_highest,
    take_log_epoch,
    take_log_state,
    take_pulse,
    take_receipt,
    take_refusal,
    take_report,
)
from sync.envelope import parse_envelope, slim, statement_mark
from sync.messages import (
    Bye,
    FloorSent,
    FloorTaken,
    Hello,
    ListState,
    LogBatch,
    LogEpochSent,
    LogFrom,
    LogStored,
    Message,
    OrderAnswer,
    Pulse,
    PulseAnswer,
    ReceiptSent,
    Refused,
    Status,
    WantSnapshot,
)
from sync.session import Session
from sync.session_events import Greeted, Received, SessionEvent
from sync.statements.log_epoch import verify_log_epoch
from sync.statements.refusal import StatementError
from sync.statements.wire import Sender
from sync.update import ListVersion

REMEMBERED_ANSWERS: Final = 8
"""Answers whose arrival the gate may still tell."""


class Asked(Struct, frozen=True):
    """A question that was answered."""

    boottime_ms: int
    utc_ms: int


class Desk(Struct, frozen=True):
    """What all conversations of a hub share."""

    store: HubStorage
    utc_ms: Callable[[], int]
    answer_pulse: Callable[[Gate, bytes], bytes]
    """The signed answer to a nonce, as of now; raises ``OfficeError`` without the online key."""
    advance: Callable[[int], Outgoing]
    """Sign what can be signed for a gate; what is to be sent."""
    spoke: Callable[[int], None]
    """A gate is alive."""


class Conversation:
    """One session with a gate, seen from the hub."""

    def __init__(self, desk: Desk, gate: Gate, session: Session, *, kick: Callable[[], None]) -> None:
        self._desk = desk
        self._gate = gate
        self._session = session
        self._kick = kick
        self._sender = Sender(session.hello.estate_id, gate.gate_id, gate.public_key)
        self._sent: set[bytes] = set()
        self._transfer: bytes | None = None
        self._known: set[bytes] = set()
        self._brings: dict[ListVersion, set[bytes]] = {}
        """Marks of the delegations that each update sent brings along."""
        self._withdrawals_version = 0
        self._asked: OrderedDict[bytes, Asked] = OrderedDict()
        self._orders: dict[int, Callable[[OrderAnswer], None]] = {}
        self._asked_again = False
        self._lowering_sent = 0
        self.status: Mapping[str, str] = {}
        self.boot_id: bytes | None = None

    @property
    def session_nonce(self) -> bytes | None:
        """The gate's nonce, to which orders are bound; ``None`` before the greeting."""
        return None if self._session.peer is None else self._session.peer.nonce

    def on_event(self, event: SessionEvent) -> None:
        """Do what the event asks for."""
        try:
            match event:
                case Greeted(hello):
                    self._greeted(hello)
                case Received(message):
                    self._desk.spoke(self._gate.gate_id)
                    self._received(message)
                case _:
                    pass
        except StatementError as error:
            self._desk.store.diary.alarm(self._gate.gate_id, error.attack, str(error), self._now_s())
            self.end(error.attack, str(error))
        except LogRefusedError as error:
            self.end(error.attack, str(error))  # the reception has counted it
        except OfficeError as error:
            self.end("refused", str(error))

    def push(self, outgoing: Outgoing) -> None:
        """Send what this session has not sent yet; a whole list that was overtaken is dropped."""
        if not self._session.is_open:
            return
        if self._transfer is not None and self._transfer not in outgoing.envelopes:
            self._session.drop_transfer()
            self._transfer = None
        for envelope in outgoing.envelopes:
            if envelope in self._sent:
                continue
            self._sent.add(envelope)
            parsed = parse_envelope(envelope)
            self._brings[parsed.statement.version] = {statement_mark(one) for one in parsed.delegations}
            slimmed = slim(envelope, self._known, self._withdrawals_version)
            if len(slimmed) > self._session.piece_bytes:
                self._transfer = envelope
            self._session.send_envelope(slimmed)
        self._kick()

    def order(self, counter: int, message: Message, then: Callable[[OrderAnswer], None]) -> None:
        """Send a signed order; ``then`` gets the gate's answer if one comes."""
        self._orders[counter] = then
        self._session.send(message)
        self._kick()

    def lower_floor(self, lowering: Lowering) -> None:
        """Send the root's word about the gate's time floor, once a session."""
        if self._lowering_sent != lowering.serial and self._session.is_open:
            self._lowering_sent = lowering.serial
            self._say(FloorSent(lowering.signed))

    def end(self, code: str, text: str) -> None:
        """Say goodbye."""
        if self._session.is_open:
            self._session.send(Bye(code, text[:200]))
            self._kick()

    def _push_next(self) -> None:
        """Send what can be signed now; a gate for which nothing can is served in all else."""
        gate_id = self._gate.gate_id
        try:
            outgoing = self._desk.advance(gate_id)
        except OfficeError as error:
            self._desk.store.diary.alarm(gate_id, "cannot_sign", str(error), self._now_s())
        else:
            self.push(outgoing)

    def _greeted(self, hello: Hello) -> None:
        gate_id, at = self._gate.gate_id, self._now_s()
        self.boot_id = hello.boot_id
        self._known, self._withdrawals_version = set(hello.known), hello.withdrawals_version
        store = self._desk.store
        take_report(store, gate_id, _named(hello.list_state), at)
        take_highest(store, gate_id, _named(hello.highest), at)
        if hello.formats:
            self._desk.store.gates.announce_format(gate_id, max(hello.formats))
        if hello.log_state is not None:
            take_log_state(store, gate_id, hello.log_state.epoch, at)
            self._ask_log(hello.log_state.epoch)
        self._push_next()
        self._floor_told(hello.lowering)

    def _floor_told(self, serial: int) -> None:
        """The gate names the last lowering it has taken; a newer one goes out."""
        if (newer := lowering_told(self._desk.store, self._gate.gate_id, serial)) is not None:
            self.lower_floor(newer)

    def _received(self, message: Message) -> None:
        if isinstance(message, LogBatch | LogEpochSent):
            self._log(message)
        else:
            self._take(message)

    def _take(self, message: Message) -> None:
        store, gate_id = self._desk.store, self._gate.gate_id
        match message:
            case Pulse():
                self._pulse(message)
            case ReceiptSent(signed):
                receipt = take_receipt(store, gate_id, signed, self._now_s())
                self._known |= self._brings.pop(receipt.version, set())
                self._push_next()
            case Refused():
                self._refusal(message)
            case WantSnapshot(why):
                self._want_snapshot(why)
            case Status(facts):
                self.status = facts
            case FloorTaken(serial):
                self._floor_told(serial)
            case OrderAnswer(counter):
                if (then := self._orders.pop(counter, None)) is not None:
                    then(message)
            case _:
                pass  # of a later version

    def _log(self, message: LogBatch | LogEpochSent) -> None:
        match message:
            case LogEpochSent(signed):
                self._log_epoch(signed)
            case LogBatch():
                self._batch(message)

    def _pulse(self, pulse: Pulse) -> None:
        signed = self._desk.answer_pulse(self._gate, pulse.nonce)
        self._say(PulseAnswer(signed))
        self._asked[pulse.nonce] = Asked(pulse.boottime_ms, self._desk.utc_ms())
        while len(self._asked) > REMEMBERED_ANSWERS:
            self._asked.popitem(last=False)
        told = pulse.answered
        asked = None if told is None else self._asked.pop(told.nonce, None)
        if told is not None and asked is not None:
            take_pulse(
                self._desk.store,
                self._gate.gate_id,
                pulse.boot_id,
                asked_boottime_ms=asked.boottime_ms,
                answered_boottime_ms=told.boottime_ms,
                answer_utc_ms=asked.utc_ms,
                at=self._now_s(),
            )

    def _refusal(self, refused: Refused) -> None:
        store, gate_id, at = self._desk.store, self._gate.gate_id, self._now_s()
        if refused.version is None:
            store.diary.alarm(gate_id, f"gate_refused_{refused.attack}", refused.text, at)
            return
        take_refusal(store, gate_id, refused.version, refused.attack, refused.text, at)
        self._push_next()

    def _want_snapshot(self, why: str) -> None:
        """It cannot build on what it has: as good as no list, so the next one is whole."""
        store, gate_id, at = self._desk.store, self._gate.gate_id, self._now_s()
        with store.transaction():
            store.diary.alarm(gate_id, f"wants_snapshot_{why[:40]}", "the gate asks for the whole list", at)
            store.diary.note_report(gate_id, at, None, b"")
        self._sent.clear()
        self._push_next()

    def _log_epoch(self, signed: bytes) -> None:
        announced = verify_log_epoch(signed, self._sender)
        take_log_epoch(self._desk.store, announced, self._now_s())
        self._ask_log(announced.log_epoch)
        self._push_next()

    def _ask_log(self, epoch: bytes) -> None:
        position = self._desk.store.events.position(self._gate.gate_id, epoch)
        self._say(LogFrom(epoch, position.number))

    def _batch(self, message: LogBatch) -> None:
        batch = judged_batch(message, self._sender)
        try:
            number = take_events(self._desk.store, self._gate.gate_id, batch, self._now_s())
        except EventGapError:
            if self._asked_again:
                raise
            self._asked_again = True
            self._ask_log(message.epoch)
            return
        self._say(LogStored(message.epoch, number))

    def _say(self, message: Message) -> None:
        if self._session.is_open:
            self._session.send(message)
            self._kick()

    def _now_s(self) -> int:
        return self._desk.utc_ms() // 1000


def _named(state: ListState | None) -> tuple[ListVersion, bytes] | None:
    return None if state is None else (state.version, state.digest)
