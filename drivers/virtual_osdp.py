"""A bus with libosdp's own peripherals on it, in a process of its own, behind a pseudo-terminal.

For demonstrations, tests and benches: real readers without hardware. Secure channel, sequence
numbers and timing are libosdp's; what is played with is the wire, and what people do at the readers.
``python -m drivers.virtual_osdp`` is the bus itself; it obeys lines on stdin and ends with it.
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
from types import ModuleType
from typing import Any, Final, Self

from drivers.library import cure_of, load_library
from drivers.ports import DriverUnavailableError

WITHIN_S: Final = 8.0
"""Far above what anything here takes."""
_ROOT: Final = Path(__file__).resolve().parents[1]
_IDLE_S: Final = 0.02
_LONGEST_POLL_ANSWER_BYTES: Final = 20
"""A reader with nothing to tell answers shorter, with a card longer, Secure Channel included."""


class OsdpBus:
    """The bus as its user sees it. ``readers``: address to key in hex; an empty key is the factory's."""

    def __init__(self, readers: Mapping[int, str]) -> None:
        self._text = b""
        self._process = subprocess.Popen(  # noqa: S603 - fixed words
            [sys.executable, "-m", "drivers.virtual_osdp", json.dumps(list(readers.items()))],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.path = str(self.next("path")["path"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Take the whole bus away: the port hangs up."""
        self._process.kill()
        self._process.communicate()

    def tell(self, what: str, address: int, **more: Any) -> None:  # noqa: ANN401 - it becomes JSON
        """``card``, ``keys``, ``tamper`` at a reader; ``cut``, ``join`` its cable; ``refuse`` commands."""
        order = json.dumps({"what": what, "address": address, **more})
        if self._process.stdin is not None:
            self._process.stdin.write(order.encode() + b"\n")
            self._process.stdin.flush()

    def drop_reports(self) -> None:
        """Forget the reports that wait: once 64 KiB are waiting, the bus waits for somebody to take them."""
        self._text = b""
        output = self._process.stdout
        while output is not None and select.select([output], [], [], 0)[0]:
            if not os.read(output.fileno(), 65536):
                return

    def next(self, key: str) -> dict[str, Any]:
        """The next report that has ``key``: ``path``, ``command``, ``card_sent_at``; others are dropped.

        Raises:
            DriverUnavailableError: none came in time, or the process has ended.
        """
        while True:
            line, end, rest = self._text.partition(b"\n")
            if end:
                self._text = rest
                report: dict[str, Any] = json.loads(line)
                if key in report:
                    return report
                continue
            output = self._process.stdout
            if output is None or not select.select([output], [], [], WITHIN_S)[0]:
                raise DriverUnavailableError(f"virtual OSDP bus: no {key} within {WITHIN_S:.0f} s")
            data = os.read(output.fileno(), 65536)
            if not data:
                raise DriverUnavailableError(
                    f"virtual OSDP bus: its process has ended; if libosdp is missing, {cure_of('osdp')}"
                )
            self._text += data


class _Wire:
    """One reader's ear and mouth on the bus."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.id = 0
        self.heard = bytearray()
        self.is_cut = False
        self.refuses: list[int] = []
        """Commands answered with a NAK."""
        self.tells_card = False

    def read(self, most: int) -> bytes:
        taken = bytes(self.heard[:most])
        del self.heard[:most]
        return taken

    def write(self, data: bytes) -> int:
        if self.is_cut:
            return len(data)
        written = os.write(self._master, data)
        if self.tells_card and len(data) > _LONGEST_POLL_ANSWER_BYTES:
            self.tells_card = False
            _say(card_sent_at=time.monotonic())  # noqa: TID251 - the root of a process of its own
        return written

    def flush(self) -> None:
        self.heard.clear()


def _say(**report: Any) -> None:  # noqa: ANN401 - it becomes JSON
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


def _peripheral(library: ModuleType, address: int, key: str, wire: _Wire) -> Any:  # noqa: ANN401 - untyped
    capabilities = [
        {"function_code": code, "compliance_level": 1, "num_items": 1}
        for code in (
            library.CAP_READER_LED_CONTROL,
            library.CAP_READER_AUDIBLE_OUTPUT,
            library.CAP_CARD_DATA_FORMAT,
            library.CAP_COMMUNICATION_SECURITY,
        )
    ]
    info = {
        "name": f"reader {address}", "address": address, "channel": wire,
        "flags": library.FLAG_ENFORCE_SECURE if key else library.FLAG_INSTALL_MODE,
        "scbk": bytes.fromhex(key) if key else None,
        "version": 1, "model": 1, "vendor_code": 1, "serial_number": address, "firmware_version": 1,
    }  # fmt: skip
    made = library.PeripheralDevice(info, capabilities=capabilities)

    def take(command: dict[str, Any]) -> tuple[int, None]:
        if "data" in command:
            command["data"] = bytes(command["data"]).hex()
        _say(address=address, command=command)
        return -1 if command["command"] in wire.refuses else 0, None

    made.set_command_callback(take)
    return made


def _event(library: ModuleType, order: Mapping[str, Any]) -> dict[str, Any]:
    match order["what"]:
        case "card":
            data = bytes.fromhex(order["data"])
            return {
                "event": library.EVENT_CARDREAD, "reader_no": 0, "direction": 0, "data": data,
                "format": order.get("format", library.CARD_FMT_RAW_UNSPECIFIED),
                "length": order.get("bits", 8 * len(data)),
            }  # fmt: skip
        case "keys":
            return {"event": library.EVENT_KEYPRESS, "reader_no": 0, "data": order["data"].encode()}
        case _:
            report = bytes([order["active"], 0])
            return {"event": library.EVENT_STATUS, "type": library.STATUS_REPORT_LOCAL, "report": report}


def main() -> None:
    """Serve until the standard input ends."""
    library = load_library("osdp_sys", kind="osdp", package="libosdp", extra="osdp", system="libc6")
    library.set_loglevel(library.LOG_EMERG)
    master, slave = os.openpty()  # the slave stays open: the line is up before and after its user
    tty.setraw(slave)
    keys = dict(json.loads(sys.argv[1]))
    wires = {address: _Wire(master) for address in keys}
    readers = {address: _peripheral(library, address, keys[address], wires[address]) for address in keys}
    _say(path=os.ttyname(slave))
    orders = b""
    while True:
        ready, _, _ = select.select([master, 0], [], [], _IDLE_S)
        if master in ready:
            data = os.read(master, 4096)
            for wire in wires.values():
                wire.heard += b"" if wire.is_cut else data
        if 0 in ready:
            if not (data := os.read(0, 65536)):
                return
            *lines, orders = (orders + data).split(b"\n")
            for order in map(json.loads, lines):
                _obey(library, order, wires[order["address"]], readers[order["address"]])
        for reader in readers.values():
            reader.refresh()


def _obey(library: ModuleType, order: Mapping[str, Any], wire: _Wire, reader: Any) -> None:  # noqa: ANN401 - untyped
    match order["what"]:
        case "cut" | "join":
            wire.is_cut = order["what"] == "cut"
        case "refuse":
            wire.refuses = order["commands"]
        case what:
            wire.tells_card = what == "card"
            reader.submit_event(_event(library, order))


if __name__ == "__main__":
    main()
