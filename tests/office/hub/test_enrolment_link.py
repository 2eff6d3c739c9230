"""From an office's bundle to a gate that is in service, over real TLS: enrol, accept, replace."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from drivers.virtual_pair import PtyBus
from office.hub.enrolment_intake import accept
from office.hub.facts import Gate
from office.hub.facts import LinkKind as Reached
from office.hub.inviting import MadeBundle
from office.hub.network_entrance import NetworkEntrance
from office.hub.process import Entrance, Hub, Outside
from office.hub.serial_entrance import SerialEntrance
from provisioning.enrolment import Enrolled, Enroller
from provisioning.host import Host
from provisioning.owner import SYNC_DIR
from provisioning.site_bundle import known_here, open_bundle
from sync.gate_key import KEY_FILE, fingerprint, load
from sync.keys import SigningKey
from sync.link_errors import LinkError, LostLinkError, NotAcceptedYetError, RefusedByPeerError
from sync.network_link import Dialler, HubAddress
from sync.statements.authority import Authority
from sync.update import ListVersion
from terminal import clock
from terminal.agent.enrolling import Enrolling
from terminal.agent.link import Link
from terminal.agent.links import NetworkLink, SerialBusLink
from terminal.agent.process import AgentProcess
from terminal.agent.process import Outside as GateOutside
from terminal.config import Config, LinkKind, LinkSettings
from terminal.notify import ServiceManager
from terminal.stores.enrolment_file import EnrolmentStage
from tests.support.enrolling import config_text, list_of, record_of
from tests.support.estate import GATE_ID, NOW, key, resident
from tests.support.inviting import Drawn, InvitingOffice, key_of
from tests.support.machine import add_users
from tests.support.network import error_of
from tests.support.waiting import until_async

WITHIN_S: Final = 20.0
LOOPBACK: Final = "127.0.0.1"
BAUD: Final = 115_200
NEWER: Final = ListVersion(1, 2)


class Unit:
    """A unit at the gate, brought into service on a tree of its own."""

    def __init__(self, root: Path, made: MadeBundle, seed: int) -> None:
        self.root = add_users(root)
        self.sync_dir = Host(root).path(SYNC_DIR)
        bundle = open_bundle(made.file, made.code, known_here(Host(root)), key_of=key_of)
        enroller = Enroller(Host(root), bundle, None, software="gate", random_bytes=Drawn(seed))
        self.enrolled: Enrolled = enroller.carry_out(with_config=True)
        gate = replace(
            bundle.config.gate,
            state_dir=str(root / "var/lib/gatehouse"),
            control_socket=str(root / "gate.sock"),
        )
        self.config: Config = replace(bundle.config, gate=gate)
        self.authority = Authority(bundle.content.anchor)
        own = load(self.sync_dir / KEY_FILE)
        assert own is not None
        self.own: SigningKey = own

    @property
    def shown(self) -> str:
        return fingerprint(self.enrolled.public)

    def link(self, port: int) -> NetworkLink:
        return NetworkLink(self.own, (f"{LOOPBACK}:{port}",))

    async def one_round(self, port: int) -> LinkError | None:
        """What the sync process does in one round; ``None`` where its own key was taken."""
        link = self.link(port)
        try:
            await Enrolling(self.sync_dir).before(link, self.authority, NOW)
            stream = await link.connect()
        except LinkError as error:
            return error
        await stream.finish()
        return None

    def process(self, link: Link) -> AgentProcess:
        """The real sync process, whose waits are as short as they may be."""
        outside = GateOutside(clock.read, bytes(16), bytes, "gate under test")
        return AgentProcess(self.config, outside, ServiceManager({}), lambda _key: link)


async def enrolled_by_itself(office: InvitingOffice, hub: Hub, unit: Unit, link: Link) -> None:
    """The unit asks, is accepted, and gets what was granted since."""
    assert list_of(unit.root) == ListVersion(1, 1), "it works before the office knows it"
    process = unit.process(link)
    running = asyncio.create_task(process.run())
    try:
        await until_async("the office is told", lambda: "enrolment_waits" in office.alarms())
        assert GATE_ID not in hub.connected
        accept(office.store, unit.shown, office.now_s)
        await noticed(hub)
        await until_async("the gate is connected", lambda: GATE_ID in hub.connected)
        await until_async(
            "the gate is enrolled", lambda: record_of(unit.root).stage is EnrolmentStage.CONFIRMED
        )
        office.put([resident(50)])
        hub.wake()
        await until_async(
            "the newer list is confirmed",
            lambda: NEWER in [one.version for one in office.store.receipts.of_gate(GATE_ID)],
        )
    finally:
        process.stop()
        await running
    assert list_of(unit.root) == NEWER
    assert not (unit.sync_dir / "enrolment.key").exists()


def live(tmp_path: Path, story: Callable[[InvitingOffice, Hub, int], Awaitable[None]]) -> None:
    """Run ``story`` beside a hub that listens on loopback."""
    office = InvitingOffice(tmp_path)

    async def run() -> None:
        entrance = NetworkEntrance(office.online.key, LOOPBACK, 0)
        async with serving(office, entrance) as hub:
            await story(office, hub, entrance.port)

    try:
        asyncio.run(run())
    finally:
        office.close()


@contextlib.asynccontextmanager
async def serving(office: InvitingOffice, entrance: Entrance) -> AsyncIterator[Hub]:
    """A hub that serves by this entrance as long as the block runs."""
    outside = Outside(lambda: office.utc_ms, asyncio_time, Drawn(1000), "hub under test")
    hub = Hub(office.store, office.publisher, office.online, outside, [entrance], office.signers.look)
    ready = asyncio.Event()
    running = asyncio.create_task(hub.run(ready.set))
    await ready.wait()
    try:
        async with asyncio.timeout(WITHIN_S):
            yield hub
    finally:
        hub.stop()
        await running


def asyncio_time() -> float:
    return asyncio.get_running_loop().time()


def bundle(office: InvitingOffice, **options: bool) -> MadeBundle:
    identity = {"roots": [one.hex() for one in office.keys.roots]}
    return office.bundle(config=config_text(**identity), **options)


async def noticed(hub: Hub) -> None:
    """The hub is told of a change, as a clerk's command does, and has looked."""
    hub.wake()
    for _ in range(3):
        await asyncio.sleep(0)


