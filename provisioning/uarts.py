"""Which of a Raspberry Pi's own serial ports a configuration uses: what hangs there must be alone on it."""

from __future__ import annotations

import re
from typing import Final

from provisioning.board import Board
from terminal.config import Config, LinkKind

OWN_UART: Final = re.compile(r"/dev/(serial[01]|ttyAMA(0|10)|ttyS0)")
"""Ports of the board on which a console or Bluetooth may be; adapters and further UARTs have other names."""
HEADER_PINS: Final = frozenset({14, 15})
"""Where the first of them comes out on the pin header."""


def header_uart(board: Board) -> str:
    """The port on the pin header of this board."""
    return "/dev/ttyAMA0" if board.name == "pi-5" else "/dev/serial0"


def used_uarts(config: Config | None) -> dict[str, str]:
    """Port → the section that uses it, of the board's own ports."""
    if config is None:
        return {}
    named = {f"[readers.{name}]": one.options.get("port") for name, one in config.readers.items()}
    if config.link.kind is LinkKind.SERIAL:
        named["[link]"] = config.link.port
    return {
        port: where for where, port in named.items() if isinstance(port, str) and OWN_UART.fullmatch(port)
    }


def wrong_uart(board: Board, port: str) -> str | None:
    """Why this port is not the one on the pin header of this board."""
    if board.name == "pi-5" and port in ("/dev/serial0", "/dev/ttyAMA10"):
        return f"{port} is the debug connector of a Pi 5; its pin header (GPIO 14, 15) is /dev/ttyAMA0"
    if board.name in ("pi-zero", "pi-3", "pi-4") and port in ("/dev/serial1", "/dev/ttyS0"):
        return f"{port} is not on the pin header once Bluetooth is off; name /dev/serial0"
    return None
