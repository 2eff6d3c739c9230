"""A gate's own key in wrong hands: a session with a real hub's conversation that says what the test wants."""

from __future__ import annotations

from sync.messages import PROTOCOL_VERSION, Hello, Message, Role
from sync.session import Session
from sync.session_events import Ended, Received
from tests.support.estate import ESTATE_ID
from tests.support.hub import registered
from tests.support.session_pair import PACE
from tests.support.world_office import OfficeSide


class HostileGate:
    """One session with the office; ``heard`` is all that it said."""

    def __init__(self, office: OfficeSide, gate_id: int = 1) -> None:
        hello = Hello((PROTOCOL_VERSION,), Role.GATE, ESTATE_ID, gate_id, bytes(16), "hostile gate")
        self.session = Session(hello, pace=PACE, now=0.0, random_bytes=bytes)
        self._there, self._conversation = office.accept(registered(gate_id), PACE, 0.0)
        self.heard: list[Message] = []
        self.ended: Ended | None = None
        """How it ended at the office."""
        self.settle()

    def say(self, message: Message) -> None:
        self.session.send(message)
        self.settle()

    def settle(self) -> None:
        """Carry bytes both ways until neither end has any more."""
        busy = True
        while busy:
            up, down = self.session.data_to_send(4096), self._there.data_to_send(4096)
            if up:
                self._there.receive(up, 0.0)
            if down:
                self.session.receive(down, 0.0)
            busy = bool(up or down)
            while (there := self._there.next_event()) is not None:
                busy = True
                self._conversation.on_event(there)
                if isinstance(there, Ended):
                    self.ended = there
            while (here := self.session.next_event()) is not None:
                busy = True
                if isinstance(here, Received):
                    self.heard.append(here.message)
