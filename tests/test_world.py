"""One office and its gates, whole: what is wanted arrives, what is recorded comes back.

Any order of changes, taps, faults, restarts, restored backups and clock jumps. At every
step a card whose revocation a gate has receipted stays shut there, and no slip opens more
often than it may; left alone, every gate comes to exactly the office's list, and the office
has every event once.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.facts import Move, MoveState
from office.hub.one_use import decide, order_move
from sync.encoding import decode_record
from sync.records import Access, DoorPolicy, Grant, GrantKind, RevocationReason
from tests.support.cards_given import CardsGiven
from tests.support.estate import SETTINGS, card
from tests.support.session_pair import ragged, single_bytes
from tests.support.world import FAST_DISK, World
from tests.support.world_gate import DOOR
from tests.support.world_kills import OFFICE, Fuse, survive
from tests.support.world_office import OfficeSide
from tests.support.world_wire import PERFECT, Faults

GATES = st.sampled_from([1, 2])
REASONS = st.sampled_from([RevocationReason.LOST, RevocationReason.WITHDRAWN])
WIRES = st.one_of(
    st.just(PERFECT),
    st.builds(Faults, chunks=st.integers(0, 9).map(ragged)),
    st.just(Faults(chunks=single_bytes)),
    st.builds(Faults, delay_s=st.sampled_from([0.05, 3.0])),
    st.builds(Faults, cut_after=st.integers(1, 12_000)),
    st.builds(Faults, flip_at=st.integers(1, 12_000)),
    st.builds(Faults, deaf_after=st.integers(1, 12_000)),
)
Deed = Callable[[OfficeSide], object]


def slip(number: int, uses: int) -> Grant:
    """A release slip that opens ``uses`` times."""
    return Grant(
        5000 + number, 7000 + number, card(number), GrantKind.RELEASE_SLIP, (Access(DOOR),), uses=uses
    )


class Estate(RuleBasedStateMachine):
    """One office, two gates."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="gatehouse-world-", dir=FAST_DISK))
        self.fuses = {side: Fuse(side) for side in (OFFICE, 1, 2)}
        self.world = World(self.directory, fuses=self.fuses)
        self.given = CardsGiven()
        self.receipted: dict[int, set[int]] = {1: set(), 2: set()}
        self.slips: dict[int, int] = {}
        """Uses by card number."""
        self.restored = False
        self.deeds: list[Deed] = []
        """What the clerks did since the last backup: after a restored one they do it again."""

    def do(self, deed: Deed) -> None:
        """A clerk's deed; where the hub died over it, he does it again."""
        while not self.live(lambda: deed(self.world.office)):
            pass
        self.deeds.append(deed)
        self.live(self.world.office.look)

    def live(self, act: Callable[[], object]) -> bool:
        """Whether nobody was killed over it; who was has begun anew."""
        return survive(act, self.world.begin_anew)

    @initialize()
    def begin(self) -> None:
        for gate in (1, 2):
            self.grant(gate, 12)
            self.write_a_slip(gate, 2 * gate - 1)
        self.world.connect_all()
        self.world.pass_time(1.0)
        self.back_up()

    # Clerks

    @rule(gate=GATES, count=st.sampled_from([1, 2, 80]))
    def grant(self, gate: int, count: int) -> None:
        granted = self.given.grant(gate, count)
        self.do(lambda office: office.want(gate, *granted))

    @rule(gate=GATES, data=st.data(), share=st.sampled_from([1, 1, 2, 30]), reason=REASONS)
    def revoke(self, gate: int, data: st.DataObject, share: int, reason: RevocationReason) -> None:
        ends = self.given.revoke(gate, data, share, reason, self.world.office.now_s)
        if ends:
            self.do(lambda office: office.want(gate, *ends, urgent=True))

    @rule(gate=GATES, extra=st.booleans())
    def change_settings(self, gate: int, extra: bool) -> None:
        doors = (*SETTINGS.doors, DoorPolicy(3)) if extra else SETTINGS.doors
        self.do(lambda office: office.want(gate, settings=replace(SETTINGS, doors=doors)))

    @rule(gate=GATES, uses=st.integers(1, 3))
    def write_a_slip(self, gate: int, uses: int) -> None:
        number = self.given.next_card
        self.given.next_card += 1
        self.slips[number] = uses
        self.do(lambda office: office.want(gate, slip(number, uses)))

    @rule(data=st.data(), gate=GATES)
    def move_a_slip(self, data: st.DataObject, gate: int) -> None:
        number = data.draw(st.sampled_from(sorted(self.slips)))
        at = self.world.office.now_s
        self.do(lambda office: moved(office, number, gate, at))

    # Residents

    @rule(gate=GATES, data=st.data(), times=st.integers(1, 3))
    def tap(self, gate: int, data: st.DataObject, times: int) -> None:
        self.tap_often(gate, data.draw(st.integers(1, self.given.next_card)), times)

    @rule(gate=GATES, data=st.data(), times=st.integers(1, 3))
    def tap_a_slip(self, gate: int, data: st.DataObject, times: int) -> None:
        self.tap_often(gate, data.draw(st.sampled_from(sorted(self.slips))), times)

    def tap_often(self, gate: int, number: int, times: int) -> None:
        for _ in range(times):
            self.live(lambda: self.world.gates[gate].tap(number))

    # Links, machines, clocks

    @rule(gate=GATES, wire=WIRES)
    def dial(self, gate: int, wire: Faults) -> None:
        self.live(lambda: self.world.connect(gate, wire))

    @rule(gate=GATES)
    def cut(self, gate: int) -> None:
        self.world.cut(gate)

    @rule(turns=st.integers(1, 12))
    def carry_a_little(self, turns: int) -> None:
        for _ in range(turns):
            self.live(self.world.turn)

    @rule(seconds=st.sampled_from([0.0, 1.0, 30.0, 300.0]))
    def pass_time(self, seconds: float) -> None:
        self.live(lambda: self.world.pass_time(seconds))

    @rule(side=st.sampled_from([OFFICE, 1, 2]), writes=st.integers(0, 15))
    def kill_at_a_write(self, side: int, writes: int) -> None:
        self.fuses[side].light(writes)

    @rule(gate=GATES)
    def lose_the_log(self, gate: int) -> None:
        self.live(lambda: self.world.lose(gate, log=True))

    @rule(gate=GATES)
    def lose_the_lists(self, gate: int) -> None:
        self.live(lambda: self.world.lose(gate, lists=True))

    @rule(gate=GATES, reboot=st.booleans())
    def restart_gate(self, gate: int, reboot: bool) -> None:
        self.live(lambda: self.world.restart_gate(gate, reboot=reboot))

    @rule(gate=GATES)
    def restart_sync(self, gate: int) -> None:
        self.live(lambda: self.world.restart_sync(gate))

    @rule()
    def restart_office(self) -> None:
        self.live(self.world.restart_office)

    @rule(data=st.data())
    def settle_a_slip(self, data: st.DataObject) -> None:
        """A clerk has asked at the gates how often it opened."""
        if self.restored:
            return  # he waits until every gate has come and has its list (docs/hub.md)
        waiting = [one for one in self.world.office.store.moves.open() if one.state is MoveState.CLERK]
        if waiting:
            move = data.draw(st.sampled_from(waiting))
            left = self.truly_left(move)
            self.do(lambda office: settled(office, move.grant_id, left))

    @rule()
    def back_up(self) -> None:
        self.world.office.backup()
        self.deeds = []

    @rule()
    def restore_the_backup(self) -> None:
        self.restored = True
        self.fuses[OFFICE].put_out()
        self.world.restart_office(from_backup=True)
        for deed in self.deeds:
            deed(self.world.office)

    @rule(gate=GATES, seconds=st.sampled_from([-86_400 * 400, -3_600, 3_600, 86_400 * 400]))
    def step_a_gates_clock(self, gate: int, seconds: int) -> None:
        self.world.gates[gate].clock.step(seconds)

    @rule(seconds=st.sampled_from([-1_800, 1_800, 90_000]))
    def step_the_offices_clock(self, seconds: int) -> None:
        self.world.office.utc_ms += seconds * 1000

    # What must hold

    @invariant()
    def no_receipted_revocation_is_undone(self) -> None:
        store = self.world.office.store
        for gate in (1, 2):
            receipts = [one.version for one in store.receipts.of_gate(gate)]
            newest = max(receipts, default=None)
            for number in self.given.revoked[gate] - self.receipted[gate]:
                rows = store.wanted.rows(key=card(number).key)
                mine = [one for one in rows if one.gate_id == gate]
                if newest is not None and any(
                    one.since is not None and one.held == one.record.data and one.since <= newest
                    for one in mine
                ):
                    self.receipted[gate].add(number)
            for number in self.receipted[gate]:
                assert not self.world.gates[gate].would_open(number), f"card {number} opens gate {gate}"

    @invariant()
    def no_slip_opens_too_often(self) -> None:
        for number, uses in self.slips.items():
            opened = sum(gate.opened[number] for gate in self.world.gates.values())
            assert opened <= uses, f"slip {number} opened {opened} times of {uses}"

    @invariant()
    def no_slip_is_on_two_lists(self) -> None:
        places = [(issue, gate) for gate, side in self.world.gates.items() for issue in side.slips().values()]
        issues = [issue for issue, _ in places]
        assert len(issues) == len(set(issues)), f"issue and gate: {sorted(places)}"

    def truly_left(self, move: Move) -> int:
        """Uses that are left of a slip, by what its holder did."""
        number = next(number for number in self.slips if card(number).key == move.chip)
        opened = sum(gate.opened[number] for gate in self.world.gates.values())
        return min(move.uses, self.slips[number] - opened)

    def teardown(self) -> None:
        try:
            self.come_to_rest()
        finally:
            self.world.close()
            shutil.rmtree(self.directory)

    def come_to_rest(self) -> None:
        world = self.world
        for fuse in self.fuses.values():
            fuse.put_out()
        world.leave_alone()
        for move in world.office.store.moves.open():
            assert move.state is MoveState.CLERK, "no move waits for a receipt any more"
            decide(world.office.store, move.grant_id, self.truly_left(move), world.office.now_s)
        world.leave_alone()
        self.no_slip_is_on_two_lists()
        world.assert_in_step()
        self.no_receipted_revocation_is_undone()
        for gate in (1, 2):
            assert self.receipted[gate] == self.given.revoked[gate], "every revocation was receipted"
            for number in self.given.cards[gate] - self.given.revoked[gate]:
                assert world.gates[gate].would_open(number), f"card {number} does not open gate {gate}"
        for number in self.slips:
            for side in world.gates.values():
                for _ in range(4):
                    side.tap(number)
        self.no_slip_opens_too_often()


def moved(office: OfficeSide, number: int, to_gate: int, at: int) -> None:
    """Order the move of a slip to a gate, where that is possible."""
    for row in office.store.wanted.rows(issue_id=7000 + number):
        grant = decode_record(row.record)
        if isinstance(grant, Grant):
            with contextlib.suppress(OfficeError):  # it is there already, or moving
                order_move(office.store, grant, to_gate, (Access(DOOR),), at)
            return


def settled(office: OfficeSide, grant_id: int, left: int) -> None:
    """A clerk's word about a slip, where it still waits for it."""
    with contextlib.suppress(OfficeError):
        decide(office.store, grant_id, left, office.now_s)


Estate.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
# Forty whole estates, with every write of theirs on a disk.
TestEstate = pytest.mark.timeout(600)(Estate.TestCase)
