"""A hub that says what the test wants, to a real gate conversation; it has whatever keys it is given."""

from __future__ import annotations

from collections.abc import Sequence

from sync.keys import SigningKey
from sync.messages import PROTOCOL_VERSION, Hello, Message, Pulse, PulseAnswer, Refused, Role
from sync.session import Session
from sync.session_events import Ended, Received
from sync.statements import pulse
from tests.support.estate import CHAIN, ESTATE_ID, NOW, ONLINE
from tests.support.session_pair import PACE
from tests.support.world_gate import GateSide


class HostileHub:
    """One session with a gate; ``heard`` is all that the gate said."""

    def __init__(
        self,
        gate: GateSide,
        *,
        key: SigningKey = ONLINE,
        delegations: Sequence[bytes] = CHAIN,
        withdrawals: bytes | None = None,
        ahead_s: int = 0,
    ) -> None:
        """``key`` is what the link authenticated; its clock is wrong by ``ahead_s``."""
        gate.hub_public = key.public
        self.gate = gate
        self.gate_session = gate.session(PACE)
        self.conversation = gate.conversation(self.gate_session)
        hello = Hello(
            (PROTOCOL_VERSION,),
            Role.OFFICE,
            ESTATE_ID,
            gate.gate_id,
            bytes(16),
            "hostile hub",
            delegations=tuple(delegations),
            withdrawals=withdrawals,
        )
        self.session = Session(hello, pace=PACE, now=gate.clock.monotonic, random_bytes=bytes)
        self.heard: list[Message] = []
        self.ended: Ended | None = None
        """How it ended at the gate."""
        self.newest: pulse.NewestList | None = None
        """What answers to pulses name."""
        self.ahead_s = ahead_s
        self.held: list[PulseAnswer] | None = None
        """Answers under way, once it is a list; ``None``: they arrive at once."""
        self.settle()

    @property
    def nonce(self) -> bytes:
        """The gate's nonce of this session."""
        return self.gate_session.hello.nonce

    def say(self, message: Message) -> None:
        self.session.send(message)
        self.settle()

    def say_raw(self, data: bytes) -> None:
        """Bytes that no honest session would send."""
        self.gate_session.receive(data, self.gate.clock.monotonic)
        self.settle()

    def pass_time(self, seconds: float) -> None:
        self.gate.clock.monotonic += seconds
        self.gate_session.on_time(self.gate.clock.monotonic)
        self.settle()

    def settle(self) -> None:
        """Carry bytes both ways until neither end has any more; pulses are answered."""
        busy = True
        while busy:
            now = self.gate.clock.monotonic
            self.gate_session.on_time(now)
            down, up = self.session.data_to_send(4096), self.gate_session.data_to_send(4096)
            if down:
                self.gate_session.receive(down, now)
            if up:
                self.session.receive(up, now)
            busy = bool(down or up) | self.gate.do_work()
            while (at_gate := self.gate_session.next_event()) is not None:
                busy = True
                self.conversation.on_event(at_gate)
                if isinstance(at_gate, Ended):
                    self.ended = at_gate
            while (here := self.session.next_event()) is not None:
                busy = True
                if isinstance(here, Received):
                    self.heard.append(here.message)
                    self._answer(here.message)

    def said(self, kind: type[Message]) -> list[Message]:
        """The gate's messages of this kind."""
        return [one for one in self.heard if isinstance(one, kind)]

    def _answer(self, message: Message) -> None:
        if isinstance(message, Pulse):
            utc_ms = (NOW + self.ahead_s) * 1000 + message.boottime_ms
            answer = pulse.PulseAnswer(ESTATE_ID, self.gate.gate_id, message.nonce, utc_ms, self.newest)
            sent = PulseAnswer(pulse.sign_pulse_answer(answer, ONLINE))
            self.session.send(sent) if self.held is None else self.held.append(sent)


def image(gate: GateSide) -> tuple[object, ...]:
    """What must be the same after a refusal: state, records and signed envelopes, byte for byte."""
    store = gate.lists._store
    content = store.content()
    assert content is not None
    return gate.lists.state, content.settings(), tuple(content.records()), tuple(store.envelopes())


def refused(hub: HostileHub, envelope: bytes) -> str:
    """Offer an update that is refused, by the attack's name; it changes nothing."""
    before, counted = image(hub.gate), hub.gate.refusals.total()
    hub.session.send_envelope(envelope)
    hub.settle()
    assert image(hub.gate) == before
    assert hub.gate.refusals.total() == counted + 1
    assert hub.ended is None, "an attack costs no session"
    (told,) = (one for one in hub.said(Refused) if isinstance(one, Refused))
    assert hub.gate.refusals[told.attack]
    return told.attack
