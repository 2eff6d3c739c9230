"""Handshakes: time and bytes, whole and resumed, and what a register of a thousand gates costs."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from bench.figures import Figure, middle, p99
from bench.rig import Workshop
from sync.keys import SigningKey
from sync.network_link import Dialler, HubAddress
from sync.network_listener import NetworkListener
from sync.tls_context import admit, gate_context, hub_context
from sync.tls_stream import TlsStream

LOOPBACK: Final = "127.0.0.1"
REGISTERED: Final = 1000
HELLO: Final = b"hello"


def measure(workshop: Workshop) -> list[Figure]:
    """Times in ms; bytes of both directions together, without TCP's or the serial line's own."""
    share = 20 if workshop.quick else 1
    hub, gate = _key("hub"), _key("gate")
    others = [_key(f"gate {number}").public for number in range(REGISTERED // share)]
    client = gate_context(gate)
    network = hub_context(hub, [gate.public, *others], tickets=1)
    serial = hub_context(hub, [gate.public], tickets=0)
    full = [_Meeting(client, network) for _ in range(400 // share)]
    resumed = [_Meeting(client, network, full[0].session) for _ in range(400 // share)]
    return [
        Figure("network_handshake_size", full[0].bytes, "bytes"),
        Figure("network_resumed_size", resumed[0].bytes, "bytes"),
        Figure("serial_handshake_size", _Meeting(client, serial).bytes, "bytes"),
        middle("handshake_of_both_sides", [one.took_ms for one in full], "ms"),
        middle("resumed_of_both_sides", [one.took_ms for one in resumed], "ms"),
        *asyncio.run(_loopback(hub, gate, others, 200 // share)),
        middle("register_made_anew", [_register_ms(hub, others) for _ in range(max(1, 20 // share))], "ms"),
        middle("one_gate_registered", [_admit_ms(network, number) for number in range(20)], "ms"),
    ]


class _Meeting:
    """One handshake in memory, with the bytes that passed and the time both sides took together."""

    def __init__(
        self, client: ssl.SSLContext, server: ssl.SSLContext, session: ssl.SSLSession | None = None
    ) -> None:
        start = time.perf_counter()
        up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
        up_sent, down_sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        ours = client.wrap_bio(down, up_sent, session=session)
        theirs = server.wrap_bio(up, down_sent, server_side=True)
        self.bytes = 0
        # Hello, answer, Finished, ticket; and once more, to read the ticket.
        for _ in range(3):
            _shake(ours)
            self.bytes += up.write(up_sent.read())
            _shake(theirs)
            self.bytes += down.write(down_sent.read())
        with contextlib.suppress(ssl.SSLWantReadError):
            ours.read(1)
        self.took_ms = (time.perf_counter() - start) * 1000
        if ours.session_reused is not (session is not None):
            raise RuntimeError("the session was not resumed: what was measured is something else")
        self.session = ours.session


def _shake(side: ssl.SSLObject) -> None:
    with contextlib.suppress(ssl.SSLWantReadError):
        side.do_handshake()


async def _loopback(hub: SigningKey, gate: SigningKey, others: Sequence[bytes], count: int) -> list[Figure]:
    """Dial until the first answer, over real sockets, on a hub with a full register."""

    async def echo(stream: TlsStream) -> None:
        while data := await stream.read():
            await stream.write(data)

    listener = NetworkListener(hub, [gate.public, *others], echo, lambda _: None)
    address = HubAddress(LOOPBACK, await listener.open(LOOPBACK, 0))
    try:
        full = [await _dial_ms(Dialler(gate, [address]), resumed=False) for _ in range(count)]
        again = Dialler(gate, [address])
        await _dial_ms(again, resumed=False)
        resumed = [await _dial_ms(again, resumed=True) for _ in range(count)]
    finally:
        await listener.close()
    return [p99("dial_until_first_answer", full, "ms"), p99("resumed_until_first_answer", resumed, "ms")]


async def _dial_ms(dialler: Dialler, *, resumed: bool) -> float:
    start = time.perf_counter()
    stream = await dialler.dial()
    await stream.write(HELLO)
    await stream.read()
    took_ms = (time.perf_counter() - start) * 1000
    if stream.resumed is not resumed:
        raise RuntimeError("resumed or not, it was the other: what was measured is something else")
    await stream.finish()
    return took_ms


def _register_ms(hub: SigningKey, gates: Sequence[bytes]) -> float:
    start = time.perf_counter()
    hub_context(hub, gates, tickets=1)
    return (time.perf_counter() - start) * 1000


def _admit_ms(context: ssl.SSLContext, number: int) -> float:
    newcomer = [_key(f"newcomer {number}").public]
    start = time.perf_counter()
    admit(context, newcomer)
    return (time.perf_counter() - start) * 1000


def _key(name: str) -> SigningKey:
    return SigningKey(sha256(b"gatehouse bench key " + name.encode()).digest())
