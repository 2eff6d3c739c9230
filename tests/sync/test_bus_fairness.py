"""Nobody on the pair starves: not beside a full list, not beside chatter, not beside gates that are gone."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sync.bus_gate import RAREST_PROBE_S
from sync.frames import FrameDecoder, Kind
from tests.support.bus_rig import CYCLE, SLOW, BusRig

ENDLESS = CYCLE * 100
EIGHT = list(range(1, 9))


def quiet_rig(present: list[int], absent: list[int]) -> BusRig:
    rig = BusRig(present, absent=absent, line=SLOW)
    rig.run_until_open()
    rig.run_for(5.0)
    return rig


@pytest.mark.parametrize("addresses", [[2], EIGHT], ids=["one", "all"])
def test_a_revocation_overtakes_a_running_snapshot(addresses: list[int]) -> None:
    rig = quiet_rig(EIGHT, [])
    rig.hub[1].waiting = ENDLESS
    rig.run_for(3.3)
    rig.hub[1].waiting = b""  # the session puts the revocation before the rest
    for one in addresses:
        rig.hub[one].waiting = b"\xee" * 250
    began = rig.bus.now

    def refused() -> bool:
        rig.pump()
        return all(rig.gates[one].received.endswith(b"\xee" * 250) for one in addresses)

    assert rig.bus.run(refused, 10.0)
    assert rig.bus.now - began <= (1.0 if addresses == [2] else 4.0)


def test_a_revocation_at_all_gates_does_not_wait_for_the_first_ones_receipts() -> None:
    rig = quiet_rig(EIGHT, [])
    rig.hub[1].waiting = ENDLESS
    rig.run_for(3.3)
    others = EIGHT[1:]
    for one in others:
        rig.hub[one].waiting = b"\xee" * 190
    began = rig.bus.now

    def refused() -> bool:
        rig.pump()
        for one in others:
            if rig.gates[one].received and not rig.gates[one].waiting and not rig.hub[one].received:
                rig.gates[one].waiting = b"\xcc" * 165
        return all(len(rig.gates[one].received) == 190 for one in others)

    assert rig.bus.run(refused, 10.0)
    assert rig.bus.now - began <= 7 * (190 + 12) / 960 + 0.27, "seven frames, and one that was on its way"


@pytest.mark.parametrize("absent", [[], [2, 3, 4, 5, 6, 7]], ids=["all_there", "six_absent"])
def test_two_lists_share_the_line_evenly(absent: list[int]) -> None:
    rig = quiet_rig([1, 8], absent)
    for one in (1, 8):
        rig.hub[one].waiting = ENDLESS
    rig.run_for(30.0)
    first, second = len(rig.gates[1].received), len(rig.gates[8].received)
    assert abs(first - second) <= 3 * 4080
    assert first + second > 0.75 * 30 * 960


def test_a_late_list_gets_its_half_and_no_more() -> None:
    rig = quiet_rig([1, 2], [])
    rig.hub[1].waiting = ENDLESS
    rig.run_for(30.0)
    before = len(rig.gates[1].received)
    rig.hub[2].waiting = ENDLESS
    rig.run_for(30.0)
    assert len(rig.gates[1].received) - before > 0.35 * 30 * 960
    assert len(rig.gates[2].received) > 0.35 * 30 * 960


def test_the_log_of_a_gate_and_the_list_of_another_share_the_line() -> None:
    rig = quiet_rig(EIGHT, [])
    rig.hub[1].waiting = ENDLESS
    rig.gates[2].waiting = ENDLESS
    rig.run_for(30.0)
    assert len(rig.gates[1].received) > 0.25 * 30 * 960
    assert len(rig.hub[2].received) > 0.25 * 30 * 960


def test_each_of_many_talkers_is_heard_within_seconds() -> None:
    rig = quiet_rig(EIGHT, [])
    for one in EIGHT:
        rig.gates[one].waiting = ENDLESS
    rig.hub[3].waiting = ENDLESS
    rig.run_for(20.0)
    shares = [len(rig.hub[one].received) for one in EIGHT]
    assert min(shares) > 0.5 * max(shares) > 0


def test_absent_gates_are_looked_for_ever_more_rarely_and_found_when_they_come() -> None:
    rig = quiet_rig([1], [2, 3, 4, 5, 6, 7, 8])
    rig.run_for(60.0)
    before = {one: rig.diagnostics(one).timeouts for one in range(2, 9)}
    rig.run_for(100.0)
    probes = [rig.diagnostics(one).timeouts - before[one] for one in range(2, 9)]
    assert all(100 / RAREST_PROBE_S - 1 <= one <= 100 / RAREST_PROBE_S + 1 for one in probes)
    rig.start_station(5)
    rig.hub[1].waiting = ENDLESS
    rig.run_until_open([5], within_s=RAREST_PROBE_S + 1)


def test_a_slow_reader_holds_up_nobody_else() -> None:
    rig = quiet_rig([1, 2], [])
    connection = rig.hub[1].connection
    assert connection is not None
    rig.gates[1].connection = None  # its program does not read
    for _ in range(100):
        connection.send(bytes(1_000))
        rig.run_for(0.1)
    took_s = rig.exchange({2: CYCLE}, {})
    assert took_s < 1.5 * len(CYCLE) / 960


def test_while_the_line_is_full_everybody_is_asked_each_second() -> None:
    rig = quiet_rig(EIGHT, [])
    rig.hub[1].waiting = ENDLESS
    asked: list[float] = []
    decoder = FrameDecoder()

    class Listener:
        def receive(self, data: bytes, now: float) -> None:
            asked.extend(now for one in decoder.feed(data) if one.turn == 15 and one.kind is not Kind.HELLO)

        def next_output(self, now: float) -> bytes:
            return b""

        def on_time(self, now: float) -> None:
            return

        def next_deadline(self) -> float | None:
            return None

    rig.bus.nodes.append(Listener())
    rig.run_for(60.0)
    assert 57 <= len(asked) <= 61
    assert max(after - before for before, after in pairwise(asked)) <= 1.55


def test_more_is_asked_for_only_when_the_line_is_about_to_be_free() -> None:
    """What is handed over earlier can no longer be overtaken."""
    rig = BusRig([1], line=SLOW)
    rig.run_until_open()
    rig.run_for(2.0)
    connection = rig.hub[1].connection
    assert connection is not None
    assert rig.master.wants_more(connection)
    assert connection.send(CYCLE[:244]) == 244
    assert not rig.master.wants_more(connection), "a frame waits already"
    rig.run_for(0.1)
    assert not rig.master.wants_more(connection), "the frame takes 0.27 s"
    rig.run_for(0.15)
    assert rig.master.wants_more(connection)


@pytest.mark.parametrize(("crowded", "after_s"), [(False, 0.4), (True, 1.5)], ids=["alone", "beside a list"])
def test_a_receipt_waits_while_others_are_sent_data(crowded: bool, after_s: float) -> None:
    rig = BusRig([1, 2], line=SLOW)
    rig.run_until_open()
    rig.run_for(2.0)
    if crowded:
        rig.hub[1].waiting = CYCLE * 8
        rig.run_for(2.0)
    rig.hub[2].waiting = CYCLE[:100]
    assert rig.run_until_arrived({2: CYCLE[:100]}, {}) < 1.0
    before = rig.master.diagnostics().gates[1].frames_received
    asked_s = 0.0
    while rig.master.diagnostics().gates[1].frames_received == before:
        rig.run_for(0.05)
        asked_s += 0.05
    assert after_s - 0.35 < asked_s < after_s + 0.6
