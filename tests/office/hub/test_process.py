"""The hub process: one session a gate, doubles told, strangers and struck gates left outside."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from office.hub import process
from office.hub.facts import LinkKind
from office.hub.line import NETWORK_LINE
from office.hub.process import Hub
from office.hub.schema import HubStoreError
from office.hub.serial_entrance import SerialEntrance
from sync.link_errors import UnknownGateError
from sync.messages import Bye, Role
from sync.serial_port import Port
from sync.session import Session
from sync.session_events import Ended, Greeted, SessionEvent
from sync.session_pump import Pump
from sync.update import ListVersion
from tests.support.estate import ESTATE_ID, key, resident
from tests.support.hub import gate_key
from tests.support.living_hub import live
from tests.support.memory_stream import joined
from tests.support.session_pair import hello
from tests.support.waiting import WITHIN_S
from tests.support.world_office import OfficeSide

GATE = 1


class Dialled:
    """A device that has dialled in and was greeted."""

    def __init__(self, hub: Hub, boot: bytes) -> None:
        up, down = joined()
        self._session = Session(
            hello(Role.GATE, estate_id=ESTATE_ID, gate_id=GATE, boot_id=boot),
            pace=NETWORK_LINE.pace,
            now=0.0,
            random_bytes=bytes,
        )
        self.greeted = asyncio.Event()
        self._pump = Pump(self._session, up, monotonic=lambda: 0.0, on_event=self._on_event)
        self.here = asyncio.create_task(self._pump.run())
        self.there = asyncio.create_task(hub.serve(down, gate_key(GATE).public, NETWORK_LINE))

    def _on_event(self, event: SessionEvent) -> None:
        if isinstance(event, Greeted):
            self.greeted.set()

    async def ended(self) -> Ended:
        """How it ended, at both ends."""
        ended, _ = await asyncio.wait_for(asyncio.gather(self.here, self.there), WITHIN_S)
        return ended

    def leave(self) -> None:
        self._session.send(Bye("stopping"))
        self._pump.kick()


async def dial(hub: Hub, boot: bytes) -> Dialled:
    """Dial, and wait until the hub has greeted, too."""
    device = Dialled(hub, boot * 16)
    await asyncio.wait_for(device.greeted.wait(), WITHIN_S)
    for _ in range(50):  # the gate's hello is with the hub; its turn on the loop comes
        await asyncio.sleep(0)
    return device


def doubles(office: OfficeSide) -> int:
    """How often two devices with one key were told."""
    return sum(one.count for one in office.store.diary.alarms() if one.name == "duplicate_identity")


def test_a_gate_that_dials_anew_takes_the_place_of_its_old_session(tmp_path: Path) -> None:
    async def story(hub: Hub, office: OfficeSide) -> None:
        old = await dial(hub, b"a")
        new = await dial(hub, b"a")
        assert (await old.ended()).code == "replaced"
        assert list(hub.connected) == [GATE]
        new.leave()
        assert (await new.ended()).code == "stopping"
        assert hub.connected == {}
        assert doubles(office) == 0

    live(tmp_path, story)


async def turns() -> None:
    """What is ready on the loop has its turn, and what follows from it."""
    for _ in range(200):
        await asyncio.sleep(0)


def test_what_waits_for_the_list_key_goes_out_once_its_stick_is_plugged_in(tmp_path: Path) -> None:
    async def story(hub: Hub, office: OfficeSide) -> None:
        stick, drawer = office.keys.path / "lists.key", tmp_path / "lists.key"
        stick.rename(drawer)
        running = asyncio.create_task(hub.run())
        device = await dial(hub, b"a")
        office.want(GATE, resident(7))
        hub.wake()
        await turns()
        assert office.store.signed.newest(GATE) == ListVersion(0, 0)
        drawer.rename(stick)
        hub.wake()  # or the next second
        await turns()
        assert office.store.signed.newest(GATE) == ListVersion(1, 1)
        device.leave()
        await device.ended()
        hub.stop()
        await running

    live(tmp_path, story)


def test_a_reboot_is_no_double(tmp_path: Path) -> None:
    async def story(hub: Hub, office: OfficeSide) -> None:
        for boot in (b"a", b"b", b"c"):
            device = await dial(hub, boot)
            device.leave()
            await device.ended()
        assert doubles(office) == 0

    live(tmp_path, story)


def test_two_devices_with_one_gates_key_are_told(tmp_path: Path) -> None:
    async def story(hub: Hub, office: OfficeSide) -> None:
        first = await dial(hub, b"a")
        second = await dial(hub, b"b")
        await first.ended()
        assert doubles(office) == 0
        third = await dial(hub, b"a")
        await second.ended()
        assert doubles(office) == 1
        third.leave()
        await third.ended()

    live(tmp_path, story)


@pytest.mark.parametrize("struck", [False, True])
def test_a_stranger_and_a_struck_gate_are_not_served(tmp_path: Path, struck: bool) -> None:
    async def story(hub: Hub, office: OfficeSide) -> None:
        if struck:
            office.store.gates.strike(GATE, office.now_s)
        _, down = joined()
        public = gate_key(GATE).public if struck else key("a stranger").public
        with pytest.raises(UnknownGateError):
            await hub.serve(down, public, NETWORK_LINE)
        assert hub.connected == {}

    live(tmp_path, story)


class Failing:
    """A fault point: raises before a commit, as often as told, once it is armed."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error = error
        self.times = times
        self.armed = False

    def __call__(self, step: str) -> None:
        if self.armed and self.times and step == "before commit":
            self.times -= 1
            raise self.error


def strangers(office: OfficeSide) -> list[str]:
    """Who was told not to have been let in."""
    return [one.name for one in office.store.diary.alarms()]


def test_what_a_locked_store_refuses_once_is_told_and_noted_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(process, "CONTACTS_EVERY_S", 0.0)
    failing = Failing(HubStoreError("hub.db: database is locked"), 2)

    async def story(hub: Hub, office: OfficeSide) -> None:
        failing.armed = True
        running = asyncio.create_task(hub.run())
        hub.turned_away("unknown_gate", "somebody")
        await turns()
        assert strangers(office) == ["unknown_gate"]
        hub.stop()
        await running

    live(tmp_path, story, checkpoint=failing)
    assert capsys.readouterr().err == "office hub: hub.db: database is locked\n" * 2


def test_any_other_failure_of_a_hubs_task_ends_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "CONTACTS_EVERY_S", 0.0)
    failing = Failing(RuntimeError("a fault"), 1)

    async def story(hub: Hub, _office: OfficeSide) -> None:
        failing.armed = True
        running = asyncio.create_task(hub.run())
        hub.turned_away("unknown_gate", "somebody")
        with pytest.raises(RuntimeError, match="a fault"):
            await asyncio.wait_for(running, WITHIN_S)

    live(tmp_path, story, checkpoint=failing)


def test_a_pair_whose_task_fails_ends_the_hub_instead_of_being_served_no_more(
    tmp_path: Path,
) -> None:
    def broken(path: str, baud: int, *, kernel_rs485: bool = False) -> Port:
        raise RuntimeError(f"a fault at {path}, {baud}, {kernel_rs485}")

    async def story(hub: Hub, office: OfficeSide) -> None:
        office.store.gates.wire(GATE, LinkKind.SERIAL, 1)
        with pytest.raises(RuntimeError, match="a fault at"):
            await asyncio.wait_for(hub.run(), WITHIN_S)

    pair = SerialEntrance(key("the hub"), "/dev/pair", 9600, opened_by=broken)
    live(tmp_path, story, entrances=[pair])
