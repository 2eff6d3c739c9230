"""What the gate process takes of the processor while nobody comes, with a reader of each kind attached."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from bench.figures import Figure
from bench.processes import connect, gate
from bench.reader_devices import OSDP_KEY, PCSC_READER
from bench.rig import GateRig, Workshop
from drivers.readers.pcsc import SOCKET_VARIABLE
from drivers.virtual_keyboard import VirtualKeyboard
from drivers.virtual_keyboard import why_unavailable as keyboard_missing
from drivers.virtual_osdp import OsdpBus
from drivers.virtual_pcsc import READER_NAME, VirtualPcsc
from drivers.virtual_pcsc import why_unavailable as pcscd_missing
from tests.support.fake_pcscd import FakePcscd
from tests.support.paced_line import PacedLine

GRANTS: Final = 1_000
SETTLE_S: Final = 5.0
"""What is loaded and checked after READY is over."""
WATCHED_S: Final = 20.0
MOST_PERCENT: Final = 2.0
WITHIN_S: Final = 10.0
FIRST_ID: Final = 100


def idle(workshop: Workshop) -> list[Figure]:
    """Percent of one core, and how many readers were attached and well all the time."""
    rig = workshop.gate(GRANTS)
    with _devices(rig.directory) as (readers, environment):
        with rig.config.open("a", encoding="utf-8") as config:
            config.writelines(
                f'[readers.{kind}]\nid = {FIRST_ID + place}\nkind = "{kind}"\ndoor = "door1"\n{settings}\n'
                for place, (kind, settings) in enumerate(readers.items())
            )
        with gate(workshop, rig, **environment) as process:
            _wait_well(rig, set(readers))
            time.sleep(0.1 if workshop.quick else SETTLE_S)
            before, began = _cpu_s(process.pid), time.monotonic()
            time.sleep(0.2 if workshop.quick else WATCHED_S)
            used, passed = _cpu_s(process.pid) - before, time.monotonic() - began
            _wait_well(rig, set(readers))
    return [
        Figure("idle_cpu", 100 * used / passed, "% of a core", MOST_PERCENT),
        Figure("idle_readers", len(readers), "kinds attached"),
    ]


@contextmanager
def _devices(directory: Path) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """The readers' settings by kind, and the environment that leads to pcscd."""
    key = directory / "osdp.key"
    key.write_text(OSDP_KEY, encoding="ascii")
    key.chmod(0o600)
    with ExitStack() as attached:
        lines = [attached.enter_context(PacedLine()) for _ in range(2)]
        bus = attached.enter_context(OsdpBus({1: OSDP_KEY}))
        if pcscd_missing():
            daemon = attached.enter_context(FakePcscd(directory / "pcscd"))
            daemon.plug(f"{PCSC_READER} 00 00")
            service, name = directory / "pcscd", PCSC_READER
        else:
            virtual = attached.enter_context(closing(VirtualPcsc()))
            service, name = virtual.socket_path, READER_NAME
        readers = {
            "pcsc": f'reader = "{name}"',
            "em4100_serial": f'port = "{lines[0].port}"',
            "serial_text": f'port = "{lines[1].port}"\nnumber = {{ technology = "iso14443a", base = "hex" }}',
            "wiegand": 'chip = "sim"\ndata0 = "GPIO5"\ndata1 = "GPIO6"',
            "osdp": f'port = "{bus.path}"\nkey = "{key}"\naddress = 1',
        }
        if not keyboard_missing():
            name = f"gatehouse bench {os.getpid()}"
            attached.enter_context(closing(VirtualKeyboard(name)))
            readers["hid_keyboard"] = (
                f'name = "{name}"\nnumber = {{ technology = "iso14443a", base = "hex" }}'
            )
        yield readers, {SOCKET_VARIABLE: str(service)}


def _cpu_s(pid: int) -> float:
    """User and system time of a process (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait_well(rig: GateRig, readers: set[str]) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as client:
        connect(client, str(rig.control_socket))
        answers = client.makefile("rb")
        deadline = time.monotonic() + WITHIN_S
        while True:
            client.sendall(b'{"command": "status"}\n')
            status: dict[str, Any] = json.loads(answers.readline())
            away = {name: one["cause"] for name, one in status["readers"].items() if not one["ok"]}
            if not away and readers <= status["readers"].keys():
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"readers are away: {away}")
            time.sleep(0.05)
