"""The hub's socket as the desk uses it: a whole list from the manager passes, what is wrong is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.hub.control import ControlSocket
from office.hub.control_client import HubControl
from office.hub.manager_post import ManagerPost
from office.hub.process import Hub
from sync.envelope import MAX_ENVELOPE_BYTES
from tests.support.living_hub import live
from tests.support.waiting import WITHIN_S
from tests.support.world_office import OfficeSide

LARGEST = bytes(MAX_ENVELOPE_BYTES)


def refusal(ask: Callable[[], object]) -> str:
    """What the hub says no with."""
    try:
        ask()
    except OfficeError as error:
        return str(error)
    return ""


def test_the_largest_list_passes_and_refusals_are_told(tmp_path: Path) -> None:
    path = tmp_path / "hub.sock"

    async def story(hub: Hub, office: OfficeSide) -> None:
        post = ManagerPost(
            office.store, office.publisher, office.keys, lambda: office.now_s, lambda: woken.append(1)
        )
        socket, control = ControlSocket(hub, path, post), HubControl(path)
        await socket.open()
        try:

            async def told(ask: Callable[[], object]) -> str:
                return await asyncio.wait_for(asyncio.to_thread(refusal, ask), WITHIN_S)

            assert "malformed" in await told(lambda: control.take(LARGEST))
            assert "oversize" in await told(lambda: control.take(LARGEST + b"\0"))
            assert "nothing waits for the manager any more" in await told(
                lambda: control.propose(1, "0" * 32)
            )
            assert "99" in await told(lambda: control.propose(99, ""))
            for wrong in ({"command": "propose", "gate": "1", "mark": ""}, {"command": "propose", "gate": 1}):
                answer = await asyncio.to_thread(control.ask, wrong)
                assert "needs 'gate'" in answer["error"]
            answer = await asyncio.to_thread(control.ask, {"command": "take", "file": "no base64"})
            assert "in base64" in answer["error"]
        finally:
            await socket.close()

    woken: list[int] = []
    live(tmp_path, story)
    assert woken == []  # nothing was taken in


def control_socket(hub: Hub, office: OfficeSide, path: Path) -> ControlSocket:
    """The hub's socket; what is taken in wakes nobody."""
    post = ManagerPost(office.store, office.publisher, office.keys, lambda: office.now_s, lambda: None)
    return ControlSocket(hub, path, post)


def test_who_holds_the_socket_keeps_no_hub_from_ending(tmp_path: Path) -> None:
    path = tmp_path / "hub.sock"
    complaints: list[object] = []

    async def story(hub: Hub, office: OfficeSide) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        socket = control_socket(hub, office, path)
        await socket.open()
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b'{"command": "status"}\n')
        await asyncio.wait_for(reader.readline(), WITHIN_S)
        await asyncio.wait_for(socket.close(), WITHIN_S)
        assert await asyncio.wait_for(reader.read(), WITHIN_S) == b""
        writer.close()

    live(tmp_path, story)
    assert complaints == []


def test_a_second_hub_of_a_store_is_refused_and_the_first_keeps_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "hub.db.sock"

    async def story(hub: Hub, office: OfficeSide) -> None:
        first, second = control_socket(hub, office, path), control_socket(hub, office, path)
        await first.open()
        with pytest.raises(OfficeError, match=r"hub\.db\.sock: a hub of this store runs already"):
            await second.open()
        await second.close()
        assert await asyncio.to_thread(HubControl(path).status) == {}
        await first.close()
        assert not path.exists()
        await second.open()  # the first has gone
        await second.close()

    live(tmp_path, story)
