"""The gate's side of one session: what each thing the office says makes the gate do.

Runs on the sync process's loop and never blocks it: disk and signatures of updates are
the worker's. What is refused is told to the office by the attack's name, and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from msgspec import Struct

from sync.envelope import claimed_version
from sync.hub_authority import authorise_hub
from sync.link_errors import WrongHubError
from sync.messages import (
    Bye,
    FloorSent,
    Hello,
    LogEpochSent,
    LogFrom,
    LogStored,
    Message,
    OrderSent,
    ReceiptSent,
    Refused,
    Status,
    WantSnapshot,
)
from sync.refusal import DigestMismatchError, GapError, ListRefusedError
from sync.session import Session
from sync.session_events import (
    EnvelopeReceived,
    Greeted,
    PulseDue,
    Received,
    SessionEvent,
    TimeAnswered,
)
from sync.statements.pulse import verify_pulse_answer
from sync.statements.refusal import StatementError
from sync.update import ListVersion
from terminal.agent.floor_intake import FloorIntake
from terminal.agent.lists import AgentLists
from terminal.agent.log_source import LogSource
from terminal.agent.orders import OrderDesk, Request
from terminal.agent.time_source import TimeSource
from terminal.list_updates import Taken
from terminal.stores.errors import StoreError

FROZEN_AFTER: Final = 3
"""Pulses in a row that name a newer list of which nothing has come: somebody holds it back."""


class Worker(Protocol):
    """Does one piece of work after the other, off the loop."""

    def __call__(self, work: Callable[[], object], then: Callable[[object | Exception], None]) -> None:
        """Have ``work`` done; ``then`` gets what it gave or raised, on the loop."""


class GateProcess(Protocol):
    """The gate process, asked over its local socket."""

    def ask(self, what: Request, then: Callable[[dict[str, Any]], None]) -> None:
        """Ask one thing; ``then`` gets the answer, whose ``ok`` tells whether it was done."""


class Parts(Struct, frozen=True):
    """What outlives a session at a gate."""

    boot_id: bytes
    lists: AgentLists
    log: LogSource
    time: TimeSource
    gate: GateProcess
    worker: Worker
    doors: dict[int, str]
    status: Callable[[], dict[str, str]]
    count: Callable[[str], None]
    """Count a refusal by its attack."""
    welcomed: Callable[[], None] = lambda: None
    """A hub of our estate has let this gate in by its own key."""


class Conversation:
    """One session with the office, seen from the gate."""

    def __init__(
        self,
        parts: Parts,
        session: Session,
        hub_public: bytes,
        *,
        monotonic: Callable[[], float],
        kick: Callable[[], None],
    ) -> None:
        """``kick``: something waits to be sent. ``hub_public``: the key that the link authenticated."""
        self._parts = parts
        self._session = session
        self._hub_public = hub_public
        self._monotonic = monotonic
        self._kick = kick
        self._authority = parts.lists.authority
        self._log_after: tuple[bytes, int] | None = None
        self._orders = OrderDesk(
            session.hello.nonce,
            parts.doors,
            ask=parts.gate.ask,
            monotonic=monotonic,
            say=self._say,
            count=parts.count,
        )
        self._floors = FloorIntake(
            parts.time,
            parts.lists.lower_floor,
            worker=parts.worker,
            ask_time=self._ask_time,
            say=self._say,
            refused=self._refused,
        )
        self._behind = 0
        self.on_echo: Callable[[float], None] = lambda _seconds: None
        self._told: dict[str, str] = {}

    def on_event(self, event: SessionEvent) -> None:
        """Do what the event asks for."""
        match event:
            case Greeted(hello):
                self._greeted(hello)
            case EnvelopeReceived(envelope):
                self._parts.worker(
                    lambda: self._parts.lists.take(envelope), lambda outcome: self._taken(envelope, outcome)
                )
            case PulseDue():
                self.pulse()
            case TimeAnswered():
                self._time_answered(event)
                self.on_echo(event.round_trip_s)
            case Received(message):
                self._received(message)
            case _:
                pass  # the end is the pump's business

    def fill(self) -> None:
        """Add log batches while the line has room for them."""
        while self._log_after is not None and self._session.log_room:
            epoch, after = self._log_after
            try:
                batch = self._parts.log.batch(epoch, after, self._session.piece_bytes)
            except StoreError:
                # Another log, or a disk that fails: announced, or tried again at the next pulse.
                self._log_after = None
                self._announce()
                return
            if batch is None:
                return
            self._session.send(batch)
            self._log_after = epoch, batch.first + len(batch.entries) - 1

    def _greeted(self, hello: Hello) -> None:
        """Obey only a hub whose key a root of our anchor made one."""
        try:
            self._authority = self._authority.learn(hello.delegations, hello.withdrawals)
            authority = self._authority
            authorise_hub(
                authority.anchor,
                authority.withdrawn,
                authority.delegations,
                self._hub_public,
                self._floor(),
            )
        except (StatementError, WrongHubError) as error:
            self._parts.count(error.attack)
            self._session.send(Bye("refused_identity", str(error)[:200]))
            return
        self._parts.welcomed()
        self._parts.worker(lambda: self._parts.lists.keep(authority), self._kept)
        self._announce()

    def _kept(self, outcome: object | Exception) -> None:
        if isinstance(outcome, Exception):
            self._parts.count("disk")

    def _announce(self) -> None:
        """Which log this gate has, under its own signature."""
        try:
            announcement = self._parts.log.announcement()
        except StoreError:
            announcement = None
        if announcement is not None:
            self._say(LogEpochSent(announcement))

    def _received(self, message: Message) -> None:
        match message:
            case LogFrom(epoch, number):
                self._send_log_from(epoch, number)
            case LogStored(epoch, number):
                self._parts.gate.ask(
                    {"command": "log_acknowledged", "epoch": epoch.hex(), "number": number},
                    lambda _answer: None,  # cumulative: the next one tells the same
                )
            case OrderSent(signed):
                self._orders.take(signed, self._authority, floor=self._floor())
            case FloorSent(signed):
                self._floors.take(signed)
            case _:
                pass  # of a later version: nothing that this one could do

    def _send_log_from(self, epoch: bytes | None, number: int) -> None:
        state = self._parts.log.state()
        if state is None:
            self._log_after = None
            return
        if epoch != state.epoch:
            self._announce()
            number = 0
        self._log_after = state.epoch, number
        self._kick()

    def _taken(self, envelope: bytes, outcome: object | Exception) -> None:
        match outcome:
            case Taken():
                self._parts.time.learn(outcome.version, outcome.issued_at)
                self._behind = 0
                # Receipted once the gate process decides by it, and its spends under way are in the log.
                self._parts.gate.ask(
                    {"command": "list_changed"},
                    lambda _answer: self._parts.worker(
                        lambda: self._parts.lists.receipt(outcome), self._receipted
                    ),
                )
            case ListRefusedError():
                self._refused(outcome.attack, str(outcome), claimed_version(envelope))
                if isinstance(outcome, GapError | DigestMismatchError):
                    self._say(WantSnapshot(outcome.attack))
            case Exception():
                self._refused("disk", str(outcome), claimed_version(envelope))

    def _receipted(self, outcome: object | Exception) -> None:
        if isinstance(outcome, bytes):
            self._say(ReceiptSent(outcome))
        else:
            self._refused("disk", str(outcome))

    def _refused(self, attack: str, text: str, version: ListVersion | None = None) -> None:
        self._parts.count(attack)
        self._say(Refused(attack, text[:240], version))

    def pulse(self) -> None:
        """Ask the office what time it is, and tell it how the gate is."""
        self._ask_time()
        facts = self._parts.status()
        if facts != self._told:
            self._told = facts
            self._say(Status(facts))

    def _ask_time(self) -> None:
        if self._session.is_open and not self._floors.is_busy:
            reading = self._parts.time.reading()
            self._session.ask_time(self._parts.boot_id, reading.boottime_ms, self._monotonic())
            self._kick()

    def _time_answered(self, event: TimeAnswered) -> None:
        try:
            answer = verify_pulse_answer(
                event.signed, self._authority, nonce=event.nonce, floor=self._floor()
            )
            believed = self._parts.time.answered(
                answer.utc_ms, asked_boottime_ms=event.asked_boottime_ms, round_trip_s=event.round_trip_s
            )
        except (StatementError, StoreError) as error:
            self._parts.count(getattr(error, "attack", "disk"))
            return
        if not believed:
            self._parts.count("time_jump")
        mine, newest = self._parts.lists.state, answer.newest
        if newest is None or (mine is not None and newest.version <= mine.version):
            self._behind = 0
            if newest is not None and mine is not None and newest.digest == mine.digest:
                self._parts.time.confirmed(mine.version)
            return
        self._behind += 1
        if self._behind == FROZEN_AFTER:
            self._parts.count("frozen_link")
            self._say(WantSnapshot("frozen_link"))

    def _floor(self) -> int:
        return self._parts.time.judged().now.floor

    def _say(self, message: Message) -> None:
        """Send, unless the session ended while the worker was at it: then it is said in the next one."""
        if self._session.is_open:
            self._session.send(message)
            self._kick()
