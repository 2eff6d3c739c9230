"""Lists and revocations at 9600 baud through the whole product, from the store to the gate's decision.

The line and the time are simulated (`bench.virtual_time`): the processor's own work, some
milliseconds an update, takes no time here. Everything else is what runs at an estate.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Coroutine, Iterable
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.figures import Figure, Spread
from bench.loads import stored_estate
from bench.rig import Workshop
from bench.serial_estate import BAUD, GATES, HUB_PORT, SerialEstate
from bench.simulated_bus import SimulatedBus
from bench.virtual_time import VirtualLoop, VirtualPort
from office.hub.clerk_steps import revoke
from sync.encoding import decode_record, stored
from sync.envelope import parse_envelope
from sync.line import Line
from sync.records import Access, Credential, Grant, GrantKind, RevocationReason, Technology, Tombstone
from sync.update import StoredRecord

LISTED: Final = 1
"""The gate that is sent the long list."""
OTHERS: Final = [one for one in GATES if one != LISTED]
CARDS: Final = 10_000
LONG_CARDS: Final = 20_000
"""Under way for all revocations of a story: 140 s."""
FIRST_CARDS: Final = 120
"""Of its own and of all gates on every gate's first list: many enough for the mass-removal brake."""
FIRST_ISSUE: Final = 1_000_000
REPEATS: Final = 25
LATENCY_S: Final = 0.005
"""From the wire into the program: a UART's FIFO or a USB adapter in low-latency mode, and a busy process."""
LOST_BOUND_PERCENT: Final = 15.0
ONE_BOUND_S: Final = 1.0
ALL_BOUND_S: Final = 4.0
RUNNING_S: Final = 3.0
"""By then the long list is announced and its first window is full."""
QUIET_AFTER_S: Final = 10.0
"""By then receipts and first words are over."""
WITHIN_S: Final = 600.0
EVERYWHERE: Final = 0
"""In place of a gate's number: a card of all gates."""

Story = Callable[[SerialEstate], Coroutine[Any, Any, list[float]]]


def measure(workshop: Workshop) -> list[Figure]:
    """Simulated seconds, and the share of the line."""
    cards, repeats = (1_500, 2) if workshop.quick else (CARDS, REPEATS)

    long = cards if workshop.quick else LONG_CARDS

    def revoked_at(*places: int) -> Story:
        return lambda estate: _revocations(estate, long, islice(cycle(places), repeats))

    (lost,) = _tell(workshop, "whole", lambda estate: _lost_percent(estate, cards))
    return [
        Figure("list_lost_percent", lost, "%", LOST_BOUND_PERCENT),
        _worst("revoked_at_another_gate_s", _tell(workshop, "another", revoked_at(*OTHERS)), ONE_BOUND_S),
        _worst("revoked_at_the_same_gate_s", _tell(workshop, "same", revoked_at(LISTED)), ONE_BOUND_S),
        _worst("revoked_at_all_gates_s", _tell(workshop, "all", revoked_at(EVERYWHERE)), ALL_BOUND_S),
    ]


def _tell(workshop: Workshop, name: str, story: Story) -> list[float]:
    """What ``story`` measured at an estate of its own, whose gates have their first lists."""
    directory = workshop.directory / f"serial-{name}"
    directory.mkdir()
    names = [HUB_PORT, *(f"gate{one}" for one in GATES)]
    ports = {one: VirtualPort() for one in names}
    bus = SimulatedBus(Line(BAUD), list(ports.values()), latency_s=LATENCY_S)

    async def run(sockets: str) -> list[float]:
        estate = SerialEstate(directory, Path(sockets), bus, ports)
        first = [estate.gate_processes[one].decides(_card(one, 0), Grant) for one in GATES]
        for gate in GATES:
            estate.want(gate, _first_list(gate), with_settings=True)
        running = asyncio.create_task(estate.run())
        try:
            async with asyncio.timeout(WITHIN_S):
                await asyncio.gather(*first)
                await asyncio.sleep(QUIET_AFTER_S)
                return await story(estate)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    with (
        tempfile.TemporaryDirectory(prefix="gatehouse-") as sockets,
        asyncio.Runner(loop_factory=lambda: VirtualLoop(bus, list(ports.values()))) as runner,
    ):
        return runner.run(run(sockets))


async def _lost_percent(estate: SerialEstate, cards: int) -> list[float]:
    """Share of the line that did not carry the list, from its entry until the gate decides by it."""
    began = _now()
    took_s = await _send_long_list(estate, cards) - began
    signed = estate.store.signed.kept(LISTED)[-1]
    envelope = estate.store.signed.envelope(signed) or b""
    size = len(parse_envelope(envelope).statement.content)
    return [100 * (1 - size / (took_s * Line(BAUD).bytes_per_s))]


async def _revocations(estate: SerialEstate, cards: int, places: Iterable[int]) -> list[float]:
    """Seconds from the office's entry until all gates concerned refuse, while the long list is under way."""
    draw = Random("gatehouse revocations")
    whole = _send_long_list(estate, cards)
    took = []
    for number, place in enumerate(places, 1):
        await asyncio.sleep(RUNNING_S + 3 * draw.random())
        card = _card(place, number)
        concerned = GATES if place == EVERYWHERE else (place,)
        refusing = [estate.gate_processes[one].decides(card, Tombstone) for one in concerned]
        began = _now()
        revoke(estate.store, estate.now_s, RevocationReason.LOST, credential=card)
        estate.hub.wake()
        took.append(max(await asyncio.gather(*refusing)) - began)
        if whole.done():
            raise RuntimeError("the long list was through before the revocation")
    return took


def _send_long_list(estate: SerialEstate, cards: int) -> asyncio.Future[float]:
    """Enter it; the moment from which its gate decides by it."""
    records = stored_estate(cards)
    example = next(one for one in map(decode_record, records) if isinstance(one, Grant))
    decided = estate.gate_processes[LISTED].decides(example.credential, Grant)
    estate.want(LISTED, records)
    return decided


def _first_list(gate: int) -> list[StoredRecord]:
    """Cards of this gate alone, and cards of all gates."""
    return [
        stored(_grant(gate, place, number)) for place in (gate, EVERYWHERE) for number in range(FIRST_CARDS)
    ]


def _grant(gate: int, place: int, number: int) -> Grant:
    issue = FIRST_ISSUE + FIRST_CARDS * place + number
    grant_id = FIRST_ISSUE + 2 * FIRST_CARDS * gate + FIRST_CARDS * (place == EVERYWHERE) + number
    return Grant(grant_id, issue, _card(place, number), GrantKind.RESIDENT, (Access(1),))


def _card(place: int, number: int) -> Credential:
    digest = sha256(b"card %d of gate %d" % (number, place)).digest()
    return Credential(Technology.ISO14443A, digest[:4])


def _worst(name: str, sample: list[float], bound: float) -> Figure:
    spread = Spread.of(sample)
    return Figure(name, spread.max, "s", bound, spread)


def _now() -> float:
    return asyncio.get_running_loop().time()
