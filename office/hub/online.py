"""The hub's own key: it answers pulses, signs orders, and is what gates know a hub by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from office.errors import OfficeError
from office.hub.facts import Gate
from office.hub.port import HubStorage
from office.keys import KeyDirectory
from sync.delegation import Role
from sync.keys import SigningKey
from sync.messages import PROTOCOL_VERSION, Feature, Hello
from sync.messages import Role as End
from sync.statements.order import Order, sign_order
from sync.statements.order_kinds import Argument, OrderKind
from sync.statements.pulse import NewestList, PulseAnswer, sign_pulse_answer
from sync.update import ListVersion


class OnlineKey:
    """The key of role ``online`` in a key directory: who the hub is on its links, until it is restarted."""

    def __init__(self, keys: KeyDirectory, store: HubStorage, utc_ms: Callable[[], int]) -> None:
        """Raises ``OfficeError``: there is no such key that can sign here."""
        self._keys = keys
        self._store = store
        self._utc_ms = utc_ms
        self._estate_id = store.gates.estate_id()
        now = utc_ms() // 1000
        found = [
            (delegation.serial, name, data)
            for name, (delegation, data) in self._keys.delegations().items()
            if delegation.role is Role.ONLINE and now < delegation.not_after
        ]
        usable = [one for one in sorted(found, reverse=True) if self._can_sign(one[1])]
        if not usable:
            raise OfficeError(
                f"{self._keys.path}: no online key in force can sign here; make one with: keys delegate"
            )
        _, name, chain = usable[0]
        self.key: SigningKey = self._keys.signing(name)
        self._chain = chain
        self._withdrawals = self._keys.signed_withdrawals()

    @property
    def delegations(self) -> tuple[bytes, ...]:
        """What makes this key a hub's."""
        return (self._chain,)

    @property
    def withdrawals(self) -> bytes | None:
        """The root's newest word on withdrawn keys."""
        return self._withdrawals

    def hello(self, gate_id: int, nonce: bytes, software: str) -> Hello:
        """The hub's first words to a gate, with what makes this key a hub's there."""
        return Hello(
            versions=(PROTOCOL_VERSION,),
            role=End.OFFICE,
            estate_id=self._estate_id,
            gate_id=gate_id,
            nonce=nonce,
            software=software,
            features=tuple(int(one) for one in Feature),
            delegations=self.delegations,
            withdrawals=self.withdrawals,
        )

    def answer_pulse(self, gate: Gate, nonce: bytes) -> bytes:
        """The signed answer to a gate's question: the time, and its newest list."""
        version = self._store.signed.newest(gate.gate_id)
        known = None if version == ListVersion(0, 0) else self._store.signed.known(gate.gate_id, version)
        newest = None if known is None else NewestList(known.version, known.digest)
        answer = PulseAnswer(self._estate_id, gate.gate_id, nonce, self._utc_ms(), newest)
        return sign_pulse_answer(answer, self.key)

    def sign_order(
        self,
        gate: Gate,
        session_nonce: bytes,
        counter: int,
        kind: OrderKind,
        arguments: Mapping[str, Argument],
        *,
        valid_s: int,
    ) -> bytes:
        """A signed order for one session; raises ``CodecError`` for one outside the format."""
        order = Order(self._estate_id, gate.gate_id, session_nonce, counter, kind, arguments, valid_s)
        return sign_order(order, self.key)

    def _can_sign(self, name: str) -> bool:
        withdrawn = self._keys.withdrawals().key_ids
        delegation = self._keys.delegations()[name][0]
        if delegation.key_id in withdrawn:
            return False
        try:
            self._keys.signing(name)
        except OfficeError:
            return False
        return True
