"""``python -m bench.many_gates``: gates by the thousand, as far as a hub can tell, in one process.

Each has its own key, link and session; it receipts every update at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from hashlib import sha256
from typing import Final

from bench.publisher import ESTATE_ID
from sync.envelope import FORMAT_VERSION, parse_envelope
from sync.keys import SigningKey
from sync.messages import NONCE_BYTES, PROTOCOL_VERSION, Hello, ReceiptSent, Role
from sync.network_link import Dialler, HubAddress
from sync.records import ClockState
from sync.session import Session
from sync.session_events import NETWORK_PACE, EnvelopeReceived, PulseDue, SessionEvent
from sync.session_pump import Pump
from sync.statements.receipt import Receipt, sign_receipt

DIALLING_AT_ONCE: Final = 50
BOOT: Final = bytes(16)


def gate_key(number: int) -> SigningKey:
    """The key of gate ``number``; the bench registers it."""
    return SigningKey(sha256(b"gatehouse bench gate %d" % number).digest())


class Gate:
    """One gate."""

    def __init__(self, number: int, hub: HubAddress) -> None:
        self._number = number
        self._key = gate_key(number)
        self._dialler = Dialler(self._key, [hub])
        self.arrivals: list[float] = []
        """Monotonic seconds at which updates arrived whole."""

    async def run(self, turnstile: asyncio.Semaphore) -> None:
        """Dial, and talk until cancelled."""
        async with turnstile:
            stream = await self._dialler.dial()
        hello = Hello(
            (PROTOCOL_VERSION,),
            Role.GATE,
            ESTATE_ID,
            self._number,
            os.urandom(NONCE_BYTES),
            "bench",
            (FORMAT_VERSION,),
            boot_id=BOOT,
        )
        self._session = Session(hello, pace=NETWORK_PACE, now=time.monotonic(), random_bytes=os.urandom)
        self._pump = Pump(
            self._session,
            stream,
            monotonic=time.monotonic,
            on_event=self._on_event,
            helping_bytes=32_768,
        )
        await self._pump.run()

    def _on_event(self, event: SessionEvent) -> None:
        match event:
            case EnvelopeReceived(envelope):
                self.arrivals.append(time.monotonic())
                self._receipt(envelope)
            case PulseDue():
                self._session.ask_time(BOOT, time.monotonic_ns() // 1_000_000, time.monotonic())
            case _:
                pass
        self._pump.kick()

    def _receipt(self, envelope: bytes) -> None:
        statement = parse_envelope(envelope).statement
        receipt = Receipt(
            ESTATE_ID,
            self._number,
            statement.version,
            statement.digest,
            int(time.time()),
            ClockState.TRUSTED,
        )
        self._session.send(ReceiptSent(sign_receipt(receipt, self._key)))


async def serve(count: int, hub: HubAddress) -> None:
    """Run the gates until standard input ends; each line there asks for the arrivals by gate, as JSON."""
    gates = [Gate(number, hub) for number in range(1, count + 1)]
    turnstile = asyncio.Semaphore(DIALLING_AT_ONCE)
    tasks = [asyncio.create_task(one.run(turnstile)) for one in gates]
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps([one.arrivals for one in gates]), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main() -> int:
    """Run the gates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("port", type=int)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve(options.count, HubAddress("127.0.0.1", options.port)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
