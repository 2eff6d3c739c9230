"""A bus with libosdp's own peripherals on it, in a process of its own, behind a pseudo-terminal.

Real readers to test against: secure channel, sequence numbers and timing are libosdp's. What is
played with is the wire and what people do at the readers.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
import tty
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import osdp_sys

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 8.0
CAPABILITIES = [
    {"function_code": code, "compliance_level": 1, "num_items": 1}
    for code in (
        osdp_sys.CAP_READER_LED_CONTROL,
        osdp_sys.CAP_READER_AUDIBLE_OUTPUT,
        osdp_sys.CAP_CARD_DATA_FORMAT,
        osdp_sys.CAP_COMMUNICATION_SECURITY,
    )
]


class OsdpBus:
    """The bus as a test sees it. ``readers``: address to key in hex; an empty key is the factory's."""

    def __init__(self, readers: Mapping[int, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.osdp_bus", json.dumps(list(readers.items()))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._text = b""
        self.path = str(self.next("path")["path"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Take the whole bus away: the port hangs up."""
        self._process.kill()
        self._process.communicate()

    def tell(self, what: str, address: int = 0, **more: Any) -> None:
        """``card``, ``keys``, ``tamper`` at a reader; ``cut`` and ``join`` of a reader's cable;
        ``refuse`` commands."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"what": what, "address": address, **more}).encode() + b"\n")
        self._process.stdin.flush()

    def next(self, key: str) -> dict[str, Any]:
        """The next report with this key: ``path``, ``command``; others before it are dropped."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + WITHIN_S
        while True:
            while b"\n" not in self._text:
                left_s = deadline - time.monotonic()
                assert select.select([self._process.stdout], [], [], max(0.0, left_s))[0], f"no {key} came"
                data = os.read(self._process.stdout.fileno(), 65536)
                assert data, "the bus process ended"
                self._text += data
            line, _, self._text = self._text.partition(b"\n")
            report: dict[str, Any] = json.loads(line)
            if key in report:
                return report


class Wire:
    """One reader's ear and mouth on the bus."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.heard = bytearray()
        self.is_cut = False
        self.refuses: list[int] = []
        """Commands answered with a NAK."""
        self.id = 0

    def read(self, most: int) -> bytes:
        taken = bytes(self.heard[:most])
        del self.heard[:most]
        return taken

    def write(self, data: bytes) -> int:
        return len(data) if self.is_cut else os.write(self._master, data)

    def flush(self) -> None:
        self.heard.clear()


def peripheral(address: int, key: str, wire: Wire) -> Any:
    flags = osdp_sys.FLAG_ENFORCE_SECURE if key else osdp_sys.FLAG_INSTALL_MODE
    info: dict[str, Any] = {
        "name": f"reader {address}", "address": address, "flags": flags, "channel": wire,
        "scbk": bytes.fromhex(key) if key else None,
        "version": 1, "model": 1, "vendor_code": 1, "serial_number": address, "firmware_version": 1,
    }  # fmt: skip
    made = osdp_sys.PeripheralDevice(info, capabilities=CAPABILITIES)

    def take(command: dict[str, Any]) -> tuple[int, None]:
        if "data" in command:
            command["data"] = bytes(command["data"]).hex()
        print(json.dumps({"address": address, "command": command}), flush=True)
        return -1 if command["command"] in wire.refuses else 0, None

    made.set_command_callback(take)
    return made


def event_of(order: Mapping[str, Any]) -> dict[str, Any]:
    match order["what"]:
        case "card":
            data = bytes.fromhex(order["data"])
            return {
                "event": osdp_sys.EVENT_CARDREAD, "reader_no": 0, "direction": 0, "data": data,
                "format": order.get("format", osdp_sys.CARD_FMT_RAW_UNSPECIFIED),
                "length": order.get("bits", 8 * len(data)),
            }  # fmt: skip
        case "keys":
            return {"event": osdp_sys.EVENT_KEYPRESS, "reader_no": 0, "data": order["data"].encode()}
        case _:
            report = bytes([order["active"], 0])
            return {"event": osdp_sys.EVENT_STATUS, "type": osdp_sys.STATUS_REPORT_LOCAL, "report": report}


def main() -> None:
    """Serve until the standard input ends."""
    osdp_sys.set_loglevel(osdp_sys.LOG_EMERG)
    master, slave = os.openpty()  # the slave stays open: the line is up before and after the gate
    tty.setraw(slave)
    wires = {address: Wire(master) for address, _ in json.loads(sys.argv[1])}
    readers = {address: peripheral(address, key, wires[address]) for address, key in json.loads(sys.argv[1])}
    print(json.dumps({"path": os.ttyname(slave)}), flush=True)
    orders = b""
    while True:
        ready, _, _ = select.select([master, 0], [], [], 0.02)
        if master in ready:
            data = os.read(master, 4096)
            for wire in wires.values():
                wire.heard += b"" if wire.is_cut else data
        if 0 in ready:
            if not (data := os.read(0, 65536)):
                return
            orders += data
            while b"\n" in orders:
                line, _, orders = orders.partition(b"\n")
                obey(json.loads(line), wires, readers)
        for reader in readers.values():
            reader.refresh()


def obey(order: Mapping[str, Any], wires: Mapping[int, Wire], readers: Mapping[int, Any]) -> None:
    match order["what"]:
        case "cut" | "join":
            wires[order["address"]].is_cut = order["what"] == "cut"
        case "refuse":
            wires[order["address"]].refuses = order["commands"]
        case _:
            readers[order["address"]].submit_event(event_of(order))


if __name__ == "__main__":
    main()