def test_from_the_bundle_to_a_list_that_comes_by_itself(tmp_path: Path) -> None:
    async def story(office: InvitingOffice, hub: Hub, port: int) -> None:
        unit = Unit(tmp_path / "unit", bundle(office), 1)
        await noticed(hub)
        await enrolled_by_itself(office, hub, unit, unit.link(port))

    live(tmp_path, story)


def test_the_same_over_a_serial_pair(tmp_path: Path) -> None:
    office = InvitingOffice(tmp_path, link=Reached.SERIAL)

    async def run(wire: PtyBus) -> None:
        unit = Unit(tmp_path / "unit", bundle(office), 1)
        entrance = SerialEntrance(office.online.key, wire.paths[0], BAUD)
        async with serving(office, entrance) as hub:
            settings = LinkSettings(kind=LinkKind.SERIAL, port=wire.paths[1], baud=BAUD, address=1)
            await enrolled_by_itself(office, hub, unit, SerialBusLink(unit.own, settings, os.urandom))

    try:
        with PtyBus(2, BAUD, time.monotonic) as wire:
            asyncio.run(run(wire))
    finally:
        office.close()


def test_a_dead_unit_is_replaced_and_its_key_refused(tmp_path: Path) -> None:
    async def story(office: InvitingOffice, hub: Hub, port: int) -> None:
        old = Unit(tmp_path / "old", bundle(office), 1)
        await noticed(hub)
        assert isinstance(await old.one_round(port), NotAcceptedYetError)
        accept(office.store, old.shown, office.now_s)
        await noticed(hub)
        assert await old.one_round(port) is None
        spare = Unit(tmp_path / "spare", bundle(office, replaces=True), 50)
        await noticed(hub)
        assert list_of(spare.root) == ListVersion(1, 2)
        assert await old.one_round(port) is None, "until the new key is accepted the old unit serves"
        assert isinstance(await spare.one_round(port), NotAcceptedYetError)
        accept(office.store, spare.shown, office.now_s)
        await noticed(hub)
        assert await spare.one_round(port) is None
        assert isinstance(await old.one_round(port), RefusedByPeerError)
        assert isinstance(await error_of(old.link(port).connect()), RefusedByPeerError)
        assert old.own.public not in {one.public_key for one in office.store.gates.all()}

    live(tmp_path, story)


