"""Any order of changes, faults, restarts and restored backups: gates end at the wanted list.

Gates judge by the real rules. Cards are revoked for good here, so that one rule can be
checked at every step: once a gate has confirmed a revocation, the card never opens again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.planner import Why
from office.hub.reception import take_receipt
from sync.encoding import decode_record
from sync.envelope import countersign, parse_envelope
from sync.records import DoorPolicy, Grant, RevocationReason, Tombstone
from tests.support.cards_given import CardsGiven
from tests.support.estate import CHAIN, MANAGER, SETTINGS, Gate
from tests.support.hub import HubRig

GATES = st.sampled_from([1, 2])
REASONS = st.sampled_from([RevocationReason.LOST, RevocationReason.WITHDRAWN])
Deed = Callable[[HubRig], None]


class Estate(RuleBasedStateMachine):
    """One hub, two gates."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="gatehouse-hub-"))
        self.rig = HubRig(self.directory, gates=2)
        self.given = CardsGiven()
        self.confirmed: dict[int, set[int]] = {1: set(), 2: set()}
        self.in_flight: dict[int, list[bytes]] = {1: [], 2: []}
        self.deeds: list[Deed] = []
        """What the clerks did since the last backup: after a restored one they do it again."""

    def do(self, deed: Deed) -> None:
        deed(self.rig)
        self.deeds.append(deed)

    @initialize()
    def lists(self) -> None:
        for gate in (1, 2):
            self.grant(gate, 12)
            self.rig.exchange(gate)
        self.backup()

    @rule(gate=GATES, count=st.sampled_from([1, 1, 2, 40]))
    def grant(self, gate: int, count: int) -> None:
        granted = self.given.grant(gate, count)
        self.do(lambda rig: rig.want(gate, *granted))

    @rule(gate=GATES, data=st.data(), share=st.sampled_from([1, 1, 1, 2, 30]), reason=REASONS)
    def revoke(self, gate: int, data: st.DataObject, share: int, reason: RevocationReason) -> None:
        ends = self.given.revoke(gate, data, share, reason, self.rig.now)
        if ends:
            self.do(lambda rig: rig.want(gate, *ends, urgent=True))

    @rule(gate=GATES)
    def remove_old_tombstones(self, gate: int) -> None:
        gone = [
            (one.key, one.grant_id)
            for one in self.rig.store.wanted.content(gate).records()
            if isinstance(decode_record(one), Tombstone)
        ]
        self.do(lambda rig: void(rig.store.wanted.put(gate, removed=gone, urgent=False, at=rig.now)))

    @rule(gate=GATES, extra=st.booleans())
    def change_settings(self, gate: int, extra: bool) -> None:
        doors = (*SETTINGS.doors, DoorPolicy(3)) if extra else SETTINGS.doors
        self.do(lambda rig: rig.want_settings(gate, replace(SETTINGS, doors=doors)))

    @rule(seconds=st.sampled_from([1, 60, 7200, 90_000]))
    def pass_time(self, seconds: int) -> None:
        self.rig.now += seconds

    @rule(at_hand=st.booleans())
    def move_the_list_key(self, at_hand: bool) -> None:
        self.rig.keys.list_key = at_hand

    @rule(gate=GATES)
    def sign(self, gate: int) -> None:
        self.in_flight[gate] = list(self.rig.advance(gate).envelopes)

    @rule(gate=GATES, receipt=st.booleans())
    def deliver_one(self, gate: int, receipt: bool) -> None:
        if self.in_flight[gate]:
            self.deliver(gate, self.in_flight[gate].pop(0), receipt=receipt)

    @rule(gate=GATES)
    def lose_what_is_under_way(self, gate: int) -> None:
        self.in_flight[gate] = []

    @rule(gate=GATES)
    def deliver_everything(self, gate: int) -> None:
        for data in self.rig.advance(gate).envelopes:
            self.deliver(gate, data, receipt=True)
        self.in_flight[gate] = []

    @rule(gate=GATES)
    def begin_session(self, gate: int) -> None:
        self.rig.report(gate)

    @rule()
    def restart_hub(self) -> None:
        self.rig.reopen()

    @rule(gate=GATES)
    def lose_the_gates_list(self, gate: int) -> None:
        self.rig.boxes[gate].gate = Gate()  # its memory card was exchanged
        self.confirmed[gate] = set()
        self.in_flight[gate] = []
        self.rig.report(gate)

    @rule()
    def backup(self) -> None:
        self.rig.back_up(self.directory)
        self.deeds = []

    @rule()
    def restore_backup(self) -> None:
        self.rig.restore(self.directory)
        self.in_flight = {1: [], 2: []}
        for gate in (1, 2):  # gates begin new sessions with a hub that was away
            self.rig.report(gate)
            self.in_flight[gate] = list(self.rig.advance(gate).envelopes)
            for data in self.in_flight[gate]:
                self.deliver(gate, data, receipt=True)
        for deed in self.deeds:
            deed(self.rig)
        for gate in (1, 2):
            self.rig.store.diary.resume(gate, self.rig.now)

    @rule(gate=GATES)
    def ask_the_manager(self, gate: int) -> None:
        try:
            proposal = self.rig.publisher.propose(gate, self.rig.now)
        except OfficeError:
            return
        signed = countersign(proposal, MANAGER, delegations=CHAIN)
        self.rig.publisher.countersigned(gate, parse_envelope(signed).statement, signed)

    @invariant()
    def no_confirmed_revocation_is_undone(self) -> None:
        for gate, box in self.rig.boxes.items():
            for number in self.confirmed[gate]:
                assert not box.opens(1000 + number), f"card {number} opens gate {gate} again"

    def teardown(self) -> None:
        try:
            self.rig.keys.list_key = True
            for gate in (1, 2):
                self.converge(gate)
        finally:
            self.rig.close()
            shutil.rmtree(self.directory)

    def converge(self, gate: int) -> None:
        for _ in range(6):
            why = self.rig.exchange(gate).why
            if why is Why.IN_SYNC:
                break
            if why is Why.NEEDS_CLERK:
                self.rig.store.diary.resume(gate, self.rig.now)
            elif why is Why.NEEDS_MANAGER:
                self.ask_the_manager(gate)
        box, wanted = self.rig.boxes[gate].gate, self.rig.store.wanted.content(gate)
        assert box.content is not None
        assert sorted(box.content.records()) == sorted(wanted.records())
        assert box.content.settings() == wanted.settings()
        held = self.rig.store.signed.held(gate)
        assert held is not None
        assert box.current is not None
        assert (held.version, held.digest) == (box.current.version, box.current.digest)
        opens = {
            one.grant_id - 1000 for one in map(decode_record, wanted.records()) if isinstance(one, Grant)
        }
        assert opens == self.given.cards[gate] - self.given.revoked[gate]

    def deliver(self, gate: int, data: bytes, *, receipt: bool) -> None:
        box = self.rig.boxes[gate]
        if box.offer(data) is not None:
            assert box.refused[-1] in ("gap", "rollback", "mass_removal"), box.refused[-1]
            return
        if receipt:
            take_receipt(self.rig.store, gate, box.receipt(self.rig.now), self.rig.now)
            has = {one for one in self.given.revoked[gate] if not box.opens(1000 + one)}
            self.confirmed[gate] |= has


def void(_: object) -> None:
    """A deed answers nothing."""


Estate.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestEstate = Estate.TestCase
