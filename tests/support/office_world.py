"""The desk's registry with a gate of its own world: real sessions, real lists, keys on disk, no process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection
from msgspec import convert

from office.hub.control import ControlSocket
from office.hub.control_client import HubControl
from office.hub.manager_post import ManagerPost
from office.hub.process import Hub, Outside
from office.lists.store import hub_store
from office.lists.wanted import publish_settings
from office.registry.models import Door, GateSite, Issue
from sync.records import Credential
from tests.support.estate import ESTATE_ID, NOW, card
from tests.support.hub import registered
from tests.support.office_estate import OfficeEstate
from tests.support.world import World
from tests.support.world_gate import DOOR

AT = datetime.fromtimestamp(NOW, UTC)
GATE = 1
RELATIONS = ("self", "spouse", "child", "child", "parent", "grandparent")


class WorldEstate(OfficeEstate):
    """Its one gate is the world's, and so are its cards."""

    def gates(self) -> None:
        hub_store().gates.add(registered(GATE))
        site = GateSite.objects.create(gate_id=GATE, name="north", place=self.estate)
        Door.objects.create(door_id=DOOR, gate=site, name="front", serves=self.estate)
        publish_settings(GateSite.objects.all(), AT)

    def next_chip(self) -> Credential:
        self._given += 1
        return card(self._given)


class ControlAtHand(HubControl):
    """The hub's control in this process: the same requests and answers, without the socket."""

    def __init__(self, world: World) -> None:
        super().__init__(world.office.directory / "no.sock")
        side = world.office
        outside = Outside(lambda: side.utc_ms, lambda: 0.0, bytes, "hub under test")
        hub = Hub(side.store, side.publisher, side.online, outside, (), side.signers.look)
        post = ManagerPost(side.store, side.publisher, side.keys, lambda: side.now_s, side.look)
        self._socket = ControlSocket(hub, world.office.directory / "no.sock", post)

    def ask(self, asked: Mapping[str, Any], *, within_s: float = 0.0) -> dict[str, Any]:
        # Without a loop, which Django's connection does not allow beside it; none of these waits.
        answering = self._socket._answer(json.dumps(asked).encode())
        try:
            answering.send(None)
        except StopIteration as done:
            return convert(json.loads(json.dumps(done.value)), dict[str, Any])
        raise AssertionError("the hub waits for something")


class OfficeWorld:
    """A household with six cards at one gate, whose session is open."""

    def __init__(self, directory: Path) -> None:
        with connection.cursor() as cursor:  # the world's keys are of its own estate
            cursor.execute("UPDATE hub SET estate_id = %s", [ESTATE_ID])
        self.world = World(directory, 1)
        self._own = self.world.office.store
        self.estate = WorldEstate()
        self.world.office._begin(hub_store())
        self.world.connect(GATE)
        self.hub = ControlAtHand(self.world)

    def issue_cards(self, clerk: Any) -> list[Issue]:
        """Six active cards, numbers 1 to 6, which the gate accepts."""
        made = self.estate.apply(clerk, *RELATIONS)
        for one in made:
            self.estate.pay(clerk, one)
            self.estate.sign(clerk, one)
        self.world.settle()
        assert self.opening() == [1, 2, 3, 4, 5, 6]
        return made

    def opening(self) -> list[int]:
        """Cards for which the gate would open now."""
        return [one for one in range(1, 7) if self.world.gates[GATE].would_open(one)]

    def close(self) -> None:
        self.world.office.store = self._own
        self.world.close()


@contextmanager
def office_world(directory: Path) -> Iterator[OfficeWorld]:
    """In the test's own transaction."""
    world = OfficeWorld(directory)
    try:
        yield world
    finally:
        world.close()
