"""One office and several gates, joined by sessions over wires of our own, in a time of our own.

No thread, no socket, no clock: `settle` carries bytes until nobody has anything to say,
`pass_time` lets what is due happen in its order. Everything durable is real and on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from office.hub.conversation import Conversation as OfficeConversation
from office.hub.planner import Why
from office.hub.schema import Checkpoint, pass_by
from sync.session import Session
from sync.session_events import Ended, Pace
from terminal.agent.conversation import Conversation as GateConversation
from tests.support.world_gate import GateSide
from tests.support.world_kills import OFFICE, Fuse
from tests.support.world_office import OfficeSide
from tests.support.world_wire import PERFECT, Faults, Way, Wire

PACE = Pace(1_024, 8_192, 20.0, 65.0)
"""Small pieces, so that lists of some hundred cards travel in several."""
HELPING_BYTES = 2_048
MOST_TURNS = 200_000
TRIES = 14


class Contact:
    """One connection: both sessions, both conversations, the wire between them."""

    def __init__(self, gate: GateSide, office: OfficeSide, faults: Faults, now: float) -> None:
        self.gate_id = gate.gate_id
        self.wire = Wire(faults)
        self.gate_session = gate.session(PACE)
        self.gate: GateConversation = gate.conversation(self.gate_session)
        registered = office.store.gates.get(gate.gate_id)
        accepted = office.accept(registered, PACE, now)
        self.office_session: Session = accepted[0]
        self.office: OfficeConversation = accepted[1]
        self.ended: dict[Way, Ended] = {}
        """How it ended, by the end that ``Way`` leads to."""

    @property
    def is_over(self) -> bool:
        """Whether neither end has a part in it any more."""
        return len(self.ended) == len(Way)


class World:
    """Everything; ``gates`` by number from 1."""

    def __init__(
        self,
        directory: Path,
        gates: int = 2,
        *,
        office_checkpoint: Checkpoint = pass_by,
        gate_checkpoint: Checkpoint = pass_by,
        fuses: Mapping[int, Fuse] | None = None,
    ) -> None:
        """``fuses``: checkpoints of the sides that may be killed in the middle of a write."""
        self.now = 5_000.0
        lit = {} if fuses is None else fuses
        office_checkpoint = lit.get(OFFICE, office_checkpoint)
        self.office = OfficeSide(directory, gates, checkpoint=office_checkpoint)
        self.gates = {
            number: GateSide(directory / f"gate{number}", number, checkpoint=lit.get(number, gate_checkpoint))
            for number in range(1, gates + 1)
        }
        self.contacts: list[Contact] = []
        """Newest last; ended ones are dropped."""
        self.by_gate: dict[int, Contact] = {}
        """The one that each gate's sync process has."""

    def close(self) -> None:
        for gate in self.gates.values():
            gate.close()
        self.office.close()

    # Connections

    def connect(self, gate_id: int, faults: Faults = PERFECT) -> Contact:
        """The gate dials; an older connection is none of its business any more."""
        self.hang_up(gate_id)
        contact = Contact(self.gates[gate_id], self.office, faults, self.now)
        self.contacts.append(contact)
        self.by_gate[gate_id] = contact
        return contact

    def connect_all(self) -> None:
        """Every gate without a connection dials."""
        for gate_id in self.gates:
            if gate_id not in self.by_gate:
                self.connect(gate_id)

    def hang_up(self, gate_id: int) -> None:
        """The gate's end goes away; the office may or may not learn of it."""
        contact = self.by_gate.pop(gate_id, None)
        if contact is not None:
            contact.ended.setdefault(Way.DOWN, Ended("gone", "", by_peer=False))
            contact.wire.close(Way.UP, self.now)

    def cut(self, gate_id: int) -> None:
        """The line is cut, and both ends learn of it."""
        if (contact := self.by_gate.get(gate_id)) is not None:
            contact.wire.cut(self.now)

    def restart_gate(self, gate_id: int, *, reboot: bool = False) -> None:
        self.hang_up(gate_id)
        self.gates[gate_id].restart(reboot=reboot)

    def begin_anew(self, side: int) -> None:
        """A side that was killed."""
        self.restart_office() if side == OFFICE else self.restart_gate(side)

    def lose(self, gate_id: int, *, log: bool = False, lists: bool = False) -> None:
        """A gate's files are gone; it ends, and begins anew without them."""
        self.hang_up(gate_id)
        if lists:
            self.gates[gate_id].lose_lists()
        if log:
            self.gates[gate_id].lose_log()

    def restart_sync(self, gate_id: int) -> None:
        """The sync process alone."""
        self.hang_up(gate_id)
        self.gates[gate_id].end_sync()
        self.gates[gate_id].begin_sync()

    def restart_office(self, *, from_backup: bool = False) -> None:
        for contact in self.contacts:
            contact.ended.setdefault(Way.UP, Ended("gone", "", by_peer=False))
            contact.wire.close(Way.DOWN, self.now)
        self.office.restore() if from_backup else self.office.restart()

    # Time

    def settle(self) -> None:
        """Carry bytes and do work until nobody has anything to do at this moment."""
        for _ in range(MOST_TURNS):
            if not self.turn():
                return
        raise AssertionError("the world never comes to rest")

    def turn(self) -> bool:
        """One helping each way on each wire and one piece of each worker's work; whether there was any."""
        self.office.look()  # the hub does so each second, and when it is woken
        busy = False
        for contact in tuple(self.contacts):
            busy |= self._carry(contact)
        for gate in self.gates.values():
            busy |= gate.do_work()
        self._forget_ended()
        return busy

    def pass_time(self, seconds: float) -> None:
        """Let time pass, with everything that is due on the way."""
        self.settle()
        end = self.now + seconds
        while (wait := self._next_wait()) is not None and self.now + wait <= end:
            self._move_clocks(wait)
            for contact in tuple(self.contacts):
                self._on_time(contact)
            self.settle()
        self._move_clocks(end - self.now)

    def leave_alone(self) -> None:
        """Good wires and nothing new: gates dial, people sign what they are asked to sign."""
        for _ in range(TRIES):
            self.connect_all()
            self.office.look()
            self.pass_time(25.0)
            whys = [self.office.settle_by_hand(gate_id) for gate_id in self.gates]
            if all(why is Why.IN_SYNC for why in whys):
                self.pass_time(25.0)
                return

    def _move_clocks(self, seconds: float) -> None:
        self.now += seconds
        self.office.utc_ms += int(seconds * 1000)
        for gate in self.gates.values():
            gate.clock.monotonic += seconds

    def _next_wait(self) -> float | None:
        waits = []
        for contact in self.contacts:
            if Way.DOWN not in contact.ended:
                clock = self.gates[contact.gate_id].clock.monotonic
                waits.append((contact.gate_session.next_deadline(), clock))
            if Way.UP not in contact.ended:
                waits.append((contact.office_session.next_deadline(), self.now))
            waits.append((contact.wire.next_arrival(), self.now))
        return min((max(0.0, due - now) for due, now in waits if due is not None), default=None)

    def _on_time(self, contact: Contact) -> None:
        if Way.DOWN not in contact.ended:
            contact.gate_session.on_time(self.gates[contact.gate_id].clock.monotonic)
        if Way.UP not in contact.ended:
            contact.office_session.on_time(self.now)
        self._take_events(contact)

    def _carry(self, contact: Contact) -> bool:
        moved = False
        if Way.DOWN not in contact.ended:
            moved |= self._send(contact, Way.UP, contact.gate_session.data_to_send(HELPING_BYTES))
            for data in contact.wire.due(Way.DOWN, self.now):
                moved = True
                contact.gate_session.receive(data, self.gates[contact.gate_id].clock.monotonic)
                self._take_events(contact)
        if Way.UP not in contact.ended:
            moved |= self._send(contact, Way.DOWN, contact.office_session.data_to_send(HELPING_BYTES))
            for data in contact.wire.due(Way.UP, self.now):
                moved = True
                contact.office_session.receive(data, self.now)
                self._take_events(contact)
        self._take_events(contact)
        if not moved and Way.DOWN not in contact.ended:
            contact.gate.fill()
            moved = self._send(contact, Way.UP, contact.gate_session.data_to_send(HELPING_BYTES))
        return moved

    def _send(self, contact: Contact, way: Way, data: bytes) -> bool:
        if data:
            contact.wire.put(way, data, self.now)
        return bool(data)

    def _take_events(self, contact: Contact) -> None:
        while Way.DOWN not in contact.ended and (event := contact.gate_session.next_event()) is not None:
            contact.gate.on_event(event)
            if isinstance(event, Ended):
                self._end(contact, Way.DOWN, event)
        while Way.UP not in contact.ended and (event := contact.office_session.next_event()) is not None:
            contact.office.on_event(event)
            if isinstance(event, Ended):
                self._end(contact, Way.UP, event)

    def _end(self, contact: Contact, way: Way, event: Ended) -> None:
        """One end is through: its last words, then its end of the wire is closed, as the pump does it."""
        other = Way.UP if way is Way.DOWN else Way.DOWN
        session = contact.gate_session if way is Way.DOWN else contact.office_session
        self._send(contact, other, session.data_to_send(1 << 16))
        contact.wire.close(other, self.now)
        contact.ended[way] = event

    def _forget_ended(self) -> None:
        for contact in self.contacts:
            gate_id = contact.gate_id
            if Way.DOWN in contact.ended and self.by_gate.get(gate_id) is contact:
                del self.by_gate[gate_id]
            if Way.UP in contact.ended and self.office.links.get(gate_id) is contact.office:
                del self.office.links[gate_id]
        self.contacts = [one for one in self.contacts if not one.is_over]

    # What must hold

    def assert_in_step(self) -> None:
        """Every gate has exactly what the office wants, and the office every event, once and in order."""
        for gate_id, gate in self.gates.items():
            state = gate.lists.state
            assert state is not None, f"gate {gate_id} has no list"
            assert state.digest == self.office.wanted_digest(gate_id, state.version), f"gate {gate_id}"
            self.assert_log_stored(gate_id)

    def assert_log_stored(self, gate_id: int) -> None:
        """Everything in the gate's log is at the office: the same events, numbers and links."""
        log, events = self.gates[gate_id].log, self.office.store.events
        recorded = [(one.number, one.payload, one.link) for one in log.read_after(0, 1 << 20)]
        rows = events.read(gate_id, log.head.header.epoch, 0, 1 << 20)
        assert [(one.number, one.payload, one.link) for one in rows] == recorded


FAST_DISK = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Nothing here is about power cuts, and every commit would else wait for the disk."""
