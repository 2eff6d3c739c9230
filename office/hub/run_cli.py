"""``python -m office hub run`` and the commands that speak to a running hub."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path
from typing import Final

from office.clock import monotonic, utc_now_ms
from office.errors import OfficeError
from office.hub.address import StoreAddress
from office.hub.control import ControlSocket
from office.hub.control_client import HubAwayError, HubControl, default_control
from office.hub.facts import LinkKind
from office.hub.manager_post import ManagerPost
from office.hub.network_entrance import NetworkEntrance
from office.hub.online import OnlineKey
from office.hub.process import Entrance, Hub, Outside
from office.hub.publisher import Publisher
from office.hub.serial_entrance import SerialEntrance
from office.hub.signers import DirectorySigners
from office.hub.store import HubStore
from office.options import HUB_LISTEN, add_keys, key_directory
from sync.keys import SigningKey
from sync.statements.order_kinds import OrderKind

SOFTWARE: Final = "gatehouse-office 0.1.0"

Report = dict[str, object]


def add_run(command: argparse.ArgumentParser) -> None:
    """Options of ``hub run``."""
    add_keys(command)
    command.add_argument("--listen", default=HUB_LISTEN, help=f"host:port (default: {HUB_LISTEN})")
    command.add_argument("--control", type=Path, help="socket for orders (default: STORE.sock)")
    command.add_argument(
        "--serial", action="append", default=[], metavar="DEVICE:BAUD", help="a serial pair; may be repeated"
    )
    command.add_argument("--rs485", action="store_true", help="the kernel switches the pairs' direction")


def run_hub(options: argparse.Namespace, _now: int) -> Report:
    """Serve gates until SIGTERM or SIGINT."""
    asyncio.run(_serve(options))
    return {"stopped": str(options.store)}


async def _serve(options: argparse.Namespace) -> None:
    keys = key_directory(options)
    store = HubStore(options.store)
    try:
        online = OnlineKey(keys, store, utc_now_ms)
        host, _, port = options.listen.rpartition(":")
        entrances: list[Entrance] = [NetworkEntrance(online.key, host.strip("[]"), int(port))]
        entrances += [_pair(online.key, one, kernel_rs485=options.rs485) for one in options.serial]
        signers = DirectorySigners(keys)
        outside = Outside(utc_now_ms, monotonic, os.urandom, SOFTWARE)
        publisher = Publisher(store, signers)
        hub = Hub(store, publisher, online, outside, entrances, signers.look)
        post = ManagerPost(store, publisher, keys, lambda: utc_now_ms() // 1000, hub.wake)
        control = ControlSocket(hub, _control(options), post)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, hub.stop)
        await control.open()
        try:
            await hub.run()
        finally:
            await control.close()
    except (OSError, ValueError) as error:
        raise OfficeError(f"--listen {options.listen}: {error}") from error
    finally:
        store.close()


def _pair(key: SigningKey, text: str, *, kernel_rs485: bool) -> SerialEntrance:
    path, _, baud = text.rpartition(":")
    return SerialEntrance(key, path, int(baud), kernel_rs485=kernel_rs485)


def add_order(command: argparse.ArgumentParser) -> None:
    """Options of ``hub order``."""
    command.add_argument("kind", choices=[one.name.lower() for one in OrderKind])
    command.add_argument("--gate", type=int, required=True, help="the gate's id")
    command.add_argument("--operator", required=True, help="who orders it: an id, never a name")
    command.add_argument("--reason")
    command.add_argument("--door", type=int)
    command.add_argument("--reader")
    command.add_argument("--mode", type=int, help="1 normal, 2 free access, 3 lockdown")
    command.add_argument("--seconds", type=int)
    command.add_argument("--control", type=Path, help="the hub's socket (default: STORE.sock)")


def order(options: argparse.Namespace, _now: int) -> Report:
    """Have a gate do something, now."""
    names = ("operator", "reason", "door", "reader", "mode", "seconds")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    HubControl(_control(options)).order(options.gate, options.kind, given)
    return {"gate": options.gate, "done": options.kind}


def add_wire(command: argparse.ArgumentParser) -> None:
    """Options of ``hub wire``."""
    command.add_argument("--gate", type=int, required=True, help="the gate's id")
    link = command.add_mutually_exclusive_group()
    link.add_argument("--serial", type=int, metavar="ADDRESS", help="on a serial pair, under this address")
    link.add_argument("--by-file", action="store_true", help="only files are carried to it")


def wire(options: argparse.Namespace, _now: int) -> Report:
    """A gate that came with an import, or whose line was changed, is reached this way from now on."""
    link = LinkKind.FILE if options.by_file else LinkKind.NETWORK
    if options.serial is not None:
        link = LinkKind.SERIAL
    store = HubStore(options.store)
    try:
        store.gates.wire(options.gate, link, options.serial)
    finally:
        store.close()
    nudge(options.store)
    return {"gate": options.gate, "link": link.value, "address": options.serial}


def nudge(store: StoreAddress, control: Path | None = None) -> None:
    """Tell a running hub that its store has changed; without one, it finds out when it starts."""
    try:
        HubControl(control or default_control(store)).wake()
    except HubAwayError:
        return


def visits(store: StoreAddress) -> Report:
    """Gates whose maintenance mode is open, as they told the running hub; without one, nobody knows."""
    try:
        gates = HubControl(default_control(store)).status()
    except OfficeError:
        return {}
    return {
        f"visit at gate {one}": "maintenance mode" for one, told in gates.items() if "maintenance" in told
    }


def _control(options: argparse.Namespace) -> Path:
    given: Path | None = options.control
    return given or default_control(options.store)
