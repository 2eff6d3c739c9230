"""The link matrix once more, over real links: every conversation between real processes.

Over TLS sockets between two network namespaces, on a wire with delay and loss; and over a
pair of wires at 9600 baud with three gates, one of them absent. Setting up a link takes
seconds there, so the six conversations are chapters on one link.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from drivers.virtual_pair import PtyBus
from office.hub.store import HubStore
from tests.support.estate import resident
from tests.support.netns import Weather, two_networks
from tests.support.real_estate import RealEstate, lost, residents
from tests.support.waiting import until

FIRST = 1
"""The gate that most is told of."""
ABSENT = 2
BAUD = 9_600
WEATHER = Weather(delay_s=0.05, loss=0.01)
FAR_AWAY = Weather(delay_s=0.25)
"""A long list takes some round trips: TCP begins with ten packets, and doubles that at each."""


class Link:
    """An estate on its link; a long list is one that can be seen on its way there."""

    def __init__(
        self, estate: RealEstate, long_list: int, weather: Callable[[Weather], None] = lambda _weather: None
    ) -> None:
        """``weather`` changes that of the wire, where it has any."""
        self.estate = estate
        self.weather = weather
        self.gate = estate.gates[FIRST]
        self._long_list = long_list
        self._sent = 0

    def send_long_list(self) -> tuple[int, int]:
        """Enter one; number of a card on it, and the file in which its beginning has arrived."""
        self._sent += 1
        records = residents(self._sent, self._long_list)
        self.weather(FAR_AWAY)
        self.estate.want(FIRST, *records)
        return records[0].grant_id - 1000, self.until_more_is_there(0)

    def until_more_is_there(self, size: int) -> int:
        """Wait until more of a list than this has arrived, and not all; the file's inode."""
        found: list[int] = []

        def is_there() -> bool:
            arrived = self.gate.incoming()
            found[:] = [arrived.st_ino] if arrived is not None and arrived.st_size > size else []
            return bool(found)

        until("more of a list is on its way", is_there)
        return found[0]


def snapshot(link: Link) -> None:
    """Every gate gets its first list, whole."""
    for gate_id in link.estate.gates:
        link.estate.want(gate_id, *residents(100 + gate_id, 100), resident(50))
    for gate_id, gate in link.estate.gates.items():
        link.estate.until_in_step(gate_id)
        gate.decides(50, "granted")


def delta(link: Link) -> None:
    """One more resident at every gate."""
    for gate_id, gate in link.estate.gates.items():
        gate.decides(60, "unknown_credential")
        link.estate.want(gate_id, resident(60))
    for gate_id, gate in link.estate.gates.items():
        link.estate.until_in_step(gate_id)
        gate.decides(60, "granted")


def log_upload(link: Link) -> None:
    """What was tapped is at the office, each event once, up to the newest."""
    for gate_id, gate in link.estate.gates.items():
        for _ in range(4):
            gate.decides(50, "granted")
        newest = gate.newest_event()

        def uploaded(hub: HubStore, gate_id: int = gate_id, newest: int = newest) -> bool:
            (epoch,) = hub.events.logs(gate_id) or (b"",)
            return bool(epoch) and hub.events.position(gate_id, epoch).number >= newest

        link.estate.until("the log is at the office", uploaded)


def command(link: Link) -> None:
    """A door is opened from the office, with operator and reason."""
    for gate_id, gate in link.estate.gates.items():
        assert link.estate.order(gate_id, "open", "--door", "1", "--reason", "parcel") == 0
        gate.until_told("remote_opened")


def revocation_during_snapshot(link: Link) -> None:
    """A card is refused while a whole list is under way; then that list comes as well."""
    listed, _ = link.send_long_list()
    link.estate.want(FIRST, lost(50), urgent=True)
    link.weather(WEATHER)
    link.gate.until_refused(50, "lost")
    link.estate.until_in_step(FIRST)
    link.gate.decides(listed, "granted")
    link.gate.decides(50, "lost")


def resume_after_the_gate_restarted(link: Link) -> None:
    """The sync process is killed in the middle of a list; the next one goes on where it was."""
    listed, file = link.send_long_list()
    there = link.gate.incoming()
    link.estate.kill_and_restart_sync(FIRST)
    assert link.until_more_is_there(0 if there is None else there.st_size) == file
    link.weather(WEATHER)
    link.gate.decides(60, "granted")
    link.estate.until_in_step(FIRST)
    link.gate.decides(listed, "granted")


def resume_after_the_office_restarted(link: Link) -> None:
    """The hub is killed in the middle of a list; the next one goes on where it was."""
    listed, file = link.send_long_list()
    there = link.gate.incoming()
    link.estate.kill_and_restart_hub()
    assert link.until_more_is_there(0 if there is None else there.st_size) == file
    link.weather(WEATHER)
    link.estate.until_in_step(FIRST)
    link.gate.decides(listed, "granted")


CHAPTERS = (
    snapshot,
    delta,
    log_upload,
    command,
    revocation_during_snapshot,
    resume_after_the_gate_restarted,
    resume_after_the_office_restarted,
)


@pytest.fixture
def networks(tmp_path: Path) -> Iterator[Link]:
    """A hub in one network, a gate in another."""
    with ExitStack() as stack:
        office, gate, wire = stack.enter_context(two_networks(seed=3))
        with office.inside(), socket.create_server((office.address, 0)) as probe:
            address = f"{office.address}:{probe.getsockname()[1]}"
        estate = RealEstate(
            tmp_path,
            ("--listen", address),
            {FIRST: {"kind": "network", "hubs": [address]}},
            hub_network=office.inside,
            gate_network=gate.inside,
        )
        stack.callback(estate.close)
        wire.weather = WEATHER
        yield Link(estate, long_list=15_000, weather=partial(setattr, wire, "weather"))


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Link]:
    """A hub and three addresses on a pair of wires, at one of which is nobody."""
    with PtyBus(3, BAUD, time.monotonic) as wire, ExitStack() as stack:
        gates = {
            number: {"kind": "serial", "port": path, "baud": BAUD, "address": number}
            for number, path in zip((FIRST, 3), wire.paths[1:], strict=True)
        }
        options = ("--listen", "127.0.0.1:0", "--serial", f"{wire.paths[0]}:{BAUD}")
        estate = RealEstate(tmp_path, options, gates, absent=[ABSENT])
        stack.callback(estate.close)
        yield Link(estate, long_list=220)


@pytest.mark.timeout(300)
@pytest.mark.real_part("network namespaces")
def test_every_conversation_between_two_networks(networks: Link) -> None:
    for chapter in CHAPTERS:
        chapter(networks)
    assert networks.estate.stop_in_order() == [0, 0]


@pytest.mark.one_python  # most of it is waiting for the line
@pytest.mark.timeout(300)
def test_every_conversation_over_a_pair_at_9600_baud(pair: Link) -> None:
    for chapter in CHAPTERS:
        chapter(pair)
    assert pair.estate.ask(lambda hub: hub.diary.contact(ABSENT).at) is None
    assert pair.estate.stop_in_order() == [0, 0, 0]
