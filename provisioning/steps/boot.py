"""The Pi's boot files: relays at rest before any program runs, and a serial port that is ours alone."""

from __future__ import annotations

import re
from typing import Final

from provisioning.errors import ProvisioningError
from provisioning.item_step import ItemStep
from provisioning.items import Edit, Item, Link, with_block
from provisioning.step import State, cannot, done
from provisioning.uarts import HEADER_PINS, used_uarts, wrong_uart
from provisioning.visit import Visit
from terminal.check import claims
from terminal.config import Config, OutputSettings, PowerSettings
from terminal.lines import output_lines

NAME: Final = "boot"
FOLDERS: Final = ("/boot/firmware", "/boot")
"""Raspberry Pi OS from bookworm on; images from before."""
PIN: Final = re.compile(r"(?:GPIO)?(\d{1,2})")
CLAIMED_PIN: Final = re.compile(rf"line '{PIN.pattern}'")
LAST_PIN: Final = 27
CONSOLE: Final = re.compile(r"(?:^|(?<=\s))console=(?:serial\d|ttyAMA\d+|ttyS\d+)(?:,\S*)?\s*")
"""With its speed; the console of a screen (tty1) stays."""
GETTYS: Final = (
    "serial-getty@serial0",
    "serial-getty@ttyAMA0",
    "serial-getty@ttyS0",
    "serial-getty@ttyAMA10",
)
BLUETOOTH_ON_IT: Final = frozenset({"pi-zero", "pi-3", "pi-4"})
"""Here Bluetooth has the good one, and the header one without parity and with a speed that wavers."""


def step() -> ItemStep:
    """The step."""
    return ItemStep(NAME, "boot files: relays at rest, serial console off", _items, proof=_proof)


def output_pins(config: Config) -> dict[int, OutputSettings | PowerSettings]:
    """Pin → settings of every output on the header."""
    return {
        int(match.group(1)): one
        for _, one in output_lines(config)
        if (match := PIN.fullmatch(one.line)) and int(match.group(1)) <= LAST_PIN
    }


def used_pins(config: Config) -> dict[int, str]:
    """Pin → section, of every line on the header: outputs, inputs and readers' data wires."""
    return {
        int(match.group(1)): f"[{where}]"
        for where, claim in claims(config)
        if (match := CLAIMED_PIN.fullmatch(claim.what))
    }


def config_lines(visit: Visit) -> list[str]:
    """Our lines of config.txt."""
    config = visit.needed_config()
    if config.gpio_kind == "sim":
        lines = []
    else:
        # Driven at its resting level by the firmware, and pulled there when nobody drives it any more.
        lines = [
            f"gpio={pin}=op,{'dh,pu' if one.active_low else 'dl,pd'}"
            for pin, one in sorted(output_pins(config).items())
        ]
        if config.gpio_kind == "gpiod":
            lines.append("dtparam=strict_gpiod")
    if used_uarts(config):
        lines.append("dtparam=uart0=on" if visit.board.name == "pi-5" else "enable_uart=1")
        if visit.board.name in BLUETOOTH_ON_IT:
            lines.append("dtoverlay=disable-bt")
    return ["[all]", *lines] if lines else []


def without_console(text: str) -> str:
    """The kernel's command line (one line) without serial consoles."""
    ends = text[len(text.rstrip("\n")) :]
    return CONSOLE.sub("", text.rstrip("\n")).rstrip(" ") + ends


def _items(visit: Visit) -> list[Item]:
    if not visit.board.is_pi or visit.config is None:
        return []
    uarts = used_uarts(visit.config)
    _refuse_conflicts(visit, uarts)
    lines = config_lines(visit)
    items: list[Item] = []
    if lines:
        items.append(Edit(_boot_file(visit, "config.txt"), with_block(lines), f"add {', '.join(lines[1:])}"))
    if uarts:
        items.append(
            Edit(_boot_file(visit, "cmdline.txt"), without_console, "take the console off the serial port")
        )
        items.extend(Link(f"/etc/systemd/system/{one}.service", "/dev/null") for one in GETTYS)
    return items


def _refuse_conflicts(visit: Visit, uarts: dict[str, str]) -> None:
    config = visit.needed_config()
    for port, where in uarts.items():
        if reason := wrong_uart(visit.board, port):
            raise ProvisioningError(f"{config.path}: {where} {reason}")
    pins = used_pins(config)
    both = HEADER_PINS & set(pins) if uarts and config.gpio_kind != "sim" else set()
    if both:
        raise ProvisioningError(
            f"{config.path}: {pins[min(both)]} uses GPIO {min(both)}, which is a wire of the serial port of"
            f" {next(iter(uarts.values()))}; use another pin"
        )


def _boot_file(visit: Visit, name: str) -> str:
    for folder in FOLDERS:
        if visit.host.exists(f"{folder}/{name}"):
            return f"{folder}/{name}"
    raise ProvisioningError(
        f"{visit.host.path(FOLDERS[0])}/{name} is not there: mount the boot partition (mount {FOLDERS[0]})"
    )


def _proof(visit: Visit) -> State:
    """Whether the machine has booted since with what the files say."""
    running = visit.host.text("/proc/cmdline")
    if used_uarts(visit.config) and CONSOLE.search(running):
        return cannot("the console is still on the serial port: reboot once")
    return done()
