"""The whole demonstration for a person: everything is started, its addresses are told, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from drivers.virtual_pair import PtyBus
from office.site.ending import Ending
from scripts.demonstration.estate import FOR_A_PERSON
from scripts.demonstration.whole.cable import Cable
from scripts.demonstration.whole.gate_page import GatePage, Plug, cards_of
from scripts.demonstration.whole.gates import NORTH, SOUTH, WholeGate, open_gates
from scripts.demonstration.whole.http_server import HttpServer
from scripts.demonstration.whole.office_process import Office, free_port
from scripts.demonstration.whole.opening import Plan, WholeStage, open_whole
from terminal import clock

HOUSEHOLDS: Final = 300
BAUD: Final = 57_600
"""A thousand cards take nine seconds so; at 9600 baud, nearly a minute."""
LISTS_WITHIN_S: Final = 180.0
LOOK_S: Final = 0.1
DESK_PORTS: Final = (8080,)
PAGE_PORTS: Final = (8081,)
"""Preferred, so that an address can be kept in mind; any other if they are taken."""

ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Say = Callable[[str], None]


class ListsLateError(Exception):
    """A gate did not get its list in time."""


def show(directory: Path, households: int, say: Say) -> int:
    """Run it until somebody ends it: 0 after Ctrl-C, otherwise the signal's number.

    Raises:
        ConfigError, OfficeRefusedError, GateStartError, GateGoneError, ListsLateError: it did not come up.
    """
    say(f"An estate of {households} households is made: half a minute.")
    plan = Plan(households, BAUD, FOR_A_PERSON, DESK_PORTS, free_port())
    with open_whole(directory, plan) as stage:
        ended_by = asyncio.run(_run(stage, plan, say))
        say("Everything is being stopped.")
    return 0 if ended_by == signal.SIGINT else ended_by


async def _run(stage: WholeStage, plan: Plan, say: Say) -> int:
    ended = _ends()
    cable = Cable(plan.network_port, stage.wiring.hub_port)
    async with cable:
        with open_gates(stage.estates, stage.links) as gates:
            plugs = {NORTH: Plug(lambda: cable.is_in, partial(_turn, cable)), SOUTH: _wires(stage.pair)}
            if not await _lists_are_there(stage.office, gates, ended, say):
                return ended.result()
            port = free_port(PAGE_PORTS)
            page = GatePage(gates, plugs, partial(cards_of, stage.office.store), stage.desk)
            async with HttpServer(port, page.answer):
                say(_told(stage, f"http://127.0.0.1:{port}/"))
                while not ended.done():
                    _on_time(gates)
                    await asyncio.wait([ended], timeout=LOOK_S)
    return ended.result()


def _ends() -> asyncio.Future[int]:
    """Done with the signal's number when somebody ends it; from now on a signal interrupts nothing."""
    # Not the loop's handlers, which go with it: a second Ctrl-C found keys that nobody removed any more.
    loop, ending = asyncio.get_running_loop(), Ending(*ENDS)
    ended: asyncio.Future[int] = loop.create_future()

    def end() -> None:
        loop.remove_reader(ending.fileno())
        ended.set_result(ending.by or signal.SIGTERM)

    loop.add_reader(ending.fileno(), end)
    return ended


async def _lists_are_there(
    office: Office, gates: Mapping[int, WholeGate], ended: asyncio.Future[int], say: Say
) -> bool:
    """Wait for both receipts; false if somebody ended it meanwhile. Raises ``ListsLateError``."""
    began = clock.monotonic()
    waiting = dict(gates)
    while waiting and not ended.done():
        _on_time(gates)
        for number, gate in list(waiting.items()):
            if office.in_sync(number, clock.read().system_ms // 1000):
                say(f"{gate.name}, {gate.link}: has its list after {clock.monotonic() - began:.1f} s.")
                del waiting[number]
        if clock.monotonic() - began > LISTS_WITHIN_S:
            raise ListsLateError(f"{', '.join(one.name for one in waiting.values())}: no receipt of its list")
        await asyncio.wait([ended], timeout=LOOK_S)
    return not ended.done()


def _on_time(gates: Mapping[int, WholeGate]) -> None:
    for gate in gates.values():
        gate.on_time()


async def _turn(cable: Cable) -> None:
    await (cable.pull_out() if cable.is_in else cable.plug_in())


def _wires(pair: PtyBus) -> Plug:
    async def turn() -> None:
        pair.is_cut = not pair.is_cut

    return Plug(lambda: not pair.is_cut, turn)


def _told(stage: WholeStage, page: str) -> str:
    lines = [
        "",
        f"  The desk:       {stage.desk}/",
        f"  The gate page:  {page}",
        "",
        "  Name            Password",
        *(f"  {name:<15} {password}" for name, password in stage.office.accounts.items()),
        "",
        "  Try: find 1栋 1单元 101 at the desk, report one of its cards lost, tap it at the gate page.",
        "  Ctrl-C ends everything. One gate in the terminal, without an office: scripts/run --console",
    ]
    return "\n".join(lines)