def test_a_living_link_of_a_replaced_unit_is_cut(tmp_path: Path) -> None:
    async def story(office: InvitingOffice, hub: Hub, port: int) -> None:
        old = Unit(tmp_path / "old", bundle(office), 1)
        office.store.gates.give_key(GATE_ID, old.own.public, office.now_s)
        await noticed(hub)
        process = old.process(old.link(port))
        running = asyncio.create_task(process.run())
        try:
            await until_async("the gate is connected", lambda: GATE_ID in hub.connected)
            spare = Unit(tmp_path / "spare", bundle(office, stolen=True), 50)
            await noticed(hub)
            await until_async("the old unit is cut off", lambda: GATE_ID not in hub.connected)
            assert isinstance(await spare.one_round(port), NotAcceptedYetError)
        finally:
            process.stop()
            await running

    live(tmp_path, story)


def test_strangers_stay_outside_while_gates_are_invited(tmp_path: Path) -> None:
    async def story(office: InvitingOffice, hub: Hub, port: int) -> None:
        unit = Unit(tmp_path / "unit", bundle(office), 1)
        await noticed(hub)
        for stranger in (key("stranger"), unit.own):
            dialler = Dialler(stranger, [HubAddress(LOOPBACK, port)])
            assert isinstance(await error_of(dialler.dial()), RefusedByPeerError)
        office.bundle()
        await noticed(hub)
        round_ = await unit.one_round(port)
        assert isinstance(round_, RefusedByPeerError), "its token is void"
        assert office.store.invitations.alive()[0].key is None

    live(tmp_path, story)


def test_an_invited_gate_gets_no_session_by_its_token(tmp_path: Path) -> None:
    async def story(office: InvitingOffice, hub: Hub, port: int) -> None:
        unit = Unit(tmp_path / "unit", bundle(office), 1)
        await noticed(hub)
        token = load(unit.sync_dir / "enrolment.key")
        assert token is not None
        stream = await Dialler(token, [HubAddress(LOOPBACK, port)]).dial()
        # The first bytes of a session's hello: longer than any request.
        await stream.write(b"\xff\xff\x01" + bytes(2000))
        with contextlib.suppress(LostLinkError):
            assert await stream.read() == b""
        stream.close()
        assert GATE_ID not in hub.connected

    live(tmp_path, story)


def test_a_hub_of_another_estate_cannot_decide(tmp_path: Path) -> None:
    async def story(office: InvitingOffice, hub: Hub, port: int) -> None:
        unit = Unit(tmp_path / "unit", bundle(office), 1)
        await noticed(hub)
        unit.authority = Authority(replace(unit.authority.anchor, roots=(key("another root").public,)))
        failure = await unit.one_round(port)
        assert failure is not None
        assert failure.attack == "wrong_hub"
        assert record_of(unit.root).stage is EnrolmentStage.PROVISIONAL

    live(tmp_path, story)


def test_a_gate_that_is_registered_by_hand_needs_no_enrolment(tmp_path: Path) -> None:
    async def story(office: InvitingOffice, hub: Hub, port: int) -> None:
        unit = Unit(tmp_path / "unit", bundle(office), 1)
        gate: Gate = office.store.gates.get(GATE_ID)
        office.store.gates.give_key(gate.gate_id, unit.own.public, office.now_s)
        await noticed(hub)
        assert await unit.one_round(port) is None

    live(tmp_path, story)
